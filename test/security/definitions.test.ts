/**
 * What people's SQL may be: definitions that are accepted, definitions that are refused, and thousands that are random.
 */
import fc from 'fast-check'
import { makeLog } from '../../server/log.ts'
import { openDb, type Db } from '../../server/db.ts'
import { checkDefinition, previewDefinition } from '../../server/matviews/define.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { REFUSED } from './refused-builtins.ts'

let database: TestDatabase
let db: Db
let fuzzed = 0
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDb({ databaseUrl: database.url, secret: database.secret, poolSize: 2 }, makeLog('silent'))
  await db.asWorkspace('main', async (client) => {
    await client.query('create table base (a int, b numeric, t text, at timestamptz)')
    await client.query(`insert into base select g, g, g::text, now() from generate_series(1, 100) g`)
    await client.query('create view inner_view as select a, t from base')
    await client.query('create view outer_view as select a from inner_view')
    await client.query('create view bad_inner as select pg_backend_pid() as p')
    await client.query('create view bad_outer as select p from bad_inner')
  })
})
afterAll(async () => {
  await db.close()
  await database.drop()
  process.stdout.write(`definitions fuzzed: ${fuzzed}\n`)
})
const check = (sql: string) => db.asWorkspace('main', (client) => checkDefinition(client, 'main', sql))
const preview = (sql: string, first?: number) => db.asWorkspace('main', (client) => previewDefinition(client, 'main', sql, first))

describe('the check of definitions', () => {
  it('knows every function of this server that is not immutable: a new one has to be decided about', async () => {
    const rows = await database.sql(
      `select distinct proname, proname = any (app_private.allowed_builtins()) as allowed from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and oid < 16384 and provolatile <> 'i'`,
    )

    expect(rows.filter(({ proname, allowed }) => !allowed && !REFUSED.has(proname)).map(({ proname }) => proname)).toEqual([])
    expect(rows.filter(({ proname, allowed }) => allowed && REFUSED.has(proname))).toEqual([])
  })

  it('looks through plain views, however deep (TMDEF)', async () => {
    expect(await check('select * from outer_view')).toEqual([{ name: 'a', type: 'integer' }])
    await expect(check('select * from bad_outer')).rejects.toMatchObject({
      code: 'TMDEF',
      message: expect.stringContaining('pg_backend_pid()'),
    })
  })

  it('tells the person’s own error with its place in their text (TMSQL)', async () => {
    await expect(check('select a,\n  wrong from base')).rejects.toMatchObject({ code: 'TMSQL', more: { position: 13, sqlstate: '42703' } })
    await expect(check('select a frm base where')).rejects.toMatchObject({
      code: 'TMSQL',
      more: { sqlstate: '42601', position: expect.any(Number) },
    })
    await expect(check('select base.AColumn from base')).rejects.toMatchObject({
      code: 'TMSQL',
      hint: 'A name with capital letters needs quotes: "AColumn".',
    })
    await expect(preview('select 1 / 0 as x')).rejects.toMatchObject({ code: 'TMSQL', message: 'division by zero' })
  })

  it('leaves nothing behind, refused or not', async () => {
    await check('select * from base')
    await check('select pg_sleep(1) is null as x').catch(() => {})

    expect(await database.sql(`select relname from pg_class where relnamespace = 'ws_main'::regnamespace and relkind = 'm'`)).toEqual([])
  })

  it('is open to nobody about others’ views (TMNOF)', async () => {
    await db.asWorkspace('main', async (client) => {
      await expect(client.query(`select app_private.check_definition(16450)`)).rejects.toMatchObject({ code: 'TMNOF' })
      await expect(client.query(`select * from app_private.definition_faults(16450)`)).rejects.toMatchObject({ code: '42501' })
    })
  })
})

describe('a preview', () => {
  it('shows 50 rows at most, with the types, and says that there are more', async () => {
    const { rows, columns, more } = await preview('select a, at from base', 500)

    expect(rows).toHaveLength(50)
    expect(more).toBe(true)
    expect(columns).toEqual([
      { name: 'a', type: 'integer' },
      { name: 'at', type: 'timestamp with time zone' },
    ])
  })

  it('is read-only and ends after 5 seconds (TMTIM)', async () => {
    const started = performance.now()

    await expect(preview('select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b')).rejects.toMatchObject({
      code: 'TMTIM',
    })
    expect(performance.now() - started).toBeLessThan(8000)
  })
})

describe('whatever a definition says (fast-check)', () => {
  const word = fc.constantFrom(
    'select',
    'from',
    'where',
    'base',
    'a',
    't',
    '*',
    ',',
    '(',
    ')',
    ';',
    '--',
    '/*',
    '*/',
    "'",
    '"',
    '$$',
    '$1',
    '::',
    'regclass',
    'pg_class',
    'pg_sleep(9)',
    'set_config',
    'with',
    'as',
    'union',
    'all',
    'into',
    'for update',
    'limit',
    '1',
    'app_private.sessions',
    'copy',
    'begin',
    'commit',
    'drop table base',
    '\n',
    '\0',
    '\\',
    "E'\\",
    'U&"',
    'é',
    '😀',
    '\ud800',
    '{',
    ':',
    'lateral',
    'execute',
    'create',
    'join',
    'on true',
    'values',
    'array[',
    ']',
  )
  it('the answer is columns or a TM error; the tables stay as they are; the connection stays usable', async () => {
    await db.asWorkspace('main', async (client) => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.array(word, { maxLength: 14 }).map((words) => words.join(' ')),
            fc.array(word, { maxLength: 8 }).map((words) => `select ${words.join(' ')} from base`),
            fc.string({ unit: 'binary', maxLength: 60 }),
          ),
          async (sql) => {
            fuzzed++
            const answer = await checkDefinition(client, 'main', sql).catch((error) => error)
            if (!Array.isArray(answer))
              expect({ sql, code: answer.code }).toMatchObject({ code: expect.stringMatching(/^TM(DEF|SQL|TIM)$/) })
          },
        ),
        { numRuns: 1500 },
      )
    })
    expect(await database.sql('select count(*)::int as n from ws_main.base')).toEqual([{ n: 100 }])
  }, 60_000)
})
