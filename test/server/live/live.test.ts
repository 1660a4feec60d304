/** Live queries from outside: what a client sees when rows change, and what it does not see. */
import { startWorld, type World } from '../../support/world.ts'
import { type Client, connect, inApi, settled as rest, sleep } from './harness.ts'

let world: World
let client: Client
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)

beforeAll(async () => {
  world = await startWorld()
  await sql(`create table items (id int primary key, name text, price int);
    insert into items select g, 'item ' || g, g * 10 from generate_series(1, 100) g;
    create view cheap as select id, name from items where price < 50;
    create table customers (id int primary key, name text);
    create table orders (id int primary key, customer_id int references customers, amount int);
    insert into customers values (1, 'Ada'), (2, 'Bob'); insert into orders values (1, 1, 5), (2, 2, 7);
    create table plain (a int, b text)`)
  await inApi(world, 'plain')
  client = await connect(world.url, await world.token())
}, 60_000)
afterAll(async () => {
  client?.close()
  await world?.close()
})

const settled = () => rest(world)

describe('a live query', () => {
  it('sends the page at once, and again when a row of it changed', async () => {
    const live = client.open('subscription { itemsLive(first: 3, orderBy: ID_ASC) { nodes { id name } totalCount } }')
    expect(await live.nth(0)).toEqual({
      data: {
        itemsLive: {
          nodes: [
            { id: 1, name: 'item 1' },
            { id: 2, name: 'item 2' },
            { id: 3, name: 'item 3' },
          ],
          totalCount: 100,
        },
      },
    })
    await settled()

    await sql(`update items set name = 'second' where id = 2`)

    expect((await live.nth(1)).data.itemsLive.nodes[1]).toEqual({ id: 2, name: 'second' })
    live.complete()
  })

  it('sends nothing when a row outside its window changed, and runs nothing again', async () => {
    const live = client.open(
      'subscription { itemsLive(first: 5, orderBy: PRICE_ASC, filter: { price: { lessThan: 900 } }) { nodes { id price } } }',
      { patch: true },
    )
    await live.nth(0)
    await settled()
    const { runs, tests } = world.server.live.stats()

    await sql(`update items set price = 800 where id = 60`)
    await sql(`update items set price = 5000 where id = 99`)
    await sleep(400)

    expect(live.results).toHaveLength(1)
    expect(world.server.live.stats().runs).toBe(runs)
    expect(world.server.live.stats().tests).toBeGreaterThan(tests)
    live.complete()
  })

  it('brings in a row that comes into the window, and names the one that leaves it', async () => {
    const live = client.open('subscription { itemsLive(first: 3, orderBy: PRICE_ASC) { nodes { nodeId id price } } }', { patch: true })
    const first = (await live.nth(0)).data.itemsLive.nodes
    await settled()

    await sql(`update items set price = 1 where id = 70`)

    const { data, extensions } = await live.nth(1)
    expect(data.itemsLive).not.toHaveProperty('nodes')
    expect(extensions.patch).toEqual({
      revision: 2,
      upserts: [{ index: 0, node: { nodeId: expect.any(String), id: 70, price: 1 } }],
      removes: [first[2].nodeId],
      totalCount: null,
    })
    live.complete()
  })

  it('patches carry totalCount, and nodes carry their nodeId though nobody asked', async () => {
    const live = client.open('subscription { itemsLive(first: 2, orderBy: ID_DESC) { nodes { id } totalCount } }', { patch: true })
    const first = await live.nth(0)
    expect(first.extensions.patch).toEqual({ revision: 1, upserts: [], removes: [], totalCount: 100 })
    expect(first.data.itemsLive.nodes[0].nodeId).toEqual(expect.any(String))
    await settled()

    await sql(`insert into items values (101, 'new', 1010)`)

    const { extensions } = await live.nth(1)
    expect(extensions.patch).toMatchObject({
      upserts: [{ index: 0, node: { id: 101 } }],
      removes: [first.data.itemsLive.nodes[1].nodeId],
      totalCount: 101,
    })
    await sql(`delete from items where id = 101`)
    expect((await live.nth(2)).extensions.patch).toMatchObject({ totalCount: 100, removes: [expect.any(String)] })
    live.complete()
  })

  it('on a view hears of its base table', async () => {
    const live = client.open('subscription { cheapsLive { nodes { id name } } }')
    const before = (await live.nth(0)).data.cheapsLive.nodes.length
    await settled()

    await sql(`update items set price = 2 where id = 90`)

    expect((await live.nth(1)).data.cheapsLive.nodes).toHaveLength(before + 1)
    live.complete()
  })

  it('hears of a relation that its document reaches by a foreign key', async () => {
    const live = client.open('subscription { ordersLive { nodes { id customer { name } } } }')
    expect((await live.nth(0)).data.ordersLive.nodes[0]).toEqual({ id: 1, customer: { name: 'Ada' } })
    await settled()

    await sql(`update customers set name = 'Ada L.' where id = 1`)

    expect((await live.nth(1)).data.ordersLive.nodes[0].customer.name).toBe('Ada L.')
    live.complete()
  })

  it('that reaches another relation goes on hearing of its own', async () => {
    const live = client.open('subscription { ordersLive(orderBy: ID_ASC) { nodes { amount customer { name } } } }')
    await live.nth(0)
    await settled()

    for (const [n, amount] of [6, 5].entries()) {
      await sql(`update orders set amount = ${amount} where id = 1`)
      expect((await live.nth(n + 1)).data.ordersLive.nodes[0].amount).toBe(amount)
    }
    live.complete()
  })

  it('on a materialized view hears of its refreshes, also of those that are not announced', async () => {
    await world.graphql(
      `mutation { createMatview(input: { name: "by_customer", definition: "select customer_id, sum(amount) as total from orders group by 1", key: ["customer_id"], notifyWhen: CHANGED }) { matview { id } } }`,
    )
    await inApi(world, 'by_customer')
    const live = client.open('subscription { byCustomersLive(orderBy: CUSTOMER_ID_ASC) { nodes { customer_id total } } }', { patch: true })
    expect((await live.nth(0)).data.byCustomersLive.nodes).toMatchObject([
      { customer_id: 1, total: '5' },
      { customer_id: 2, total: '7' },
    ])

    await sql(`update orders set amount = 50 where id = 1`)
    await world.graphql('mutation { refreshMatview(input: { name: "by_customer" }) { event { id } } }')

    expect((await live.nth(1)).extensions.patch.upserts).toMatchObject([{ index: 0, node: { customer_id: 1, total: '50' } }])
    live.complete()
  })

  it('on a table without a key sends whole pages', async () => {
    const live = client.open('subscription { plainsLive { nodes { a b } } }', { patch: true })
    expect((await live.nth(0)).data.plainsLive.nodes).toEqual([])
    await settled()

    await sql(`insert into plain values (1, 'x')`)

    expect(await live.nth(1)).toMatchObject({ data: { plainsLive: { nodes: [{ a: 1, b: 'x' }] } } })
    live.complete()
  })

  it('is answered once for all who ask the same', async () => {
    const query = 'subscription ($n: Int) { itemsLive(first: $n, orderBy: NAME_ASC) { nodes { id name } } }'
    const token = await world.token()
    const others = await Promise.all([1, 2, 3].map(() => connect(world.url, token)))
    const runs = world.server.live.stats().runs
    const all = [client, ...others].map((one) => one.open(query, { variables: { n: 4 }, patch: true }))
    await Promise.all(all.map((one) => one.nth(0)))
    await settled()
    const settledRuns = world.server.live.stats().runs
    expect(settledRuns - runs).toBeLessThanOrEqual(2)

    await sql(`update items set name = 'aaa' where id = 50`)

    for (const one of all) expect((await one.nth(1)).extensions.patch.upserts[0].node.name).toBe('aaa')
    expect(world.server.live.stats().runs - settledRuns).toBe(1)
    others.forEach((one) => one.close())
    all[0]!.complete()
  })

  it('is right after many changes at once: the patched copy equals a fresh page', async () => {
    const live = client.open(
      'subscription { itemsLive(first: 40, offset: 3, orderBy: [PRICE_DESC, ID_ASC]) { nodes { nodeId id price name } totalCount } }',
      { patch: true },
    )
    let copy: any[] = (await live.nth(0)).data.itemsLive.nodes
    await settled()
    let seen = 1
    for (let round = 0; round < 12; round++) {
      await sql(`update items set price = (price * 7919 + ${round} * 104729) % 1000 where id % 5 = ${round % 5};
        delete from items where id = ${20 + round}; insert into items values (${200 + round}, 'n${round}', ${round * 60})`)
      await sleep(60)
    }
    await settled()
    for (; seen < live.results.length; seen++) {
      const { data, extensions } = live.results[seen]
      if (data.itemsLive.nodes) copy = data.itemsLive.nodes
      copy = copy.filter((node) => !extensions.patch.removes.includes(node.nodeId))
      for (const { index, node } of extensions.patch.upserts) {
        const at = copy.findIndex((one) => one.nodeId === node.nodeId)
        if (at >= 0) copy.splice(at, 1)
        copy.splice(index, 0, node)
      }
    }
    const fresh = await world.graphql('{ items(first: 40, offset: 3, orderBy: [PRICE_DESC, ID_ASC]) { nodes { nodeId id price name } } }')
    expect(copy).toEqual(fresh.items.nodes)
    live.complete()
  })
})
