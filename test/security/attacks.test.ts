/**
 * The whole table of attacks through every door that exists: what each tries, and that it is refused or has no effect.
 */
import { makeDirect } from '../../server/auth/direct.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { workspaceName } from '../support/database.ts'
import { startWorld, type World } from '../support/world.ts'
import { ATTACKS, type Attack, DEFINITIONS, NEIGHBOUR, WELCOME } from './attacks.ts'
import { type Door, directDoor, makeDoors, type Outcome } from './doors.ts'

/** A row of the neighbour's. It must never be in any answer. */
const SECRET = 'sell-the-lighthouse'
const mine = workspaceName('mine')
const theirs = workspaceName('theirs')
const hidden = workspaceName('unseen')
const nobodys = workspaceName('unseen')
/** In this order: what makes tables comes last, since each new table is a new GraphQL schema. */
const TEXT_DOORS = [
  'REST: relation',
  'REST: select, order, filter',
  'REST: profile',
  'GraphQL: a filter’s value',
  'GraphQL: name, key and schedule of a view',
  'upload: header, key, types and cells of the file',
  'upload: the table’s name',
]
let world: World
let doors: Door[]
const closers: (() => Promise<void>)[] = []
const tried = { attacks: 0, refused: 0 }

beforeAll(async () => {
  world = await startWorld()
  const { owner } = world.server.db
  const workspaces = makeWorkspaces({ owner, secret: world.db.secret, overTcp: false })
  const { rows } = await owner.query(`insert into app_public.accounts (email, name) values ('o@example.org', 'O') returning id`)
  for (const id of [mine, theirs, hidden]) await workspaces.create(rows[0].id, id, id)
  await world.server.db.asWorkspace(mine, async (client) => {
    await client.query('create table base (a serial primary key, b numeric, t text, at timestamptz default now())')
    await client.query(`insert into base (b, t) values (1, 'x'), (2, 'y')`)
    await client.query('create view plain as select a, t from base where b > 0')
    await client.query('create view peeks as select pg_backend_pid() as p')
    await client.query('create materialized view stored as select a from base')
  })
  for (const id of [theirs, hidden])
    await world.server.db.asWorkspace(id, (client) => client.query(`create table plans as select '${SECRET}'::text as plan`))
  const login = await makeDirect({ db: world.server.db, workspaces }).on(rows[0].id, mine, false)
  const made = await makeDoors(world, mine)
  const direct = await directDoor(world, mine, login.password)
  doors = [...made.doors, direct]
  closers.push(direct.close, made.close)
}, 60_000)

afterAll(async () => {
  for (const close of closers) await close()
  await world.close()
  process.stdout.write(`attacks tried: ${tried.attacks}, refused or without effect: ${tried.refused}\n`)
})

async function attack(door: Door, text: string): Promise<Outcome> {
  const result = await door.send(text.replaceAll(NEIGHBOUR, theirs))
  tried.attacks++
  expect({ door: door.name, text, leaks: result.answer.includes(SECRET) }).toMatchObject({ leaks: false })
  return result
}

/** What every attack wanted to change, as it was. */
const state = async () =>
  (
    await world.db.sql(
      `select (select count(*)::int from pg_namespace where nspname !~ '^pg_(toast_)?temp') as schemas, (select count(*)::int from pg_extension) as extensions,
              (select string_agg(plan, '') from ws_${theirs}.plans) as plans, (select count(*)::int from ws_${mine}.base) as base,
              (select count(*)::int from pg_proc where pronamespace = 'ws_${mine}'::regnamespace) as functions,
              (select count(*)::int from pg_largeobject_metadata) as objects, (select count(*)::int from app_public.workspaces) as workspaces`,
    )
  )[0]

