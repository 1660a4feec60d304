/**
 * What keeps the platform small: partitions come and go, history is trimmed, and the catalog's own view follows along.
 */
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { asMain, type WorkspaceSql } from '../../support/workspace-sql.ts'

let db: TestDatabase
let main: WorkspaceSql
beforeAll(async () => {
  db = await createTestDatabase()
  main = await asMain(db)
})
afterAll(async () => {
  await main?.close()
  await db?.drop()
})

const partitions = async () =>
  (
    await db.sql(
      `select relname from pg_class where relispartition and relkind = 'r' and relname like 'matview_refresh_events_%' order by 1`,
    )
  ).map((row) => row.relname)

it('partitions are there three days ahead, and rolling twice changes nothing', async () => {
  const before = await partitions()

  await db.sql('select app_private.roll_partitions()')

  expect(before).toHaveLength(5)
  expect(await partitions()).toEqual(before)
})

it('partitions past the retention are dropped, with their events and nothing else', async () => {
  await db.sql(
    `create table app_public.matview_refresh_events_20200101 partition of app_public.matview_refresh_events for values from ('2020-01-01+00') to ('2020-01-02+00')`,
  )
  await db.sql(
    `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name, created_at) values ('main', 1, 'old', '2020-01-01 12:00+00'), ('main', 1, 'new', now())`,
  )

  await db.sql('select app_private.roll_partitions()')

  expect(await db.sql(`select matview_name from app_public.matview_refresh_events where matview_name in ('old', 'new')`)).toEqual([
    { matview_name: 'new' },
  ])
  expect(await partitions()).not.toContain('matview_refresh_events_20200101')
})

it('runs past the retention are trimmed', async () => {
  await db.sql(
    `insert into app_public.runs (workspace, matview_id, matview_name, reason, status, started_at, duration_ms)
     values ('main', 1, 'r', 'manual', 'quiet', now() - interval '15 days', 1), ('main', 1, 'r', 'manual', 'quiet', now() - interval '13 days', 1)`,
  )

  await db.sql('select app_private.purge_history()')

  expect(await db.sql(`select count(*)::int as n from app_public.runs where matview_name = 'r'`)).toEqual([{ n: 1 }])
})

it('every upkeep job runs', async () => {
  for (const { name } of await db.sql('select name from app_private.upkeep_jobs')) await db.sql('select app_private.run_upkeep($1)', [name])

  expect(await db.sql('select name from app_private.upkeep_jobs where last_run_at is null')).toEqual([])
})

it('relation_stats shows a workspace its own relations, refreshed by the same functions as any view', async () => {
  await main.sql(
    'create table ws_main.stats_of (id int primary key); insert into ws_main.stats_of select generate_series(1, 50); analyze ws_main.stats_of',
  )
  await db.sql('select app_private.note_relation_activity()')
  const [{ id }] = await db.sql('select id from app_public.schedules where workspace is null')
  await db.sql('set role app_owner').catch(() => {})

  await db.sql(`call app_private.run_schedule(${id})`)

  expect(
    await main.sql(
      `select name, kind, row_count::int, size_bytes > 0 as sized, changed_at is not null as dated from app_public.relation_stats where name = 'stats_of'`,
    ),
  ).toEqual([{ name: 'stats_of', kind: 'table', row_count: 50, sized: true, dated: true }])
  expect(
    await db.sql(
      `select status, inserted > 0 as some from app_public.matview_refresh_events where matview_name = 'relation_stats' order by id desc limit 1`,
    ),
  ).toEqual([{ status: 'new', some: true }])
})
