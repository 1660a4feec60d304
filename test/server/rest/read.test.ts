/**
 * GET as PostgREST's own client sends it: what comes back is what PostgREST would answer.
 */
import { type Shop, startShop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
}, 60_000)
afterAll(() => shop.close())

const idsOf = ({ data, error }: { data: any; error: any }) => error ?? data.map((row: any) => row.id)

describe('reading a relation', () => {
  it('answers the rows of a table, a view and a materialized view', async () => {
    expect((await shop.rest.from('products').select()).data).toEqual([
      { id: 1, name: 'tea' },
      { id: 2, name: 'cup' },
    ])
    expect(idsOf(await shop.rest.from('big_orders').select('id').order('id'))).toEqual([2, 3])
    expect((await shop.rest.from('totals').select('total').eq('customer_id', 1).single()).data).toEqual({ total: 30.5 })
  })

  it('gives columns other names, casts them and follows json paths', async () => {
    const { data } = await shop.rest
      .from('customers')
      .select('label:name, id::text, vip:meta->vip, nr:meta->phones->0->>nr, meta->>age')
      .eq('id', 1)

    expect(data).toEqual([{ label: 'Ann', id: '1', vip: true, nr: '1', age: '40' }])
  })

  it('refuses a cast to what is no type [42704]', async () => {
    const { error, status } = await shop.rest.from('customers').select('id::pg_authid')

    expect([status, error!.code]).toEqual([400, '42704'])
  })

  it('aggregates by the columns beside', async () => {
    const { data } = await shop.rest.from('orders').select('customer_id, amount.sum(), n:count()').order('customer_id')

    expect(data).toEqual([
      { customer_id: 1, sum: 30.5, n: 2 },
      { customer_id: 2, sum: 30, n: 1 },
      { customer_id: null, sum: 5, n: 1 },
    ])
  })

  it('leaves nulls out on request', async () => {
    expect((await shop.rest.from('customers').select('id, city').eq('id', 3).stripNulls()).data).toEqual([{ id: 3 }])
  })

  it('answers one object, or says that there is not one [PGRST116]', async () => {
    const none = await shop.rest.from('products').select().eq('id', 9).single()

    expect((await shop.rest.from('products').select().eq('id', 1).single()).data).toEqual({ id: 1, name: 'tea' })
    expect([none.status, none.error!.code, none.error!.details]).toEqual([406, 'PGRST116', 'The result contains 0 rows'])
    expect((await shop.rest.from('products').select().single()).error!.details).toBe('The result contains 2 rows')
    expect((await shop.rest.from('products').select().eq('id', 9).maybeSingle()).data).toBeNull()
  })
})

