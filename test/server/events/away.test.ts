/**
 * A consumer that was away, by each of the three ways that it may follow: SSE, GraphQL, the command line. All read the log by
 * server/events/catch-up.ts and must tell the same.
 */
import { fromServer } from '../../../scripts/listen/server.ts'
import { fromDatabase } from '../../../scripts/listen/database.ts'
import type { Follow, Item } from '../../../scripts/listen/follow.ts'
import { workspaceName } from '../../support/database.ts'
import { startWorld, type World } from '../../support/world.ts'
import { type Client, connect } from '../live/harness.ts'
import { eventually, mark } from './support.ts'

let world: World
let client: Client
const acme = workspaceName('away')
let token: string

const MARKS = `subscription ($matview: String, $after: BigInt) { matviewRefreshed(matview: $matview, after: $after) {
  event { id changesTruncated refreshId } changes { seq op key new } changesNext reset { reason after lostUntil last } } }`

beforeAll(async () => {
  world = await startWorld({ worker: false })
  token = await world.token({ workspace: acme })
  client = await connect(world.url, token)
}, 60_000)
afterAll(async () => {
  client?.close()
  await world?.close()
})

/** As many items of a listener as are asked for. */
async function take(items: (follow: Follow) => AsyncGenerator<Item>, after: string, count: number): Promise<Item[]> {
  const stop = new AbortController()
  const got: Item[] = []
  for await (const item of items({ after, workspace: acme, matview: null, changes: false, signal: stop.signal, note: () => {} })) {
    if (item.kind !== 'begin') got.push(item)
    if (got.length === count) stop.abort()
    if (stop.signal.aborted) break
  }
  return got
}

describe('A consumer that was away longer than retention', () => {
  it('gets a reset and then what is kept, whether it comes by SSE, GraphQL or the command line', async () => {
    const lost = await mark(world.db, { workspace: acme })
    await world.db.sql(`
      create table app_public.matview_refresh_events_20200101 partition of app_public.matview_refresh_events for values from ('2020-01-01') to ('2020-01-02')`)
    await world.db.sql(`update app_public.matview_refresh_events set created_at = '2020-01-01 12:00Z' where id = $1`, [lost])
    await world.db.sql('select app_private.roll_partitions()')
    const kept = [await mark(world.db, { workspace: acme }), await mark(world.db, { workspace: acme })]
    const before = String(Number(lost) - 1)
    const told = { reason: 'retention', after: before, lost_until: lost, last: kept[1] }

    const marks = client.open(MARKS, { variables: { after: before } })
    await marks.nth(2, 25_000) // the schema is built first
    const sse = await take((follow) => fromServer(world.url, token, follow), before, 3)
    const cli = await take((follow) => fromDatabase({ DATABASE_URL: world.db.url, TIDEMARK_SECRET: world.db.secret }, follow), before, 3)

    for (const items of [sse, cli]) {
      expect(items[0]).toEqual({ kind: 'reset', id: lost, reset: told })
      expect(items.slice(1).map(({ id }) => id)).toEqual(kept)
    }
    const [reset, ...rest] = marks.results.map(({ data, errors }) => errors ?? data.matviewRefreshed)
    expect(reset).toEqual({
      event: null,
      changes: [],
      changesNext: null,
      reset: { reason: 'RETENTION', after: before, lostUntil: lost, last: kept[1] },
    })
    expect(rest.map(({ event, reset: again }) => [event.id, again])).toEqual(kept.map((id) => [id, null]))
    marks.complete()
  })

  it('goes on with what comes after that, and a cursor that is still good gets no reset', async () => {
    const one = await mark(world.db, { workspace: acme })
    const marks = client.open(MARKS, { variables: { after: one } })
    const two = await mark(world.db, { workspace: acme })
    await marks.nth(0)
    const three = await mark(world.db, { workspace: acme })
    await marks.nth(1)

    expect(marks.results.map(({ data }) => [data.matviewRefreshed.event.id, data.matviewRefreshed.reset])).toEqual([
      [two, null],
      [three, null],
    ])
    marks.complete()
  })
})

describe('GraphQL', () => {
  it('tells a cursor that lies ahead of the log', async () => {
    const marks = client.open(MARKS, { variables: { after: '999999999' } })

    expect((await marks.nth(0)).data.matviewRefreshed.reset).toMatchObject({ reason: 'AHEAD', after: '999999999' })
    expect((await marks.nth(1)).data.matviewRefreshed.event).not.toBeNull()
    marks.complete()
  })

  it('reads a long backlog page by page, in order, with what comes meanwhile', async () => {
    const first = await mark(world.db, { workspace: acme })
    const many = await world.db.sql<{ id: string }>(
      `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name) select $1, 1, 'v' from generate_series(1, 230) returning id`,
      [acme],
    )
    const ids = many.map(({ id }) => id).toSorted((a, b) => Number(a) - Number(b))

    const marks = client.open('subscription ($after: BigInt) { matviewRefreshed(after: $after) { event { id } } }', {
      variables: { after: first },
    })
    for (let n = 0; n < 10; n++) ids.push(await mark(world.db, { workspace: acme, changes: 0 }))
    await marks.nth(239, 20_000)

    expect(marks.results.map(({ data }) => data.matviewRefreshed.event.id)).toEqual(ids)
    marks.complete()
  })

  it('brings the first rows of a big refresh and where to go on, and of a truncated one that it was', async () => {
    const big = await mark(world.db, { workspace: acme, changes: 2500 })
    const cut = await mark(world.db, { workspace: acme, changes: 30, kept: 10 })

    const marks = client.open(MARKS, { variables: { after: String(Number(big) - 1) } })
    const { matviewRefreshed: one } = (await marks.nth(0)).data
    const { matviewRefreshed: two } = (await marks.nth(1)).data
    const page = await world.graphql(
      `query ($refreshId: BigInt!, $after: Int!) { matviewRefreshChanges(condition: { refreshId: $refreshId }, filter: { seq: { greaterThan: $after } }, orderBy: SEQ_ASC, first: 1000) { nodes { seq } } }`,
      { refreshId: one.event.refreshId, after: one.changesNext },
      token,
    )

    expect(one.changes).toHaveLength(1000)
    expect(one.changes[999]).toMatchObject({ seq: 1000, key: { id: 1000 } })
    expect(one).toMatchObject({ changesNext: 1000, event: { changesTruncated: false } })
    expect(page.matviewRefreshChanges.nodes.map(({ seq }: { seq: number }) => seq)).toEqual(
      Array.from({ length: 1000 }, (_, n) => 1001 + n),
    )
    expect(two).toMatchObject({ changesNext: null, event: { id: cut, changesTruncated: true } })
    expect(two.changes).toHaveLength(10)
    marks.complete()
  })

  it('refuses a view that is not there, instead of waiting for it [TMNOF]', async () => {
    const marks = client.open(MARKS, { variables: { matview: 'no_such_view' } })

    expect((await marks.nth(0)).errors[0].extensions.code).toBe('TMNOF')
  })

  it('leaves nobody behind who has gone', async () => {
    const waiting = () => world.server.events.waiting()
    const before = waiting()
    const marks = client.open(MARKS)
    await eventually(waiting, (n) => n === before + 1)

    marks.complete()

    await eventually(waiting, (n) => n === before)
  })
})
