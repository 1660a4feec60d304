/**
 * Functions, profiles, media types and the OpenAPI document.
 */
import { type Shop, startShop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
  // Made by the platform: a workspace makes no functions itself.
  await shop.db.sql(`
    create function app_public.rest_add(a int, b int default 1) returns int as 'select a + b' language sql immutable;
    create function app_public.rest_echo(doc jsonb, words text[] default '{}') returns jsonb as 'select jsonb_build_object(''doc'', doc, ''words'', words)' language sql stable;
    create function app_public.rest_numbers(upto int) returns table (n int, square int) as 'select i, i * i from generate_series(1, upto) i' language sql stable;
    create function app_public.rest_names() returns setof text as $$ values ('a'), ('b') $$ language sql stable;
    create function app_public.rest_touch() returns void as 'insert into ws_main.products values (77, ''touched'')' language sql volatile;
    create function app_public.rest_secret() returns text as 'select ''secret''' language sql stable;
    comment on function app_public.rest_add(int, int) is 'Adds two numbers';
    revoke all on function app_public.rest_secret() from public;
    grant execute on function app_public.rest_add, app_public.rest_echo, app_public.rest_numbers, app_public.rest_names, app_public.rest_touch to app_workspace, app_reader`)
  await shop.db.sql(`select pg_notify('schema_changed', '{"schemas": ["app_public"]}')`)
}, 60_000)
afterAll(() => shop.close())

describe('functions', () => {
  it('take arguments by name and answer values', async () => {
    expect((await shop.rest.rpc('rest_add', { a: 2, b: 3 })).data).toBe(5)
    expect((await shop.rest.rpc('rest_add', { a: 2 }, { get: true })).data).toBe(3)
    expect((await shop.rest.rpc('rest_echo', { doc: { n: [1, null] }, words: ['x', 'y,z'] })).data).toEqual({
      doc: { n: [1, null] },
      words: ['x', 'y,z'],
    })
    expect((await shop.rest.rpc('rest_names')).data).toEqual(['a', 'b'])
  })

  it('answer rows that can be selected from, filtered, ordered and paged', async () => {
    const rows = await shop.rest.rpc('rest_numbers', { upto: 5 }).select('square').gt('n', 1).order('n', { ascending: false }).limit(2)
    const page = await shop.rest.rpc('rest_numbers', { upto: 5 }, { get: true, count: 'exact' }).order('n').range(1, 2)

    expect(rows.data).toEqual([{ square: 25 }, { square: 16 }])
    expect([page.count, page.data]).toEqual([
      5,
      [
        { n: 2, square: 4 },
        { n: 3, square: 9 },
      ],
    ])
    expect((await shop.rest.rpc('rest_numbers', { upto: 5 }, { head: true, count: 'exact' })).count).toBe(5)
    expect((await shop.rest.rpc('rest_numbers', { upto: 5 }).eq('n', 3).single()).data).toEqual({ n: 3, square: 9 })
  })

  it('write by POST only [25006]', async () => {
    const read = await shop.rest.rpc('rest_touch', {}, { get: true })
    const written = await shop.rest.rpc('rest_touch')

    expect([read.status, read.error!.code, written.status, written.data]).toEqual([405, '25006', 204, null])
    expect((await shop.reader.rpc('rest_touch')).error!.code).toBe('42501')
  })

  it('of ours do what they do elsewhere', async () => {
    const { data } = await shop.rest.rpc('insert_rows', { relation: 'products', rows: [{ id: '80', name: 'plate' }] })

    expect(data).toEqual({ inserted: 1, keys: [{ id: '80' }] })
    expect((await shop.rest.rpc('insert_rows', { relation: 'nope', rows: [] })).error).toMatchObject({
      code: expect.stringMatching(/^TM/),
      hint: expect.any(String),
    })
  })

  it('that the caller may not call are not there [PGRST202], nor are those of other names or arguments', async () => {
    for (const reply of [
      await shop.rest.rpc('rest_secret'),
      await shop.rest.rpc('rest_nothing'),
      await shop.rest.rpc('rest_add', { c: 1 }),
      await shop.rest.rpc('pg_sleep', { a: 1 }),
    ])
      expect([reply.status, reply.error!.code]).toEqual([404, 'PGRST202'])
    expect((await shop.ask('/rpc/rest_add', { method: 'DELETE' })).body.code).toBe('PGRST117')
  })
})