describe('filters', () => {
  const orders = () => shop.rest.from('orders').select('id').order('id')
  const cases: [string, (query: any) => any, number[]][] = [
    ['eq', (q) => q.eq('paid', true), [1, 3]],
    ['neq', (q) => q.neq('id', 2), [1, 3, 4]],
    ['gt and lte', (q) => q.gt('amount', 10).lte('amount', '20.00'), [1, 2]],
    ['gte and lt on dates', (q) => q.gte('placed', '2024-02-01').lt('placed', '2024-03-01'), [2]],
    ['like', (q) => q.like('note', '%dog%'), [2]],
    ['like with the star', (q) => q.filter('note', 'like', '*dog*'), [2]],
    ['ilike', (q) => q.ilike('note', 'THE%'), [1]],
    ['likeAnyOf', (q) => q.likeAnyOf('note', ['%fox', '%dogs']), [1, 2]],
    ['likeAllOf', (q) => q.likeAllOf('note', ['the%', '%fox']), [1]],
    ['match', (q) => q.filter('note', 'match', '^la'), [2]],
    ['imatch', (q) => q.filter('note', 'imatch', '^LA'), [2]],
    ['in', (q) => q.in('id', [1, 4, 99]), [1, 4]],
    ['in with nothing', (q) => q.in('id', []), []],
    ['in with reserved signs', (q) => q.in('note', ['lazy dogs', 'x,y)']), [2]],
    ['is null', (q) => q.is('paid', null), [4]],
    ['is true', (q) => q.is('paid', true), [1, 3]],
    ['isDistinct', (q) => q.filter('customer_id', 'isdistinct', '1'), [3, 4]],
    ['contains, of arrays', (q) => q.contains('tags', ['b']), [1, 2]],
    ['containedBy', (q) => q.containedBy('tags', ['b', 'c']), [2, 4]],
    ['overlaps', (q) => q.overlaps('tags', ['a', 'z']), [1]],
    ['rangeLt', (q) => q.rangeLt('span', '[5,9)'), [1]],
    ['rangeGt', (q) => q.rangeGt('span', '[5,9)'), [3]],
    ['rangeAdjacent', (q) => q.rangeAdjacent('span', '[5,9)'), [1]],
    ['overlaps, of ranges', (q) => q.overlaps('span', '[4,6)'), [1, 2]],
    ['textSearch', (q) => q.textSearch('note', 'fox & quick', { config: 'english' }), [1]],
    ['textSearch, plain', (q) => q.textSearch('note', 'lazy dog', { type: 'plain', config: 'english' }), [2]],
    ['textSearch, websearch', (q) => q.textSearch('note', '"quick brown" or dogs', { type: 'websearch' }), [1, 2]],
    ['not', (q) => q.not('note', 'is', null).not('id', 'in', '(1,2)'), [4]],
    ['or', (q) => q.or('id.eq.1,amount.gt.25'), [1, 3]],
    ['nested logic', (q) => q.or('and(paid.is.true,amount.lt.20),not.and(id.lt.4,amount.gte.0)'), [1, 4]],
    ['or with lists, arrays and quotes', (q) => q.or('id.in.(3),tags.cs.{a},note.eq."a,b \\"c\\" (d)"'), [1, 3, 4]],
    ['match of several', (q) => q.match({ customer_id: 1, paid: false }), [2]],
    ['values with signs of the query string', (q) => q.eq('note', 'a,b "c" (d)'), [4]],
  ]
  it.each(cases)('%s', async (_name, narrow, ids) => {
    expect(idsOf(await narrow(orders()))).toEqual(ids)
  })

  it('compare what a json path leads to', async () => {
    const { data } = await shop.rest.from('customers').select('id').eq('meta->>vip', 'true').gt('meta->age', 39)

    expect(data).toEqual([{ id: 1 }])
  })

  it('compare enums, and say which column is not there [42703]', async () => {
    expect(idsOf(await shop.rest.from('customers').select('id').eq('mood', 'bad'))).toEqual([2])
    const { status, error } = await shop.rest.from('customers').select().eq('nope', 1)
    expect([status, error!.code, error!.message]).toEqual([400, '42703', 'column customers.nope does not exist'])
  })

  it('say what does not fit a type [22P02] and what is no operator [PGRST100]', async () => {
    expect((await shop.rest.from('orders').select().eq('id', 'x')).error).toMatchObject({
      code: '22P02',
      message: 'invalid input syntax for type integer: "x"',
    })
    expect((await shop.rest.from('orders').select().filter('id', 'bogus', 1)).error!.code).toBe('PGRST100')
  })

  it('find columns whose names have spaces, dots, quotes and other alphabets', async () => {
    await shop.rest.from('people').insert({ 'Full Name': 'x', 'a.b': 1, 'q"uote': 'y', email: 'names' })

    expect(
      (
        await shop.rest
          .from('people')
          .select('"Full Name", "a.b"')
          .eq('Full Name', 'x')
          .eq('a.b', 1)
          .eq('"q\\"uote"', 'y')
          .order('Full Name')
      ).data,
    ).toEqual([{ 'Full Name': 'x', 'a.b': 1 }])
    expect((await shop.ask('/people?select=Full Name,"q\\"uote"&order="q\\"uote".desc')).body).toEqual([
      { 'Full Name': 'x', 'q"uote': 'y' },
    ])
    const reply = await shop.ask(`/${encodeURIComponent('Ünïcode 表/x')}?select=select,ключ&%22select%22=gt.0`)
    expect([reply.status, reply.body]).toEqual([200, []])
  })
})

describe('order and pages', () => {
  it('orders up and down with nulls first or last', async () => {
    const cities = async (options: object) =>
      (await shop.rest.from('customers').select('city').order('city', options)).data!.map((row: any) => row.city)

    expect(await cities({ ascending: true, nullsFirst: true })).toEqual([null, 'Basel', 'Bern'])
    expect(await cities({ ascending: false, nullsFirst: false })).toEqual(['Bern', 'Basel', null])
    expect((await shop.rest.from('customers').select('id').order('meta->age', { nullsFirst: false }).order('id')).data).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ])
  })

  it('counts exactly, as planned, and estimated', async () => {
    const exact = await shop.rest.from('orders').select('id', { count: 'exact' }).order('id').range(1, 2)

    expect([exact.count, exact.data, exact.status]).toEqual([4, [{ id: 2 }, { id: 3 }], 206])
    expect((await shop.rest.from('orders').select('*', { count: 'exact', head: true }).eq('paid', true)).count).toBe(2)
    expect((await shop.rest.from('orders').select('id', { count: 'planned' }).eq('id', 1)).count).toBeGreaterThan(0)
    expect((await shop.rest.from('orders').select('id', { count: 'estimated' }).lte('id', 3)).count).toBe(3)
  })

  it('reads Range and answers Content-Range', async () => {
    const { status, headers, body } = await shop.ask('/orders?select=id&order=id', { headers: { Range: '1-2', 'Range-Unit': 'items' } })

    expect([status, headers.get('content-range'), body]).toEqual([200, '1-2/*', [{ id: 2 }, { id: 3 }]])
  })

  it('says that a range begins after the last row [PGRST103]', async () => {
    const { status, body } = await shop.ask('/orders?offset=50', { headers: { Prefer: 'count=exact' } })

    expect([status, body.code]).toEqual([416, 'PGRST103'])
    expect((await shop.ask('/orders?limit=-1')).status).toBe(416)
  })
})