describe('every attack of the table, through every door', () => {
  const byDoor = (takes: Door['takes']) => doors.filter((door) => door.takes === takes)

  it.each(ATTACKS.map((one): [string, Attack] => [one.what, one]))(
    '%s (TMDEF)',
    async (_what, { sql, alone }) => {
      const before = await state()

      for (const door of byDoor('sql')) {
        const { refused, code } = await attack(door, sql)
        if (alone === 'refused')
          expect({ door: door.name, sql, code }).toMatchObject({
            code: expect.stringMatching(/^(42501|3F000|42P01|42883|0A000|42704|55000|2BP01|42710)$/),
          })
        if (alone === 'slow')
          expect({ door: door.name, sql, code }).toMatchObject({ code: expect.stringMatching(/^(57014|53400|53200|2201B)$/) })
        if (refused || alone === 'harmless') tried.refused++
      }
      // Slow ones are cut off after 5 s in a preview; the check alone says that they may be tried, and one is enough.
      for (const door of alone === 'slow' ? [] : byDoor('definition')) {
        const { refused, code, answer } = await attack(door, sql)
        expect({ door: door.name, sql, refused, code, answer: refused && code ? '' : answer }).toMatchObject({
          refused: true,
          code: expect.stringMatching(/^TM(DEF|SQL)$/),
        })
        tried.refused++
      }
      expect(await state()).toEqual(before)
    },
    60_000,
  )

  it.each(TEXT_DOORS)('%s takes all of them for a name or a value, and nothing more', async (name) => {
    const door = doors.find((one) => one.name === name)!
    const before = await state()

    // Every third one: they differ in what they would do as SQL, and here all must stay text.
    for (const { sql } of ATTACKS.filter((_, i) => i % 3 === 0)) {
      await attack(door, sql)
      tried.refused++
    }
    expect(await state()).toEqual(before)
  })

  it('no door is left out', () => {
    expect(
      byDoor('text')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...TEXT_DOORS].sort())
  })

  it('a definition that runs for ever is cut off in its preview (TMTIM)', async () => {
    const door = doors.find(({ name }) => name === 'GraphQL previewMatview')!

    expect((await attack(door, 'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b')).code).toBe('TMTIM')
  })
})

describe('what only a definition can try', () => {
  it.each(DEFINITIONS.map((text): [string, string] => [JSON.stringify(text.slice(0, 90)), text]))(
    '%s is refused (TMDEF)',
    async (_title, text) => {
      const before = await state()

      for (const door of doors.filter(({ takes }) => takes === 'definition')) {
        const { refused, code } = await attack(door, text)
        expect({ door: door.name, refused, code }).toMatchObject({
          refused: true,
          code: expect.stringMatching(/^TM(DEF|SQL|TIM|ARG|NAM)$/),
        })
        tried.refused++
      }
      expect(await state()).toEqual(before)
    },
  )

  it.each(WELCOME.map((text): [string, string] => [JSON.stringify(text.slice(0, 110)), text]))('%s is welcome', async (_title, text) => {
    const door = doors.find(({ name }) => name === 'GraphQL previewMatview')!

    expect(await door.send(text)).toMatchObject({ refused: false })
  })
})

describe('a second workspace', () => {
  it('is invisible in every error: what is there and what is not answer alike', async () => {
    for (const door of doors.filter(({ takes, name }) => takes !== 'sql' && !name.startsWith('upload'))) {
      for (const { sql } of ATTACKS.filter(({ sql }) => sql.includes(NEIGHBOUR))) {
        const there = await door.send(sql.replaceAll(NEIGHBOUR, hidden))
        const not = await door.send(sql.replaceAll(NEIGHBOUR, nobodys))
        const plain = ({ answer, ...rest }: Outcome) => ({
          ...rest,
          answer: answer
            .replaceAll(hidden, '…')
            .replaceAll(nobodys, '…')
            .replace(/"(id|duration_ms|line|column|position|request_id|stack|originalError)":("[^"]*"|[\d.]+)/g, '')
            .replace(/file \d+|attack \d+/g, ''),
        })

        expect({ door: door.name, sql, ...plain(there) }).toEqual({ door: door.name, sql, ...plain(not) })
      }
    }
  })

  it('and its tables are named in no answer that did not name them itself', async () => {
    for (const door of doors.filter(({ takes }) => takes !== 'text'))
      for (const { sql } of ATTACKS.filter((one) => !one.sql.includes(NEIGHBOUR) && one.alone !== 'slow')) {
        const { answer } = await door.send(sql)
        expect({ door: door.name, sql, named: answer.includes(theirs) || answer.includes(hidden) }).toMatchObject({ named: false })
      }
  })
})