describe('what is asked for', () => {
  it('is csv by Accept', async () => {
    const { data } = await shop.rest.from('orders').select('id, note').gt('id', 2).order('id').csv()

    expect(data).toBe('id,note\n3,\n4,"a,b ""c"" (d)"\n')
  })

  it('is refused when there is no such form [PGRST107]', async () => {
    const { status, body } = await shop.ask('/orders', { headers: { Accept: 'image/png' } })

    expect([status, body.code]).toEqual([406, 'PGRST107'])
  })

  it('is in the workspace that the profile names, and in no other [TMNOF]', async () => {
    const client = shop.rest

    expect((await client.schema('main').from('products').select('id').eq('id', 1)).data).toEqual([{ id: 1 }])
    expect((await client.schema('ws_main').from('products').select('id').eq('id', 1)).data).toEqual([{ id: 1 }])
    const other = await client.schema('elsewhere').from('products').select()
    expect([other.status, other.error!.code]).toEqual([404, 'TMNOF'])
  })

  it('needs a token [TMAUT]', async () => {
    const reply = await fetch(`${shop.url}/rest/orders`)

    expect([reply.status, ((await reply.json()) as any).code]).toEqual([401, 'TMAUT'])
  })

  it('may be the platform’s own: events, views, uploads', async () => {
    expect((await shop.rest.from('matview_refresh_events').select('id').limit(1)).error).toBeNull()
    expect((await shop.rest.from('workspaces').select('id')).data).toEqual([{ id: 'main' }])
  })

  it('is not bookkeeping, nor what is not there [PGRST205]', async () => {
    for (const name of ['_hidden', '_live_changes', 'nope', 'pg_class', 'api_tokens_'])
      expect([name, (await shop.rest.from(name).select()).error!.code]).toEqual([name, 'PGRST205'])
    expect((await shop.ask('/a/b/c')).body.code).toBe('PGRST125')
    await shop.asMain('revoke select on big_orders from ws_main_reader')
    await new Promise((ok) => setTimeout(ok, 300))
    expect((await shop.reader.from('big_orders').select()).error!.code).toBe('PGRST205')
    expect((await shop.rest.from('big_orders').select()).error).toBeNull()
  })
})

describe('the document at /rest/', () => {
  it('describes relations, columns and functions with their comments', async () => {
    const { status, body } = await shop.ask('/')

    expect([status, body.openapi]).toEqual([200, '3.0.3'])
    expect(body.components.schemas.customers).toMatchObject({
      description: 'People who buy',
      'x-primary-key': ['id'],
      required: ['id', 'name'],
    })
    expect(body.components.schemas.customers.properties.city).toEqual({
      type: 'string',
      nullable: true,
      description: 'Where they live',
      'x-postgresql-type': 'text',
    })
    expect(body.components.schemas.customers.properties.mood.enum).toEqual(['good', 'bad'])
    expect(Object.keys(body.paths['/orders'])).toEqual(['get', 'post', 'patch', 'delete'])
    expect(Object.keys(body.paths['/totals'])).toEqual(['get'])
    expect(body.paths['/rpc/rest_add']).toMatchObject({
      post: { description: 'Adds two numbers' },
      get: {
        parameters: [
          { name: 'a', required: true },
          { name: 'b', required: false },
        ],
      },
    })
    expect(body.paths['/_hidden']).toBeUndefined()
  })

  it('shows a reader no writes', async () => {
    const reply = await fetch(`${shop.url}/rest/`, { headers: { authorization: `Bearer ${await shop.token({ role: 'reader' })}` } })

    expect(Object.keys(((await reply.json()) as any).paths['/orders'])).toEqual(['get'])
  })

  it('knows a new table, a changed column and a dropped one within half a second', async () => {
    const status = async (path: string) => (await shop.ask(path)).status
    const soon = async (path: string, wanted: number) => {
      for (let i = 0; i < 25 && (await status(path)) !== wanted; i++) await new Promise((ok) => setTimeout(ok, 20))
      return status(path)
    }
    expect(await status('/fresh')).toBe(404)

    await shop.asMain('create table fresh (a int)')
    expect(await soon('/fresh?select=a', 200)).toBe(200)
    await shop.asMain(`insert into fresh values (1); alter table fresh alter a type text, add b int`)
    expect(await soon('/fresh?select=b', 200)).toBe(200)
    expect((await shop.ask('/fresh?select=a')).body).toEqual([{ a: '1' }])
    await shop.asMain('drop table fresh')
    expect(await soon('/fresh', 404)).toBe(404)
  })
})
