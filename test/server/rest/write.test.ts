/**
 * POST, PATCH, PUT and DELETE as PostgREST's own client sends them.
 */
import { type Shop, startShop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
}, 60_000)
afterAll(() => shop.close())
beforeEach(() => shop.asMain('truncate people restart identity'))

const people = () => shop.rest.from('people')
const rows = (columns = 'email, "a.b"') => shop.db.sql(`select ${columns} from ws_main.people order by row_id`)

describe('adding rows', () => {
  it('adds one and says no more than that', async () => {
    const { status, data } = await people().insert({ email: 'a', 'a.b': 1 })

    expect([status, data, await rows()]).toEqual([201, null, [{ email: 'a', 'a.b': 1 }]])
  })

  it('answers what was added, shaped by select', async () => {
    const { status, data, count } = await people()
      .insert([{ email: 'a' }, { email: 'b' }], { count: 'exact' })
      .select('row_id, mail:email')

    expect([status, count, data]).toEqual([
      201,
      2,
      [
        { row_id: 1, mail: 'a' },
        { row_id: 2, mail: 'b' },
      ],
    ])
  })

  it('embeds what the new row refers to', async () => {
    const { data } = await shop.rest.from('orders').insert({ id: 100, customer_id: 2 }).select('id, customers(name)').single()

    expect(data).toEqual({ id: 100, customers: { name: 'Bob' } })
  })

  it('gives missing keys null, or their defaults on request', async () => {
    await people().insert([{ email: 'a', 'a.b': 1 }, { email: 'b' }])
    await people().insert([{ email: 'c', 'a.b': 1 }, { email: 'd' }, {}], { defaultToNull: false })

    expect(await rows()).toEqual([
      { email: 'a', 'a.b': 1 },
      { email: 'b', 'a.b': null },
      { email: 'c', 'a.b': 1 },
      { email: 'd', 'a.b': 7 },
      { email: null, 'a.b': 7 },
    ])
  })

  it('keeps every digit', async () => {
    const { body } = await shop.ask('/orders?select=amount::text,doc', {
      method: 'POST',
      headers: { 'content-type': 'application/json', Prefer: 'return=representation' },
      body: '{"id": 101, "amount": 90071992.54, "doc": {"n": 12345678901234567890.123}}',
    })

    expect(body[0].amount).toBe('90071992.54')
    expect((await shop.db.sql(`select doc ->> 'n' as n from ws_main.orders where id = 101`))[0].n).toBe('12345678901234567890.123')
  })

  it('takes csv: an empty field is null, a quoted one is not', async () => {
    const { status } = await shop.ask('/people', {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'email,Full Name,a.b\n"x,y","",3\nz,,NULL\n',
    })

    expect([status, await rows('email, "Full Name", "a.b"')]).toEqual([
      201,
      [
        { email: 'x,y', 'Full Name': '', 'a.b': 3 },
        { email: 'z', 'Full Name': null, 'a.b': null },
      ],
    ])
  })

  it('says where the new row is', async () => {
    const { status, headers } = await shop.ask('/people', {
      method: 'POST',
      headers: { Prefer: 'return=headers-only' },
      body: '{"email": "a"}',
    })

    expect([status, headers.get('location')]).toEqual([201, '/rest/people?row_id=eq.1'])
  })

  it('refuses what is there already [23505], what refers to nothing [23503], and what is too long [22001]', async () => {
    await people().insert({ email: 'a' })
    const twice = await people().insert({ email: 'a' })

    expect([twice.status, twice.error!.code]).toEqual([409, '23505'])
    expect((await shop.rest.from('orders').insert({ id: 200, customer_id: 99 })).error!.code).toBe('23503')
    expect((await people().insert({ code: 'long' })).error!.code).toBe('22001')
    expect((await shop.rest.from('customers').insert({ id: 50 })).error).toMatchObject({ code: '23502' })
  })

  it('refuses a column that is not there [PGRST204] and a body that is no object [PGRST102]', async () => {
    expect((await people().insert({ nope: 1 })).error!.code).toBe('PGRST204')
    for (const body of ['', '{', '[1]', '"x"', 'null', '[{"email":"a"},{"a.b":1}]']) {
      const reply = await shop.ask('/people', { method: 'POST', body })
      expect([body, body === '' ? 201 : reply.status]).toEqual([body, body === '' ? 201 : 400])
    }
  })

  it('refuses a body of another kind [TMMED] and one that is too large [TMBIG]', async () => {
    const form = await shop.ask('/people', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'email=a',
    })
    const large = await shop.ask('/people', { method: 'POST', body: JSON.stringify({ email: 'x'.repeat(11 << 20) }) })

    expect([form.status, form.body.code, large.status, large.body.code]).toEqual([415, 'TMMED', 413, 'TMBIG'])
  })
})

