/**
 * What a refresh writes. Facts: contents, changed rows, shadow, run and event commit together; the changes of an event lead
 * from what was last published to what is now.
 */
import pg from 'pg'
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

const lastEvent = async () => (await db.sql('select * from app_public.matview_refresh_events order by id desc limit 1'))[0]
const changesOf = (refreshId: string) =>
  db.sql('select op, key, old, new from app_public.matview_refresh_changes where refresh_id = $1 order by op, key', [refreshId])

describe('a refresh', () => {
  it('publishes every row of a new view as inserted', async () => {
    await main.sql('create table ws_main.sales (id int primary key, amount int); insert into ws_main.sales values (1, 10), (2, 20)')
    await main.view('big', 'select * from ws_main.sales where amount > 5', { key: ['id'] })

    const event = await lastEvent()
    expect(event).toMatchObject({
      matview_name: 'big',
      workspace: 'main',
      status: 'new',
      inserted: '2',
      updated: '0',
      deleted: '0',
      row_count: '2',
    })
    expect(await changesOf(event.refresh_id)).toEqual([
      { op: 'insert', key: { id: 1 }, old: null, new: { id: 1, amount: 10 } },
      { op: 'insert', key: { id: 2 }, old: null, new: { id: 2, amount: 20 } },
    ])
  })

  it('tells which rows came, changed and went', async () => {
    await main.sql('insert into ws_main.sales values (3, 30)')
    await main.sql('update ws_main.sales set amount = 11 where id = 1')
    await main.sql('delete from ws_main.sales where id = 2')

    const run = await main.refresh('big')

    expect(run).toMatchObject({ status: 'announced', reason: 'manual', inserted: '1', updated: '1', deleted: '1' })
    expect(await changesOf((await lastEvent()).refresh_id)).toEqual([
      { op: 'delete', key: { id: 2 }, old: { id: 2, amount: 20 }, new: null },
      { op: 'insert', key: { id: 3 }, old: null, new: { id: 3, amount: 30 } },
      { op: 'update', key: { id: 1 }, old: { id: 1, amount: 10 }, new: { id: 1, amount: 11 } },
    ])
  })

  it('that changed nothing is in the history but writes no event where changes are asked for', async () => {
    const before = await lastEvent()

    const run = await main.refresh('big')

    expect(run).toMatchObject({ status: 'quiet', event_id: null, row_count: '2' })
    expect(await lastEvent()).toEqual(before)
  })

  it('of an empty view announces nothing where rows are asked for, and the next event leads on from what was published', async () => {
    await main.sql('create table ws_main.due (id int primary key); insert into ws_main.due values (1)')
    await main.view('due_now', 'select * from ws_main.due', { key: ['id'], notifyWhen: 'not_empty' })
    const published = await lastEvent()
    await main.sql('delete from ws_main.due')

    expect(await main.refresh('due_now')).toMatchObject({ status: 'quiet', row_count: '0', inserted: null })
    expect(await lastEvent()).toEqual(published)
    await main.sql('insert into ws_main.due values (2)')
    await main.refresh('due_now')

    expect(await changesOf((await lastEvent()).refresh_id)).toEqual([
      { op: 'delete', key: { id: 1 }, old: { id: 1 }, new: null },
      { op: 'insert', key: { id: 2 }, old: null, new: { id: 2 } },
    ])
  })

  it('that fails keeps the old rows and is an event with the reason', async () => {
    await main.sql('create table ws_main.parts (id int primary key, n int); insert into ws_main.parts values (1, 1)')
    await main.view('shares', 'select id, 100 / n as share from ws_main.parts', { key: ['id'] })
    await main.sql('insert into ws_main.parts values (2, 0)')

    const run = await main.refresh('shares')

    expect(run).toMatchObject({ status: 'failed', error_code: '22012', error: 'division by zero', row_count: null })
    expect(await lastEvent()).toMatchObject({ id: run.event_id, status: 'failed', error_code: '22012', inserted: null })
    expect(await main.sql('select * from ws_main.shares')).toEqual([{ id: 1, share: 100 }])
  })

  it('over its time is a failed refresh, not a lost one', async () => {
    await main.view('slow', `select count(*) as n from generate_series(1, 3000000) a, (select 1 from ws_main.sales) b`)
    await main.sql('insert into ws_main.sales select g, 1 from generate_series(100, 400) g')
    await main.sql(`set statement_timeout = '300ms'`)

    const run = await main.refresh('slow')

    await main.sql('reset statement_timeout')
    expect(run).toMatchObject({ status: 'failed', error_code: '57014' })
  })

  it('of a view with more rows than the workspace allows is refused, the old rows stay (TMROW)', async () => {
    await db.sql(`update app_public.workspaces set max_matview_rows = 1 where id = 'main'`)

    const run = await main.refresh('big')

    await db.sql(`update app_public.workspaces set max_matview_rows = default where id = 'main'`)
    expect(run).toMatchObject({ status: 'failed', error_code: 'TMROW' })
    expect(await main.sql('select count(*)::int as n from ws_main.big')).toEqual([{ n: 2 }])
  })

  it('that would break the quota is rolled back (TMQUO)', async () => {
    await db.sql(`update app_public.workspaces set storage_quota_bytes = 1000 where id = 'main'`)

    const run = await main.refresh('big')

    await db.sql(`update app_public.workspaces set storage_quota_bytes = default where id = 'main'`)
    expect(run).toMatchObject({ status: 'failed', error_code: 'TMQUO' })
    expect(await main.sql('select count(*)::int as n from ws_main.big')).toEqual([{ n: 2 }])
  })

  it('with an empty value in the key says so (TMKEY)', async () => {
    await main.sql('create table ws_main.loose (k text); insert into ws_main.loose values (null)')
    await main.view('loose_keys', 'select k from ws_main.loose', { key: ['k'] })

    expect(await main.refresh('loose_keys')).toMatchObject({ status: 'failed', error_code: 'TMKEY' })
  })

  it('keeps at most max_changes rows, and tells that there were more', async () => {
    await main.sql('create table ws_main.many (id int primary key)')
    const id = await main.view('many_rows', 'select id from ws_main.many', { key: ['id'] })
    await db.sql('update app_public.matviews set max_changes = 3 where id = $1', [id])
    await main.sql('insert into ws_main.many select generate_series(1, 10)')
    await main.refresh('many_rows')

    const event = await lastEvent()

    expect(event).toMatchObject({ inserted: '10', changes_truncated: true })
    expect(await changesOf(event.refresh_id)).toHaveLength(3)
  })

  it('does not wait for one of the same view that is running (TMBSY)', async () => {
    const [{ id }] = await db.sql(`select id from app_public.matviews where name = 'big'`)
    const other = await db.admin.connect()
    await other.query('begin')
    await other.query('select pg_advisory_xact_lock(7466, $1)', [Number(id)])

    await expect(main.refresh('big')).rejects.toMatchObject({ code: 'TMBSY' })

    await other.query('rollback')
    other.release()
  })

  it('that loses its view meanwhile says so and leaves the last word to the drop (TMNOF)', async () => {
    const id = await main.view('doomed', 'select * from ws_main.sales', { key: ['id'] })
    const other = await db.admin.connect()
    await other.query('begin')
    await other.query('drop materialized view ws_main.doomed')
    const refreshed = main.refresh('doomed').then(
      () => 'done',
      (error) => error.code,
    )
    while ((await db.sql(`select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'refresh_matview'`)).length === 0);
    await other.query('commit')
    other.release()

    expect(await refreshed).toBe('TMNOF')
    const events = await db.sql('select status from app_public.matview_refresh_events where matview_id = $1 order by id', [id])
    expect(events.map(({ status }) => status)).toEqual(['new', 'dropped'])
  })

  it('of a view of another workspace, or of none, is one and the same refusal (TMNOF)', async () => {
    await expect(main.refresh('relation_stats')).rejects.toMatchObject({
      code: 'TMNOF',
      message: 'There is no materialized view relation_stats',
    })
    await expect(main.refresh('nope')).rejects.toMatchObject({ code: 'TMNOF', message: 'There is no materialized view nope' })
  })
})