describe('related rows', () => {
  it('embeds the one and the many, to any depth', async () => {
    const { data } = await shop.rest
      .from('customers')
      .select('name, orders(id, order_products(products(name)))')
      .eq('id', 1)
      .order('id', { referencedTable: 'orders', ascending: false })

    expect(data).toEqual([
      {
        name: 'Ann',
        orders: [
          { id: 2, order_products: [{ products: { name: 'tea' } }] },
          { id: 1, order_products: [{ products: { name: 'tea' } }, { products: { name: 'cup' } }] },
        ],
      },
    ])
    expect((await shop.rest.from('orders').select('id, customer:customers(name)').in('id', [3, 4]).order('id')).data).toEqual([
      { id: 3, customer: { name: 'Bob' } },
      { id: 4, customer: null },
    ])
  })

  it('goes through a junction table', async () => {
    expect(
      (await shop.rest.from('orders').select('id, products(name)').lte('id', 3).order('id').order('name', { referencedTable: 'products' }))
        .data,
    ).toEqual([
      { id: 1, products: [{ name: 'cup' }, { name: 'tea' }] },
      { id: 2, products: [{ name: 'tea' }] },
      { id: 3, products: [] },
    ])
  })

  it('filters and limits the related rows, and keeps only rows that have some with !inner', async () => {
    expect(
      (
        await shop.rest
          .from('customers')
          .select('id, orders(id)')
          .gt('orders.amount', 15)
          .limit(1, { referencedTable: 'orders' })
          .order('id')
      ).data,
    ).toEqual([
      { id: 1, orders: [{ id: 2 }] },
      { id: 2, orders: [{ id: 3 }] },
      { id: 3, orders: [] },
    ])
    const inner = await shop.rest
      .from('customers')
      .select('id, orders!inner(id)', { count: 'exact' })
      .or('amount.gt.25,note.like.lazy*', { referencedTable: 'orders' })
    expect([inner.count, inner.data]).toEqual([
      2,
      [
        { id: 1, orders: [{ id: 2 }] },
        { id: 2, orders: [{ id: 3 }] },
      ],
    ])
    expect(idsOf(await shop.rest.from('customers').select('id, orders()').is('orders', null))).toEqual([3])
    expect((await shop.rest.from('orders').select('id, customers!inner(name)').eq('customers.name', 'Bob')).data).toEqual([
      { id: 3, customers: { name: 'Bob' } },
    ])
  })

  it('spreads the columns of the one, and orders by them', async () => {
    const { data } = await shop.rest
      .from('orders')
      .select('id, ...customers(who:name), customers(name)')
      .order('customers(name)', { ascending: false, nullsFirst: false })
      .order('id')

    expect(data!.map((row: any) => [row.id, row.who])).toEqual([
      [3, 'Bob'],
      [1, 'Ann'],
      [2, 'Ann'],
      [4, null],
    ])
  })

  it('follows a table to itself: children by its name, the parent by the column', async () => {
    expect(
      (await shop.rest.from('staff').select('name, staff(name), boss:boss_id(name)').eq('id', 2).single().throwOnError()).data,
    ).toEqual({ name: 'Mid', staff: [{ name: 'Low' }], boss: { name: 'Top' } })
  })

  it('asks which of two foreign keys is meant [PGRST201], and takes a hint', async () => {
    const { status, error } = await shop.rest.from('two_ways').select('customers(name)')

    expect([status, error!.code]).toEqual([300, 'PGRST201'])
    expect((await shop.rest.from('two_ways').select('customers!seller(name), b:customers!two_ways_buyer_fkey(name)')).error).toBeNull()
  })

  it('says that there is no link [PGRST200], or that a filter is on what is not embedded [PGRST108]', async () => {
    expect((await shop.rest.from('products').select('customers(*)')).error!.code).toBe('PGRST200')
    expect((await shop.rest.from('products').select('*').eq('orders.id', 1)).error!.code).toBe('PGRST108')
  })
})
