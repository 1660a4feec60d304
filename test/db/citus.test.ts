/**
 * What can be known about Citus without Citus: rules over the catalogue, two-phase commit after a workspace's writes, and one file that
 * gives the same output on both. Where the extension is, that file is run on it too; else that job is printed as SKIPPED. (No such
 * lint finds what only Citus refuses: scale and its limits are in OPERATIONS.md.)
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { migrate, startThrowaway } from '../../scripts/postgres/throwaway.mjs'
import { testCluster } from '../support/cluster.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeNeeding, pgDump } from '../support/needs.ts'
import { asMain, type WorkspaceSql } from '../support/workspace-sql.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PORTABLE = path.join(import.meta.dirname, 'citus-portable.sql')
const EXPECTED = ['sales|3', 'sales|6', 'sales|1', 'sales|', '7', '4']

let db: TestDatabase
let main: WorkspaceSql
beforeAll(async () => {
  db = await createTestDatabase()
  main = await asMain(db)
  await main.sql('create table ws_main.orders (id bigserial primary key, amount numeric)')
  await main.sql('insert into ws_main.orders (amount) select g from generate_series(1, 10) g')
  await main.view('totals', 'select count(*) as n, sum(amount) as sum from ws_main.orders', { key: ['n'], notifyWhen: 'always' })
  const pump = new pg.Client({ connectionString: db.urlFor('app_scheduler') })
  await pump.connect()
  // as server/live/pump.ts does
  await pump.query(
    'set role ws_main; create unlogged table ws_main._live_changes (rel text not null, op "char" not null, keys text[], old_keys text[]); reset role',
  )
  await pump.query(`select app_private.attach_capture('ws_main.orders')`)
  await pump.end()
})
afterAll(async () => {
  await main?.close()
  await db?.drop()
})

describe('a workspace could move to another node:', () => {
  it.each([
    [
      'its schema belongs to its role, which may log in',
      `select n.nspname from pg_namespace n left join pg_authid r on r.oid = n.nspowner
        where n.nspname = 'ws_main' and (r.rolname <> n.nspname or not r.rolcanlogin)`,
    ],
    [
      'its reader may log in too: workers are reached as the role that asks',
      `select rolname from pg_roles where rolname = 'ws_main_reader' and not rolcanlogin`,
    ],
    [
      'no foreign key, parent or default leads out of its schema or into it',
      `select k.conname::text from pg_constraint k join pg_class a on a.oid = k.conrelid join pg_class b on b.oid = k.confrelid
        where k.contype = 'f' and a.relnamespace <> b.relnamespace and 'ws_main'::regnamespace in (a.relnamespace, b.relnamespace)
       union all
       select a.relname::text from pg_inherits i join pg_class a on a.oid = i.inhrelid join pg_class b on b.oid = i.inhparent
        where a.relnamespace <> b.relnamespace and 'ws_main'::regnamespace in (a.relnamespace, b.relnamespace)
       union all
       select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d join pg_class c on c.oid = d.adrelid
        where c.relnamespace = 'ws_main'::regnamespace and pg_get_expr(d.adbin, d.adrelid) ~ 'app_(public|private|hidden)'`,
    ],
    [
      'its tables have bigserial and no identity column',
      `select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'ws_main'::regnamespace and a.attidentity <> ''`,
    ],
    [
      'triggers on its tables write only into its own schema, notify nobody, and know their table by a text of their own',
      `select p.oid::regproc::text from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
        where c.relnamespace = 'ws_main'::regnamespace and not t.tgisinternal
          and (p.prosrc ~* 'notify|TG_TABLE|app_(public|private|hidden)\\.' or p.prosrc !~ 'ws_main\\._live_changes')`,
    ],
    [
      'its policies ask who the role is, never a setting of the session',
      `select polname::text from pg_policy p join pg_class c on c.oid = p.polrelid
        where c.relnamespace = 'ws_main'::regnamespace and pg_get_expr(p.polqual, p.polrelid) ~ 'current_setting'`,
    ],
    [
      'no function makes a table in it: on Citus it would be no table of the workspace',
      `select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace in ('app_public'::regnamespace, 'app_hidden'::regnamespace, 'app_private'::regnamespace)
          and p.proname <> 'workspace_statements' and p.prosrc ~* 'create\\s+(unlogged\\s+)?table' and p.prosrc !~ 'app_shadow|shadow_of|partition of'`,
    ],
    [
      'the cursor of events is a counter and no sequence',
      `select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d join pg_attribute a on (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
        where d.adrelid = 'app_public.matview_refresh_events'::regclass and a.attname = 'id' and pg_get_expr(d.adbin, d.adrelid) ~ 'nextval'`,
    ],
  ])('%s', async (_rule, query) => {
    expect(await db.sql(query)).toEqual([])
  })

  it('the rules see something: the workspace has a captured table, a view and a reader', async () => {
    const [found] = await db.sql(
      `select (select count(*)::int from pg_trigger where tgrelid = 'ws_main.orders'::regclass and tgname like '\\_900%') as triggers,
              to_regclass('ws_main.totals') is not null as view, exists (select from pg_roles where rolname = 'ws_main_reader') as reader`,
    )

    expect(found).toEqual({ triggers: 4, view: true, reader: true })
  })
})

describe('two-phase commit, which writes to several nodes end with,', () => {
  const prepared = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: db.urlFor('ws_main') })
    await client.connect()
    const id = `p_${randomBytes(4).toString('hex')}`
    try {
      await client.query('begin')
      for (const statement of statements) await client.query(statement)
      await client.query(`prepare transaction '${id}'`)
      await client.query(`commit prepared '${id}'`)
    } finally {
      await client.end()
    }
  }

  // CREATE TABLE is left out: its event trigger notifies, which on Citus happens on the coordinator alone.
  it('follows whatever rows a workspace writes, captured or not', async () => {
    await db.sql(`insert into app_private.live_watches values ('ws_main', 'orders', gen_random_uuid(), now() + interval '1 hour')`)
    await prepared(
      'insert into ws_main.orders (amount) values (1), (2)',
      'update ws_main.orders set amount = 3 where id = 1',
      'delete from ws_main.orders where id = 2',
    )

    const [{ n }] = await db.sql('select count(*)::int as n from ws_main._live_changes')
    expect(n).toBeGreaterThan(0)
  })

  it('cannot follow an event: events, and their NOTIFY, belong to the coordinator', async () => {
    await expect(prepared(`select app_hidden.refresh_matview('totals')`)).rejects.toThrow(
      /cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/,
    )
  })
})

/** psql's lines without the empty ones. */
function run(psql: string, env: object, url: string): string[] {
  const done = spawnSync(psql, ['-X', '-q', '-A', '-t', '-d', url, '-f', PORTABLE], { encoding: 'utf8', env: { ...process.env, ...env } })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout.split('\n').filter(Boolean)
}