describe('the changes of all events together', () => {
  it.each([
    ['with a key', ['id']],
    ['without a key', undefined],
  ])('lead through random changes to exactly the rows of the view, %s', async (_title, key) => {
    const name = key ? 'keyed' : 'keyless'
    const definition = key ? 'select * from ws_main.base where v < 4' : 'select v, t, j from ws_main.base where v < 4'
    await main.sql('create table if not exists ws_main.base (id int primary key, v int, t text, j jsonb)')
    await main.sql(
      `insert into ws_main.base select i, (random() * 5)::int, 'x' || (random() * 3)::int, '{"a": 1}' from generate_series(1, 200) i on conflict do nothing`,
    )
    await main.view(name, definition, key ? { key } : {})
    for (let round = 0; round < 12; round++) {
      await main.sql('update ws_main.base set v = (random() * 5)::int where random() < 0.1')
      await main.sql('delete from ws_main.base where random() < 0.05')
      await main.sql(
        `insert into ws_main.base select g, (random() * 5)::int, 'x', null from generate_series(1, 250) g where random() < 0.05 on conflict do nothing`,
      )
      await main.refresh(name)
    }

    const differing = await db.sql(
      `with c as (select old, new from app_public.matview_refresh_changes ch join app_public.matview_refresh_events e using (refresh_id) where e.matview_name = $1),
            replayed as (select new as row from c where new is not null except all select old from c where old is not null),
            present as (select to_jsonb(m) as row from ws_main.${name} m)
       (select * from replayed except all select * from present) union all (select * from present except all select * from replayed)`,
      [name],
    )

    expect(differing).toEqual([])
  })
})

describe('the ids of events', () => {
  it('have no gaps and are in commit order, whatever fails in between', async () => {
    const writers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = new pg.Client({ connectionString: db.url })
        await client.connect()
        return client
      }),
    )
    const seen: string[] = []
    let done = false
    const reader = (async () => {
      let cursor = (await db.sql('select coalesce(max(id), 0) as id from app_public.matview_refresh_events'))[0].id
      for (let last = false; !last; ) {
        last = done
        for (const { id } of await db.sql('select id from app_public.matview_refresh_events where id > $1 order by id', [cursor]))
          seen.push((cursor = id))
      }
    })()
    const [{ before }] = await db.sql('select max(id)::int as before from app_public.matview_refresh_events')
    await Promise.all(
      writers.map(async (client, w) => {
        for (let i = 0; i < 40; i++) {
          await client.query('begin')
          await client.query(
            `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name) values ('main', 0, 'race')`,
          )
          await client.query((i + w) % 5 === 0 ? 'rollback' : 'commit')
        }
      }),
    )
    done = true
    await reader
    await Promise.all(writers.map((client) => client.end()))

    expect(seen).toEqual(Array.from({ length: 128 }, (_, i) => String(before + 1 + i)))
  })

  it('are what NOTIFY carries, bare, once the event has committed', async () => {
    const listener = new pg.Client({ connectionString: db.url })
    await listener.connect()
    await listener.query('listen matview_refresh_channel')
    const heard = new Promise<string | undefined>((resolve) => listener.on('notification', ({ payload }) => resolve(payload)))
    await main.sql('insert into ws_main.sales values (99, 99)')

    const run = await main.refresh('big')

    expect(await heard).toBe(run.event_id)
    await listener.end()
  })
})
