/**
 * The life of a view in SQL: dropped in whatever way, exported, replaced, renamed.
 */
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { asMain, type WorkspaceSql } from '../../support/workspace-sql.ts'

let db: TestDatabase
let main: WorkspaceSql
beforeAll(async () => {
  db = await createTestDatabase()
  main = await asMain(db)
  await main.sql('create table ws_main.base (id int primary key, v int); insert into ws_main.base values (1, 1), (2, 2)')
})
afterAll(async () => {
  await main?.close()
  await db?.drop()
})

const left = (id: string) =>
  db.sql(
    `select (select count(*)::int from app_public.matviews where id = $1) as views, (select count(*)::int from app_public.schedules where matview_id = $1) as schedules,
            to_regclass('app_shadow.mv_' || $1) is not null as shadow, (select status from app_public.matview_refresh_events where matview_id = $1 order by id desc limit 1) as event`,
    [id],
  )
const nothingLeft = [{ views: 0, schedules: 0, shadow: false, event: 'dropped' }]

it('dropMatview takes the view with its schedule and shadow, and announces it', async () => {
  const id = await main.view('a', 'select * from ws_main.base', { schedule: '* * * * *' })

  await main.sql(`select app_public.drop_matview('a')`)

  expect(await left(id)).toEqual(nothingLeft)
  expect(await db.sql(`select to_regclass('ws_main.a') as a`)).toEqual([{ a: null }])
})

it('a view that others read is not dropped, and they are named (TMDEP)', async () => {
  await main.view('below', 'select * from ws_main.base')
  await main.view('above', 'select * from ws_main.below')

  await expect(main.sql(`select app_public.drop_matview('below')`)).rejects.toMatchObject({
    code: 'TMDEP',
    detail: expect.stringContaining('materialized view above depends on'),
  })
})

it('a base table dropped with CASCADE leaves a dropped event and no orphan schedule', async () => {
  await main.sql('create table ws_main.brief (id int)')
  const id = await main.view('over_brief', 'select * from ws_main.brief', { schedule: '5 seconds' })

  await main.sql('drop table ws_main.brief cascade')

  expect(await left(id)).toEqual(nothingLeft)
})

it('a view dropped in psql is forgotten as well', async () => {
  const id = await main.view('by_hand', 'select 1 as one')

  await main.sql('drop materialized view ws_main.by_hand')

  expect(await left(id)).toEqual(nothingLeft)
})

it('a name that is registered already is refused (TMEXI)', async () => {
  await main.view('twice', 'select 1 as one')

  await expect(main.sql(`select app_hidden.register_matview('twice', 'select 1', null, null, 'always')`)).rejects.toMatchObject({
    code: 'TMEXI',
  })
})

it('a key that the view has not is refused, and nothing stays (TMKEY)', async () => {
  await expect(main.view('keyless', 'select v from ws_main.base', { key: ['id'] })).rejects.toMatchObject({
    code: 'TMKEY',
    message: 'The view has no column id',
  })
  await expect(main.view('json_key', `select '{}'::json as j`, { key: ['j'] })).rejects.toMatchObject({ code: 'TMKEY' })
  expect(await db.sql(`select from app_public.matviews where name in ('keyless', 'json_key')`)).toHaveLength(0)
})

it('a view of nobody in particular cannot be registered: there is none (TMNOF)', async () => {
  await expect(main.sql(`select app_hidden.register_matview('base', 'x', null, null, 'always')`)).rejects.toMatchObject({ code: 'TMNOF' })
})

it('a new definition with the same columns leads on from what was published; id, schedule and history stay', async () => {
  const id = await main.view('evolving', 'select * from ws_main.base where v > 1', { key: ['id'], schedule: '* * * * *' })
  await main.sql('begin')
  await main.sql('alter materialized view ws_main.evolving rename to _replaced')
  await main.sql('drop materialized view ws_main._replaced')
  await main.sql('create materialized view ws_main.evolving as select * from ws_main.base where v > 0 with no data')
  await main.sql(`select app_hidden.replace_matview('evolving', 'select * from ws_main.base where v > 0', '{id}', 'changed')`)
  const run = await main.refresh('evolving')
  await main.sql('commit')

  expect(run).toMatchObject({ matview_id: id, inserted: '1', updated: '0', deleted: '0' })
  expect(await db.sql('select count(*)::int as n from app_public.schedules where matview_id = $1', [id])).toEqual([{ n: 1 }])
})

it('a renamed view goes on under its new name', async () => {
  const id = await main.view('before', 'select 1 as one', { notifyWhen: 'always' })

  await main.sql(`select app_hidden.rename_matview('before', 'after')`)

  expect(await main.refresh('after')).toMatchObject({ matview_id: id, matview_name: 'after', status: 'announced' })
  await expect(main.sql(`select app_hidden.rename_matview('after', 'evolving')`)).rejects.toMatchObject({ code: 'TMEXI' })
})

it('an exported view is SQL that brings the same view back', async () => {
  const definition = `select id, 'it''s $matview$ ' || v as "odd ""name""" from ws_main.base -- ends in a comment`
  await main.view('to export', definition, { key: ['id'], schedule: '7 seconds', notifyWhen: 'always' })
  const [{ sql }] = await main.sql(`select app_public.export_matview('to export') as sql`)
  await main.sql(`select app_public.drop_matview('to export')`)

  const owner = await db.admin.connect()
  await owner.query('set role app_owner')
  await owner.query(sql)
  await owner.query(sql) // a migration may run more than once
  await owner.query('reset role')
  owner.release()

  expect(
    await main.sql(
      `select definition, key, notify_when, app_public.matviews_schedule(m) as schedule from app_public.matviews m where name = 'to export'`,
    ),
  ).toEqual([{ definition, key: ['id'], notify_when: 'always', schedule: '7 seconds' }])
  expect(await main.refresh('to export')).toMatchObject({ error: null, status: 'announced', inserted: '2' })
})