describeNeeding(pgDump(), 'the file that runs on PostgreSQL and on Citus', () => {
  it('gives on this PostgreSQL, hardened, what it gave on Citus 13.2.2', async () => {
    const { bin, programEnv } = testCluster()
    await db.sql(`grant temporary on database ${db.name} to public`) // REFRESH CONCURRENTLY makes one; ws_demo is nobody's workspace
    try {
      expect(run(path.join(bin, 'psql'), programEnv, db.url)).toEqual(EXPECTED)
    } finally {
      await db.sql('drop owned by ws_demo cascade; drop role ws_demo')
    }
  })
})

describe('a real Citus', () => {
  it('runs the same file, and the tables are distributed (SKIPPED where the extension is not installed)', async () => {
    const [there] = await db.sql(`select from pg_available_extensions where name = 'citus'`)
    if (!there) return void process.stderr.write('SKIPPED a real Citus: the extension is not installed here (postgresql-15-citus)\n')
    const away = await startThrowaway(ROOT, () => {}, { prepare: false })
    try {
      appendFileSync(path.join(away.place.pg, 'postgresql.auto.conf'), "shared_preload_libraries = 'citus,pg_cron'\n")
      await away.stopServer()
      await away.restart()
      await migrate(ROOT, away.adminUrl)
      const admin = new pg.Client({ connectionString: away.adminUrl })
      await admin.connect()
      await admin.query('set citus.enable_ddl_propagation to off; create extension citus')
      await admin.query(`select citus_set_coordinator_host('localhost', current_setting('port')::int)`)
      expect(run(path.join(away.programs.bin, 'psql'), away.programs.env, away.adminUrl)).toEqual(EXPECTED)
      const { rows } = await admin.query(`select count(*)::int as n from citus_tables where table_name::text like 'ws_demo.%'`)
      expect(rows[0].n).toBe(3)
      await admin.end()
    } finally {
      await away.stop()
    }
  }, 180_000)
})
