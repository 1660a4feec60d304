/**
 * The two clocks for real: pg_cron in the one database of the test cluster that it works for, and the server's ticker.
 */
import { describeNeeding, pgCron } from '../../support/needs.ts'
import { asMain } from '../../support/workspace-sql.ts'
import { startWorld, type World } from '../../support/world.ts'

const lateness = (rows: { status_change_time: Date }[], seconds: number) =>
  rows.map(({ status_change_time: at }) => at.getTime() % (seconds * 1000))

async function until<T>(ask: () => Promise<T>, enough: (got: T) => boolean, seconds: number): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; ) {
    const got = await ask()
    if (enough(got) || Date.now() > end) return got
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const CREATE = `mutation ($name: String!, $schedule: String) {
  createMatview(input: { name: $name, definition: "select clock_timestamp() as at", schedule: $schedule, notifyWhen: ALWAYS }) {
    matview { name schedule runner notifyWhen }
  }
}`

describe('the ticker', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world?.close())

  const eventsOf = (name: string) =>
    world.db.sql(
      `select e.status_change_time from app_public.matview_refresh_events e join app_public.runs r on r.event_id = e.id where e.matview_name = $1 and r.reason = 'schedule' order by e.id`,
      [name],
    )

  it('refreshes every two seconds, on the grid', async () => {
    const { createMatview } = await world.graphql(CREATE, { name: 'ticks', schedule: '2 seconds' })
    expect(createMatview.matview).toEqual({ name: 'ticks', schedule: '2 seconds', runner: 'ticker', notifyWhen: 'ALWAYS' })

    const events = await until(
      () => eventsOf('ticks'),
      (rows) => rows.length >= 4,
      12,
    )

    expect(events.length).toBeGreaterThanOrEqual(4)
    // a new schedule runs at once; from then on it keeps to the grid
    const late = lateness(events.slice(1), 2).toSorted((a, b) => a - b)
    expect(late[late.length >> 1]).toBeLessThan(1000) // one may be late on a busy machine
  }, 20_000)

  it('is one of two servers on one database, and each slot runs once', async () => {
    const second = await world.another()
    const from = new Date()
    await new Promise((resolve) => setTimeout(resolve, 6500))

    const slots = (await eventsOf('ticks'))
      .filter((e) => e.status_change_time > from)
      .map((e) => Math.floor(e.status_change_time.getTime() / 2000))

    expect(slots.length).toBeGreaterThanOrEqual(2)
    expect(new Set(slots).size).toBe(slots.length)
    await second.close()
  }, 20_000)
})

describeNeeding(pgCron(), 'pg_cron', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ cron: true, worker: false })
  }, 30_000)
  afterAll(() => world?.close())

  it('beside the ticker, a schedule of seconds made in mid-minute fires at once, and no lap is run twice', async () => {
    const ticking = await world.another({ worker: true })
    const intoMinute = (Date.now() / 1000) % 60
    if (intoMinute < 5 || intoMinute > 45) await new Promise((resolve) => setTimeout(resolve, ((65 - intoMinute) % 60) * 1000))

    const made = Date.now()
    const { createMatview } = await world.graphql(CREATE, { name: 'mid_minute', schedule: '5 seconds' })
    expect(createMatview.matview.runner).toMatch(/^pg_cron/)
    await world.graphql(CREATE, { name: 'by_minute', schedule: '* * * * *' })
    const runs = () =>
      world.db.sql<{ at: Date }>(
        `select r.started_at as at from app_public.runs r join app_public.matviews m on m.id = r.matview_id
          where m.name = 'mid_minute' and r.reason = 'schedule' order by r.id`,
      )
    const [first] = await until(runs, (rows) => rows.length > 0, 10)

    expect(first?.at.getTime()).toBeLessThan(made + 7000)
    // over the turn of the minute, where pg_cron's loop takes the laps from the ticker
    const turn = Math.ceil(made / 60_000) * 60_000
    await new Promise((resolve) => setTimeout(resolve, turn + 12_000 - Date.now()))
    const slots = (await runs()).map(({ at }) => Math.floor(at.getTime() / 5000))
    const passed = Math.floor((turn + 10_000) / 5000) - Math.ceil(made / 5000)
    expect(new Set(slots).size).toBe(slots.length)
    expect(slots.length).toBeGreaterThanOrEqual(passed - 1)
    await ticking.close()
  }, 140_000)

  it('alone, runs seconds and minutes as the workspace, and its jobs follow the rows', async () => {
    expect(
      await world.db.sql(
        `select username, count(*)::int as jobs from cron.job where jobname like 'refresh %' and username = 'ws_main' group by 1`,
      ),
    ).toEqual([{ username: 'ws_main', jobs: 2 }])

    // Its loops run since the turn of the minute above: a schedule of seconds begins only there.
    const from = new Date()
    const ran = await until(
      () =>
        world.db.sql(
          `select matview_name, count(*)::int as n from app_public.runs where reason = 'schedule' and workspace = 'main'
              and (matview_name = 'by_minute' or started_at > $1) group by 1 order by 1`,
          [from],
        ),
      (rows) => rows.length === 2 && rows[1].n >= 3,
      95,
    )

    expect(ran).toEqual([
      { matview_name: 'by_minute', n: expect.any(Number) },
      { matview_name: 'mid_minute', n: expect.any(Number) },
    ])
    expect(ran[1].n).toBeGreaterThanOrEqual(3)
    const main = await asMain(world.db)
    await main.sql(`select app_public.drop_matview('mid_minute'), app_public.pause_schedule('by_minute', true)`)
    await main.close()
    expect(await world.db.sql(`select from cron.job where jobname like 'refresh %' and username = 'ws_main'`)).toHaveLength(0)
  }, 120_000)
})
