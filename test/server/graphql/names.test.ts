/** Names: what people call things, what the API calls them, and that no name or comment breaks a schema. */
import { startWorld, type World } from '../../support/world.ts'
import { sleep } from '../live/harness.ts'

let world: World
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)
const relations = async () =>
  new Map<string, any>(
    (
      await world.graphql(
        '{ apiRelations { name kind type query single live create update delete key comment columns { name field type graphqlType notNull hasDefault ascending } } }',
      )
    ).apiRelations.map((one: any) => [one.name, one]),
  )
const fields = async (type: string) =>
  (await world.graphql('query ($type: String!) { __type(name: $type) { fields { name } } }', { type })).__type.fields.map(
    ({ name }: any) => name,
  )

const HOSTILE = [
  'query',
  'Query',
  'queries',
  'node',
  'sales-2020',
  'sales_2020',
  'Sales2020',
  'people',
  'person',
  'sale',
  'sale_connection',
  'sales_edge',
  'sale_input',
  'sale_patch',
  'create_sale_input',
  'to_many_sale_filter',
  'sale_filter',
  'sales_order_by',
  '1x',
  'таблица',
  '表',
  '😀',
  'a"b',
  "it's",
  'x'.repeat(63),
  'é',
  'e',
  'String',
  'Int',
  'BigInt',
  'JSON',
  'PageInfo',
  'Cursor',
  'mutation',
  'subscription',
  'events',
  'accounts',
  'api_relation',
  'preview_column',
  'matview',
  'run',
  'relations',
  'notify_when',
  'table_change_payload',
  'matviews_live',
  'null',
  'true',
  ' ',
  '-',
  'datetime',
]

beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world?.close())

describe('a relation', () => {
  it('has its columns under their own names, nodeId for the node id, foreign keys both ways, comments as documentation', async () => {
    await sql(`create table customers (id bigint primary key, "Full Name" text, unit_price numeric, "AColumnOfNumbers" int);
      create table orders (id bigint primary key, customer_id bigint references customers);
      comment on table customers is 'Who buys'; comment on column customers.unit_price is 'In euros';
      create materialized view totals as select customer_id, count(*) as n from orders group by 1; create unique index on totals (customer_id);
      insert into customers values (1, 'Ada', 2.50, 7); insert into orders values (10, 1)`)
    await sleep(600)

    const all = await relations()
    expect(all.get('customers')).toMatchObject({
      kind: 'TABLE',
      query: 'customers',
      single: 'customer',
      live: 'customersLive',
      create: 'createCustomer',
      key: ['id'],
      comment: 'Who buys',
    })
    expect(all.get('customers').columns.map(({ name, field, ascending }: any) => [name, field, ascending])).toEqual([
      ['id', 'id', 'ID_ASC'],
      ['Full Name', 'Full_Name', 'Full_Name_ASC'],
      ['unit_price', 'unit_price', 'UNIT_PRICE_ASC'],
      ['AColumnOfNumbers', 'AColumnOfNumbers', 'AColumnOfNumbers_ASC'],
    ])
    expect(all.get('totals')).toMatchObject({ kind: 'MATVIEW', key: ['customer_id'] })
    const data = await world.graphql(
      '{ customers { nodes { nodeId id Full_Name unit_price AColumnOfNumbers orders { nodes { id customer { id } } } } } total(customer_id: 5) { n } }',
    )
    expect(data.customers.nodes).toEqual([
      {
        nodeId: expect.any(String),
        id: '1',
        Full_Name: 'Ada',
        unit_price: '2.50',
        AColumnOfNumbers: 7,
        orders: { nodes: [{ id: '10', customer: { id: '1' } }] },
      },
    ])
  })

  it('that is called like one of ours gets a readable name; ours keeps its own', async () => {
    await sql(
      `create table schedules (id int primary key, place text); create table uploads (id int primary key); create table matviews (id int primary key)`,
    )
    await sleep(600)

    const all = await relations()

    expect(['schedules', 'uploads', 'matviews'].map((name) => all.get(name).query)).toEqual(['wsSchedules', 'wsUploads', 'wsMatviews'])
    expect(await fields('Schedule')).toContain('matviewId')
    expect(await fields('WsSchedule')).toEqual(expect.arrayContaining(['id', 'place']))
  })

  it('may be called after a type of geometry', async () => {
    await sql('create table points (id int primary key, place point, took interval); create table paths (id int primary key)')
    await sleep(900)
    const all = await relations()
    expect([all.get('points').query, all.get('paths').query, all.get('points').columns[1].graphqlType]).toEqual([
      'points',
      'paths',
      'PgPoint',
    ])
    expect(await world.graphql('{ points { nodes { place { x y } took { days } } } }')).toEqual({ points: { nodes: [] } })
  })

  it('of two that GraphQL would spell alike the older keeps the name', async () => {
    await sql(`create table "t-2020" (id int primary key); create table t_2020 (id int primary key)`)
    await sleep(600)

    const all = await relations()

    expect([all.get('t-2020').query, all.get('t_2020').query]).toEqual(['t2020s', 't2020No2s'])
  })

  it('of any name and with any comment is in the API and can be asked for', async () => {
    const columns = [
      'id',
      'node_id',
      'nodeId',
      'and',
      'or',
      'not',
      '__typename',
      'a b',
      'a-b',
      'foo_bar',
      'fooBar',
      '2y',
      'ü',
      '列',
      'query',
      'clientMutationId',
      'x'.repeat(63),
    ]
    const list = columns
      .slice(1)
      .map((name) => `"${name}" text`)
      .join(', ')
    for (const name of HOSTILE) await sql(`create table "${name.replace(/"/g, '""')}" (id int primary key, ${list})`)
    await sql('create table __typename (id int primary key); create table _mine (id int primary key)') // these are hidden, as names with _ are
    await sql(`comment on table sale is '@name query
@foreignKey (id) references nope (x)
@behavior -*
@omit'; comment on column sale.foo_bar is '@name nodeId'; create view v_sales as select * from sale; create type mood as enum ('ok', 'not ok', '1', '-'); create domain event_domain as text; create table moody (id int primary key, m mood, d event_domain, n mood[])`)

    let all = await relations()
    for (const until = Date.now() + 40_000; !(all.has('moody') && all.has('datetime')) && Date.now() < until; all = await relations())
      await sleep(300)

    expect(HOSTILE.filter((name) => !all.has(name))).toEqual([])
    expect(new Set([...all.values()].map(({ query }) => query)).size).toBe(all.size)
    for (const { query, columns: own } of all.values()) {
      expect(own.every(({ field }: any) => /^[_A-Za-z][_0-9A-Za-z]*$/.test(field) && !field.startsWith('__'))).toBe(true)
      await world.graphql(
        `{ ${query}(first: 1) { nodes { ${own.map(({ field, graphqlType }: any) => (graphqlType.startsWith('Pg') ? `${field} { __typename }` : field)).join(' ')} } } }`,
      )
    }
    expect(all.get('sale').columns.map(({ field }: any) => field)).toEqual([
      'id',
      'node_id',
      'nodeId_column',
      'and_column',
      'or_column',
      'not_column',
      '_typename',
      'a_b',
      'a_b_column',
      'foo_bar',
      'fooBar',
      '_2y',
      'u',
      expect.any(String),
      'query_column',
      'clientMutationId_column',
      'x'.repeat(63),
    ])
  }, 90_000)
})
