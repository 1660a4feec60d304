/** The live client of the web app against a real server: reconnects by itself, and shows what the database has. */
import { makeLiveClient } from '../../web/shared/live/client.ts'
import { sleep } from '../server/live/harness.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)

beforeAll(async () => {
  world = await startWorld()
  await sql('create table points (id int primary key, n int); insert into points values (1, 1), (2, 2), (3, 3)')
  await sleep(500)
}, 60_000)
afterAll(() => world?.close())

async function until(ready: () => boolean, ms = 10_000) {
  for (const end = Date.now() + ms; !ready(); await sleep(20)) if (Date.now() > end) throw new Error(`it did not become so: ${ready}`)
}

it('keeps a copy of the page right, over patches and a lost connection, and keeps what did not change', async () => {
  const token = await world.token()
  const states: string[] = []
  const client = makeLiveClient({
    url: `${world.url.replace('http', 'ws')}/graphql`,
    params: () => ({ authorization: `Bearer ${token}` }),
    onState: (state) => states.push(state),
  })
  let nodes: any[] = []
  let total: number | null = null
  const stop = client.live({ query: 'subscription { pointsLive(orderBy: N_ASC) { nodes { nodeId id n } totalCount } }' }, (page) => {
    nodes = page.nodes
    total = page.totalCount
  })
  await until(() => nodes.length === 3)
  const untouched = nodes[2]
  await sleep(500)

  await sql('update points set n = 0 where id = 2')
  await until(() => nodes[0].id === 2)
  expect([nodes.map(({ id }) => id), nodes[2], total]).toEqual([[2, 1, 3], untouched, 3])

  await world.db.sql(`select 1`)
  ;(client as any).pause()
  await sql('insert into points values (4, 4)')
  client.resume()
  await until(() => nodes.length === 4)

  stop()
  client.close()
  expect(states.slice(0, 2)).toEqual(['connecting', 'live'])
  expect(states).toContain('paused')
})

it('that is not let in says so, and asks again only when told to', async () => {
  const states: string[] = []
  let token = 'tm_wrong'
  const client = makeLiveClient({
    url: `${world.url.replace('http', 'ws')}/graphql`,
    params: () => ({ authorization: `Bearer ${token}` }),
    onState: (state) => states.push(state),
  })
  let nodes: any[] = []
  client.live({ query: 'subscription { pointsLive { nodes { nodeId id } } }' }, (page) => {
    nodes = page.nodes
  })
  await until(() => client.state === 'refused')
  token = await world.token()

  client.resume()

  await until(() => nodes.length === 4)
  expect(states).toEqual(['connecting', 'refused', 'idle', 'connecting', 'live'])
  client.close()
})

it('comes back by itself when the database was away [TMDBN]', async () => {
  const token = await world.token()
  const states: string[] = []
  const client = makeLiveClient({
    url: `${world.url.replace('http', 'ws')}/graphql`,
    params: () => ({ authorization: `Bearer ${token}` }),
    onState: (state) => states.push(state),
  })
  let nodes: any[] = []
  client.live({ query: 'subscription { pointsLive(orderBy: ID_DESC) { nodes { nodeId id } } }' }, (page) => {
    nodes = page.nodes
  })
  await until(() => nodes.length > 0)
  client.pause()
  // No role but the superuser gets a connection: 53300, as from a PostgreSQL that is full or has just come up
  const database = (limit: number) =>
    world.db.sql(`do $$ begin execute format('alter database %I connection limit ${limit}', current_database()); end $$`)
  await database(0)
  await world.db.sql(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )

  client.resume()
  await until(() => states.filter((state) => state === 'waiting').length > 1)
  await database(-1)
  await sql('insert into points values (5, 5)')

  await until(() => nodes[0]?.id === 5)
  expect(states).not.toContain('refused')
  client.close()
}, 30_000)

it('hears of an error of its query', async () => {
  const token = await world.token()
  const client = makeLiveClient({ url: `${world.url.replace('http', 'ws')}/graphql`, params: () => ({ authorization: `Bearer ${token}` }) })
  let errors: any[] = []
  client.live(
    { query: 'subscription { nothingLive { nodes { id } } }' },
    () => {},
    (found) => {
      errors = found
    },
  )
  await until(() => errors.length > 0)
  expect(errors[0].extensions.code).toBe('TMARG')
  client.close()
})

it('starts again, at the next connection, what the server refused at the last one', async () => {
  const token = await world.token()
  const client = makeLiveClient({
    url: `${world.url.replace('http', 'ws')}/graphql`,
    params: () => ({ authorization: `Bearer ${token}` }),
  })
  let refused = 0
  let nodes: any[] = []
  client.live(
    { query: 'subscription { latecomersLive { nodes { nodeId id } } }' },
    (page) => {
      nodes = page.nodes
    },
    () => refused++,
  )
  await until(() => refused === 1)
  await sql('create table latecomers (id int primary key); insert into latecomers values (1)')

  for (const end = Date.now() + 20_000; nodes.length === 0 && Date.now() < end; await sleep(500)) {
    client.pause()
    client.resume()
    await sleep(500)
  }

  expect(nodes.map(({ id }) => id)).toEqual([1])
  client.close()
})
