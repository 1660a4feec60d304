/**
 * Two server processes on one database, and the death of the one that leads: the other takes over within seconds, every mark is
 * announced once, and who watches is right on both.
 */
import pg from 'pg'
import { createToken } from '../../../server/auth/tokens.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type ServerProcess, startServerProcess } from '../../support/server-process.ts'
import { eventually, openSse, startReceiver } from '../events/support.ts'
import { type Client, connect } from '../live/harness.ts'

/** Busy machines: the times that are promised are asserted where they are measured. */
const PATIENCE = 40_000

let db: TestDatabase
let owner: pg.Pool
let token: string
let first: ServerProcess
let second: ServerProcess
const clients: Client[] = []

beforeAll(async () => {
  db = await createTestDatabase()
  owner = new pg.Pool({ connectionString: db.urlFor('app_owner'), max: 1 })
  token = await createToken({ owner, workspaces: { ensure: async () => {} } as never }, { workspace: 'main' })
  await db.sql(
    `set role ws_main; create table ws_main.crew (id int primary key, name text); insert into ws_main.crew values (1, 'Ada'); reset role`,
  )
  first = await startServerProcess(db)
  await eventually(
    () => leads(first),
    ({ pump, ticker }) => pump && ticker,
    PATIENCE,
  )
  second = await startServerProcess(db)
}, 120_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await first?.kill()
  await second?.kill()
  await owner?.end()
  await db?.drop()
})

async function leads({ url }: ServerProcess): Promise<{ pump: boolean; ticker: boolean }> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const one = (role: string) => metrics.includes(`tidemark_leader{role="${role}"} 1`)
  return { pump: one('pump'), ticker: one('ticker') }
}
async function watch({ url }: ServerProcess) {
  const client = await connect(url, token)
  clients.push(client)
  const live = client.open('subscription { crewsLive(orderBy: ID_ASC) { nodes { name } } }')
  await live.nth(0, PATIENCE)
  return live
}
const names = (live: Awaited<ReturnType<typeof watch>>) =>
  live.results.at(-1)?.data.crewsLive.nodes.map(({ name }: { name: string }) => name)
const graphql = async ({ url }: ServerProcess, query: string) => {
  const reply = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = (await reply.json()) as any
  expect(errors).toBeUndefined()
  return data
}
const follow = async ({ url }: ServerProcess) => {
  const stream = await openSse(`${url}/events?matview=ticks`, { authorization: `Bearer ${token}` })
  await stream.until(() => stream.lastId() !== '', PATIENCE)
  return stream
}

describe('Two server processes on one database', () => {
  it('have one leader, and live clients of both see what is written through either', async () => {
    const [here, there] = await Promise.all([watch(first), watch(second)])

    await graphql(second, `mutation { createCrew(input: { crew: { id: 2, name: "Grace" } }) { crew { id } } }`)
    await eventually(
      () => [names(here), names(there)],
      (all) => all.every((one) => one?.length === 2),
      PATIENCE,
    )
    await graphql(first, `mutation { updateCrew(input: { id: 1, patch: { name: "Countess" } }) { crew { id } } }`)
    await eventually(
      () => [names(here), names(there)],
      (all) => all.every((one) => one?.[0] === 'Countess'),
      PATIENCE,
    )

    expect(await Promise.all([leads(first), leads(second)])).toEqual([
      { pump: true, ticker: true },
      { pump: false, ticker: false },
    ])
  }, 120_000)

  it('go on within seconds when the leader is killed: each slot runs once, each mark is announced once, live clients are right', async () => {
    const receiver = await startReceiver()
    await graphql(first, `mutation { createWebhook(input: { url: "${receiver.url}" }) { newWebhook { id } } }`)
    await graphql(
      first,
      `mutation { createMatview(input: { name: "ticks", definition: "select count(*) as n from crew", notifyWhen: ALWAYS, schedule: "1 seconds" }) { matview { id } } }`,
    )
    const [before, after, live] = [await follow(first), await follow(second), await watch(second)]
    await after.until(() => after.messages.length >= 3, PATIENCE)

    await first.kill()
    const killed = Date.now()
    await eventually(
      () => leads(second),
      ({ pump, ticker }) => pump && ticker,
      PATIENCE,
    )
    const took = Date.now() - killed
    await db.sql(`insert into ws_main.crew values (3, 'Edsger')`)
    await eventually(
      () => names(live),
      (all) => all?.length === 3,
      PATIENCE,
    )
    const heard = after.messages.length
    await after.until(() => after.messages.length >= heard + 3, PATIENCE)
    await db.sql('update app_public.schedules set active = false')
    await new Promise((resolve) => setTimeout(resolve, 1500))

    const marks = await db.sql<{ id: string; slot: string }>(
      `select e.id, floor(extract(epoch from r.started_at)) as slot from app_public.matview_refresh_events e
         join app_public.runs r on r.event_id = e.id where e.matview_name = 'ticks' and r.reason = 'schedule' order by e.id`,
    )
    expect(took).toBeLessThan(process.env.CI === 'true' ? 10_000 : 5000)
    expect(new Set(marks.map(({ slot }) => slot)).size).toBe(marks.length)
    const ids = after.messages.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)])
    expect(ids).toEqual(marks.map(({ id }) => id).filter((id) => Number(id) >= Number(ids[0])))
    expect(before.messages.map(({ id }) => id).filter((id) => Number(id) >= Number(ids[0]))).toEqual(
      ids.slice(0, before.messages.filter(({ id }) => Number(id) >= Number(ids[0])).length),
    )
    const delivered = () => [...new Set(receiver.got.map(({ headers }) => String(headers['webhook-id']).split('_')[1]!))]
    await eventually(delivered, (all) => marks.every(({ id }) => all.includes(id)), PATIENCE)
    expect(delivered().map(Number)).toEqual(
      delivered()
        .map(Number)
        .toSorted((a, b) => a - b),
    )
    expect(receiver.got.length - delivered().length).toBeLessThanOrEqual(1) // the one that was on its way
    await Promise.all([before.close(), after.close()])
    await receiver.close()
  }, 240_000)
})
