/**
 * Schedules as rows: their spelling, and who runs them. The clones of tests have no pg_cron, so the runner is the ticker;
 * test/server/matviews has the real clocks.
 */
import { Cron } from 'croner'
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

describe('a schedule', () => {
  it.each([
    ['* * * * *', '* * * * *'],
    ['  */5   0-6 1,15 * MON ', '*/5 0-6 1,15 * mon'],
    ['5 seconds', '5 seconds'],
    ['1 second', '1 seconds'],
    ['30s', '30 seconds'],
  ])('%s is kept as %s', async (given, kept) => {
    expect(await db.sql('select app_private.check_schedule($1) as kept', [given])).toEqual([{ kept }])
  })

  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '* * 0 * *',
    '*/0 * * * *',
    'at noon',
    '0 seconds',
    '60 seconds',
    '* * * * * *',
    '1-70 * * * *',
    '99999999999 * * * *',
  ])('"%s" is refused (TMSCH)', async (given) => {
    await expect(db.sql('select app_private.check_schedule($1)', [given])).rejects.toMatchObject({ code: 'TMSCH' })
  })

  it('fires when croner says that it does, in 400 random minutes', async () => {
    const pick = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!
    const field = (lo: number, hi: number) => {
      const a = lo + Math.floor(Math.random() * (hi - lo))
      return pick(['*', '*', String(a), `${a}-${hi}`, `${a},${hi}`, `${lo}-${hi}/3`])
    }
    const wrong: string[] = []
    for (let i = 0; i < 400; i++) {
      // */n in the day fields is left out: there pg_cron and croner differ in what counts as a star
      const text = `${pick([field(0, 59), '*/7'])} ${field(0, 23)} ${field(1, 28)} ${field(1, 12)} ${field(0, 6)}`
      const at = new Date(
        Date.UTC(
          2026,
          Math.floor(Math.random() * 12),
          1 + Math.floor(Math.random() * 28),
          Math.floor(Math.random() * 24),
          Math.floor(Math.random() * 60),
        ),
      )
      const [{ fires }] = await db.sql('select app_private.cron_matches($1, $2) as fires', [text, at])
      const starred = text.split(' ')[2] === '*' || text.split(' ')[4] === '*'
      const next = new Cron(text, { timezone: 'UTC', domAndDow: starred }).nextRun(new Date(at.getTime() - 1000))
      if (fires !== (next?.getTime() === at.getTime())) wrong.push(`${text} at ${at.toISOString()}`)
    }

    expect(wrong).toEqual([])
  })

  it('is set, changed, rested and taken away by the view it belongs to', async () => {
    await main.sql('create table ws_main.t (id int primary key)')
    await main.view('v', 'select * from ws_main.t', { schedule: '*/5 * * * *' })
    const scheduling = () => main.sql('select schedule, active, runner from app_public.schedules')

    expect(await scheduling()).toEqual([{ schedule: '*/5 * * * *', active: true, runner: 'ticker' }])
    await main.sql(`select app_public.schedule_matview('v', '10 seconds')`)
    await main.sql(`select app_public.pause_schedule('v', true)`)
    expect(await scheduling()).toEqual([{ schedule: '10 seconds', active: false, runner: 'ticker' }])
    await main.sql(`select app_public.schedule_matview('v', null)`)
    expect(await scheduling()).toEqual([])
  })

  it('of a view that is not there is refused (TMNOF)', async () => {
    await expect(main.sql(`select app_public.schedule_matview('nope', '* * * * *')`)).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('cannot be written past the functions', async () => {
    await expect(main.sql(`update app_public.schedules set schedule = '* * * * *'`)).rejects.toMatchObject({ code: '42501' })
  })
})

describe('run_schedule', () => {
  it('runs once per slot, however often it is called', async () => {
    const id = await main.view('often', 'select 1 as one', { schedule: '* * * * *', notifyWhen: 'always' })
    const [{ id: schedule }] = await db.sql('select id from app_public.schedules where matview_id = $1', [id])

    await main.sql(`call app_private.run_schedule(${schedule})`)
    await main.sql(`call app_private.run_schedule(${schedule})`)

    expect(await db.sql(`select reason from app_public.runs where matview_id = $1 order by id`, [id])).toEqual([
      { reason: 'create' },
      { reason: 'schedule' },
    ])
  })

  it('leaves the schedules of others alone', async () => {
    const [{ id }] = await db.sql('select id from app_public.schedules where workspace is null')
    const runs = () => db.sql('select count(*)::int as n from app_public.runs where workspace is null')
    const before = await runs()

    await main.sql(`call app_private.run_schedule(${id})`)

    expect(await runs()).toEqual(before)
  })

  it('rests in an archived workspace', async () => {
    const id = await main.view('resting', 'select 1 as one', { schedule: '1 seconds', notifyWhen: 'always' })
    await db.sql(`update app_public.workspaces set archived_at = now() where id = 'main'`)

    const due = await db.sql(`select * from app_private.due_schedules() where kind = 'schedule' and workspace = 'main'`)

    await db.sql(`update app_public.workspaces set archived_at = null where id = 'main'`)
    expect(due).toEqual([])
    expect(
      await db.sql(
        `select id from app_private.due_schedules() where workspace = 'main' and id = (select id::text from app_public.schedules where matview_id = $1)`,
        [id],
      ),
    ).toHaveLength(1)
  })
})

describe('due_schedules', () => {
  const dueAt = async (id: string, at: string) =>
    (await db.sql(`select late from app_private.due_schedules($2) where kind = 'schedule' and id = $1`, [id, at]))[0]

  it('fills in for pg_cron when a minute of its schedule has passed by twenty seconds without a run, and not before', async () => {
    const view = await main.view('of_cron', 'select 1 as one', { schedule: '30 6 * * *', notifyWhen: 'always' })
    const [{ id }] = await db.sql(
      `update app_public.schedules set runner = 'pg_cron', last_run_at = '2026-01-01 06:30:00.1+00' where matview_id = $1 returning id`,
      [view],
    )

    expect(await dueAt(id, '2026-01-01 06:30:25+00')).toBeUndefined() // it ran
    expect(await dueAt(id, '2026-01-02 06:30:15+00')).toBeUndefined() // it may still come
    expect(await dueAt(id, '2026-01-02 06:30:25+00')).toEqual({ late: true })
    expect(await dueAt(id, '2026-01-02 06:30:45+00')).toBeUndefined() // tried
    expect(await dueAt(id, '2026-01-02 06:31:25+00')).toBeUndefined() // not its minute
  })

  it('fills in for pg_cron when it does not run upkeep', async () => {
    await db.sql(`update app_private.upkeep_jobs set runner = 'pg_cron', last_run_at = null where name = 'roll_partitions'`)

    const due = await db.sql(`select kind, id from app_private.due_schedules('2026-01-02 03:07:25+00') where id = 'roll_partitions'`)

    await db.sql(`update app_private.upkeep_jobs set runner = 'ticker' where name = 'roll_partitions'`)
    expect(due).toEqual([{ kind: 'upkeep', id: 'roll_partitions' }])
  })
})