describe('adding or changing rows', () => {
  it('merges by the key, or by other unique columns', async () => {
    await people().insert([{ email: 'a', 'a.b': 1 }])
    await people().upsert({ row_id: 1, 'a.b': 2 })
    const { data } = await people()
      .upsert(
        [
          { email: 'a', 'a.b': 3 },
          { email: 'b', 'a.b': 4 },
        ],
        { onConflict: 'email' },
      )
      .select('email, "a.b"')

    expect(data).toEqual([
      { email: 'a', 'a.b': 3 },
      { email: 'b', 'a.b': 4 },
    ])
    expect(await rows()).toEqual([
      { email: 'a', 'a.b': 3 },
      { email: 'b', 'a.b': 4 },
    ])
  })

  it('leaves alone what is there', async () => {
    await people().insert([{ email: 'a', 'a.b': 1 }])
    const { data } = await people()
      .upsert([{ email: 'a', 'a.b': 3 }, { email: 'b' }], { onConflict: 'email', ignoreDuplicates: true })
      .select('email')

    expect([data, (await rows())[0]]).toEqual([[{ email: 'b' }], { email: 'a', 'a.b': 1 }])
  })

  it('puts one row at its key, and only there [PGRST105] [PGRST115]', async () => {
    const put = (path: string, body: object) => shop.ask(path, { method: 'PUT', body: JSON.stringify(body) })

    expect((await put('/products?id=eq.7', { id: 7, name: 'pot' })).status).toBe(204)
    expect((await put('/products?id=eq.7', { id: 7, name: 'pan' })).status).toBe(204)
    expect((await put('/products?id=eq.8', { id: 7 })).body.code).toBe('PGRST115')
    expect((await put('/products?name=eq.pan', { id: 7 })).body.code).toBe('PGRST105')
    expect((await put('/products?id=eq.7&limit=1', { id: 7 })).body.code).toBe('PGRST114')
    expect((await shop.rest.from('products').select('name').eq('id', 7).single()).data).toEqual({ name: 'pan' })
  })
})

describe('changing and deleting rows', () => {
  beforeEach(() =>
    people().insert([
      { email: 'a', 'a.b': 1 },
      { email: 'b', 'a.b': 1 },
      { email: 'c', 'a.b': 2 },
    ]),
  )

  it('changes the rows of a filter', async () => {
    const { data, status, count } = await people().update({ 'a.b': 9 }, { count: 'exact' }).eq('a.b', 1).select('email').order('email')

    expect([status, count, data]).toEqual([200, 2, [{ email: 'a' }, { email: 'b' }]])
    expect((await people().update({ 'a.b': 1 }).eq('email', 'nobody')).status).toBe(204)
    expect((await people().update({}).eq('email', 'a').select()).data).toEqual([])
  })

  it('deletes the rows of a filter', async () => {
    expect((await people().delete().in('email', ['a', 'c']).select('email').order('email')).data).toEqual([{ email: 'a' }, { email: 'c' }])
    expect((await people().delete({ count: 'exact' }).eq('email', 'b')).count).toBe(1)
    expect(await rows()).toEqual([])
  })

  it('does neither without a filter [21000]', async () => {
    const { status, error } = await people().delete()

    expect([status, error!.code]).toEqual([400, '21000'])
    expect((await people().update({ 'a.b': 1 })).error!.code).toBe('21000')
    expect((await rows()).length).toBe(3)
  })

  it('takes everything back when not just one row was changed [PGRST116], or too many [PGRST124]', async () => {
    expect((await people().update({ 'a.b': 9 }).eq('a.b', 1).select().single()).error!.code).toBe('PGRST116')
    expect(((await (people().delete().gt('row_id', 0) as any).maxAffected(2)) as any).error.code).toBe('PGRST124')
    expect((await people().update({ 'a.b': 9 }).eq('email', 'nobody').select().maybeSingle()).data).toBeNull()
    expect(await rows()).toEqual([
      { email: 'a', 'a.b': 1 },
      { email: 'b', 'a.b': 1 },
      { email: 'c', 'a.b': 2 },
    ])
  })

  it('tries without doing', async () => {
    expect((await people().delete().eq('email', 'a').select('email').rollback()).data).toEqual([{ email: 'a' }])
    expect((await rows()).length).toBe(3)
  })

  it('refuses preferences that it does not know when told to be strict [PGRST122]', async () => {
    const { status, body } = await shop.ask('/people', { headers: { Prefer: 'handling=strict, nonsense=1' } })

    expect([status, body.code]).toEqual([400, 'PGRST122'])
    expect((await shop.ask('/people', { headers: { Prefer: 'nonsense=1, count=exact' } })).headers.get('preference-applied')).toBe(
      'count=exact',
    )
  })
})

describe('a reader', () => {
  it('reads, and is refused every write by PostgreSQL [42501]', async () => {
    const people = () => shop.reader.from('people')
    await shop.rest.from('people').insert({ email: 'a' })

    expect((await people().select('email')).data).toEqual([{ email: 'a' }])
    for (const reply of [
      await people().insert({ email: 'x' }),
      await people().update({ email: 'x' }).eq('email', 'a'),
      await people().delete().eq('email', 'a'),
      await people().upsert({ row_id: 1, email: 'x' }),
    ])
      expect([reply.status, reply.error!.code, reply.error!.message]).toEqual([403, '42501', 'permission denied for people'])
    expect(await rows('email')).toEqual([{ email: 'a' }])
  })
})
