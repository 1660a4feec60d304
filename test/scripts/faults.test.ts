/**
 * `npm run faults`, short: real kills of a real cluster and server; and that each truth notices when it is broken.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import type { Book } from '../../scripts/faults/load.ts'
import { makeChance } from '../../scripts/faults/random.ts'
import { judge, type Sample } from '../../scripts/faults/soak.ts'
import { diffsReplay, eventsHold, uploadsHold } from '../../scripts/faults/truths.ts'
import type { World } from '../../scripts/faults/world.ts'
import { mark } from '../server/events/support.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { asMain } from '../support/workspace-sql.ts'

const ROOT = path.join(import.meta.dirname, '../..')

function faults(...options: string[]): Promise<{ code: number | null; out: string; said: string }> {
  const child = spawn(process.execPath, ['scripts/faults.ts', ...options], { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, said })))
}

describe('npm run faults', () => {
  it('kills the server, PostgreSQL and one backend, and every promise holds', async () => {
    const { code, out, said } = await faults(
      '--quick',
      '--only',
      'kills,dropped,mutations',
      '--kills',
      '3',
      '--mutations',
      '40',
      '--seed',
      '7',
    )

    expect([code, code === 0 ? '' : `${out}\n${said}`]).toEqual([0, ''])
    expect(out).toMatch(/kill -9 +held .*3 kills .*seed 7/)
    expect(out).toMatch(/3 faults, every promise held/)
  }, 240_000)

  it('refuses a fault that it does not know, with another exit code', async () => {
    const { code, said } = await faults('--only', 'earthquake')

    expect(code).toBe(1)
    expect(said).toContain('there is no fault "earthquake"')
  })

  it('throws the same dice for the same seed', () => {
    const throws = (seed: number) => Array.from({ length: 5 }, makeChance(seed).next)

    expect(throws(7)).toEqual(throws(7))
    expect(throws(7)).not.toEqual(throws(8))
  })
})

describe('the soak', () => {
  const sample = (minute: number, more: Partial<Sample> = {}): Sample => ({
    minute,
    serverMb: 200,
    postgresMb: 200,
    connections: 30,
    tablesMb: 4,
    bookMb: 1,
    liveP50: 100,
    liveP95: 300,
    uploadMs: 400,
    events: minute,
    load: 4,
    ...more,
  })
  const minutes = (of: (minute: number) => Partial<Sample>) =>
    judge(
      Array.from({ length: 9 }, (_, i) => sample(i, of(i))),
      new Map(),
    )

  it('calls flat what wavers, and what is slower because the machine is busier', () => {
    expect(minutes((i) => ({ serverMb: i % 2 ? 210 : 190, liveP50: i === 8 ? 5000 : 100 }))).toMatchObject({ broken: [] })
    expect(minutes((i) => (i > 4 ? { load: 12, liveP50: 300 } : {}))).toMatchObject({ broken: [] })
  })

  it.each([
    ['memory that grows', (i: number) => ({ serverMb: 200 + i * 40 }), /^serverMb grew from 240.0 to 480.0/],
    ['a table that bloats', (i: number) => ({ tablesMb: 4 + i * 5 }), /^tablesMb grew/],
    ['latency that grows on an idle machine', (i: number) => ({ liveP50: 100 + i * 50 }), /^liveP50 grew/],
    ['more connections than there may be', () => ({ connections: 80 }), /^80 connections/],
  ])('names %s', (_what, of, said) => {
    expect(minutes(of).broken[0]).toMatch(said)
  })

  it('names what was answered wrongly', () => {
    expect(judge([sample(1), sample(2), sample(3)], new Map([['an upload is answered with 500', 2]])).broken[0]).toBe(
      '2 times: an upload is answered with 500',
    )
  })
})

describe('a broken promise is noticed:', () => {
  let db: TestDatabase
  let world: World
  const book = (more: Partial<Book>): Book => ({
    tables: [],
    batches: [],
    rows: [],
    events: [],
    sent: { uploads: 0, rows: 0, refreshes: 0 },
    retired: 0,
    ...more,
  })
  beforeAll(async () => {
    db = await createTestDatabase()
    world = { sql: db.sql } as World
    const main = await asMain(db)
    await main.sql('create table ws_main.base (id int primary key, grp int, note text)')
    await main.sql(`insert into ws_main.base values (1, 1, 'one')`)
    await main.sql('create table ws_main.appended (batch int, n int)')
    await main.sql('insert into ws_main.appended select 1, generate_series(0, 4)')
    await main.view('by_group', 'select grp, count(*) as n from ws_main.base group by grp', { key: ['grp'] })
    await main.close()
  })
  afterAll(() => db?.drop())

  it('an acknowledged upload that is not there, one that is half there, a row that is lost, a table that nobody sent', async () => {
    await db.sql('create table ws_main.up_1 as select 1 as n')
    const said = await uploadsHold(
      world,
      book({
        tables: [{ name: 'up_2', rows: 3, answer: 'acknowledged', looks: 0 }],
        batches: [{ name: '1', rows: 6, answer: 'unknown', looks: 0 }],
        rows: [1, 2],
      }),
    )

    expect(said).toEqual([
      'table up_2 was acknowledged and is lost',
      'the table up_1 is there and nobody has sent it',
      'batch 1: 5 of 6 rows are there (unknown)',
      '1 rows that REST acknowledged are lost',
    ])
    await db.sql('drop table ws_main.up_1')
  })

  it('nothing, when all is well', async () => {
    const tables: Book['tables'] = [{ name: 'up_9', rows: 3, answer: 'unknown', looks: 0 }]

    expect(
      await uploadsHold(world, book({ tables, batches: [{ name: '1', rows: 5, answer: 'acknowledged', looks: 0 }], rows: [1] })),
    ).toEqual([])
    expect(await diffsReplay(world, 'by_group')).toEqual([])
  })

  it('a gap in the ids, an answered event that is lost, a consumer that has seen less', async () => {
    for (let n = 0; n < 3; n++) await mark(db)
    const all = (await db.sql<{ id: string }>('select id from app_public.matview_refresh_events order by id')).map(({ id }) => id)
    await db.sql('delete from app_public.matview_refresh_events where id = $1', [all.at(-2)])
    const consumer = { seen: all.slice(0, 1), resets: () => 0, close: async () => {} }
    const said = await eventsHold(world, book({ events: [all.at(-2)!] }), consumer, '0')

    expect(said).toEqual([
      `after event ${all.at(-3)} comes ${all.at(-1)}`,
      `the event ${all.at(-2)} was answered to a refresh and is lost`,
      expect.stringMatching(/^SSE has seen 1 events of \d/),
    ])
  }, 20_000)

  it('changes that do not lead to the view', async () => {
    await db.sql('delete from app_public.matview_refresh_changes where seq = 1')

    expect(await diffsReplay(world, 'by_group')).toEqual([expect.stringMatching(/^by_group: replaying its changes gives 1 rows/)])
  })
})
