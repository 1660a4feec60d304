/**
 * Whatever is in a query string, a path or a header, the answer is a clear one: no value becomes part of a statement, no
 * other workspace can be reached, nothing internal is told.
 */
import fc from 'fast-check'
import { OPERATORS } from '../../../server/rest/operators.ts'
import { type Shop, startShop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await startShop()
  await shop.db.sql(
    `create schema ws_other; create table ws_other.theirs (id int); insert into ws_other.theirs values (1); create table ws_other.orders (secret int)`,
  )
}, 60_000)
afterAll(() => shop.close())

/** Words that mean something to somebody on the way. */
const NASTY = [
  '"',
  "'",
  '\\',
  '--',
  ';',
  '/*',
  '$1',
  '$$',
  '%',
  '*',
  '(',
  ')',
  ',',
  '.',
  ':',
  '::',
  '->',
  '->>',
  '!',
  '...',
  '{',
  '}',
  '\u0000',
  '\u0001',
  '\u202e',
  '\ud800',
  'é',
  '表',
  'or',
  'not',
  'select',
  'null',
  'ws_other',
  'theirs',
  'pg_sleep(9)',
  'count()',
  'set_config',
  '__proto__',
  'constructor',
  'id',
  'customers',
  'orders',
  'eq.1',
  "1') or 1=1 --",
  ' ',
  '\n',
  '9'.repeat(40),
]
const words = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NASTY) }, { weight: 1, arbitrary: fc.string({ maxLength: 8, unit: 'binary' }) }),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const keys = fc.oneof(
  fc.constantFrom(
    'select',
    'order',
    'or',
    'and',
    'not.or',
    'limit',
    'offset',
    'id',
    'note',
    'columns',
    'on_conflict',
    'customers.id',
    'customers.order',
    'doc->a',
    'tags',
  ),
  words,
)
const values = fc.oneof(
  words,
  fc.tuple(fc.constantFrom(...Object.keys(OPERATORS)), words).map(([operator, text]) => `${operator}.${text}`),
)
const queries = fc
  .array(fc.tuple(keys, values), { maxLength: 4 })
  .map((pairs) => pairs.map(([key, value]) => `${encode(key)}=${encode(value)}`).join('&'))
const encode = (text: string) => encodeURIComponent(text.toWellFormed())

/** Nothing of what only the platform knows, and no fault of ours. */
function assertDecent({ status, body }: { status: number; body: any }, path: string) {
  if (status < 400 && status !== 300) return
  expect([
    path,
    status,
    status < 500,
    Object.keys(body ?? {})
      .sort()
      .slice(0, 5),
  ]).toEqual([path, status, true, ['code', 'detail', 'details', 'hint', 'message']])
  expect(`${body.message} ${body.detail} ${body.hint}`).not.toMatch(
    /app_private|app_hidden|node_modules|server\/|syntax error at|ws_other\.theirs"|bind message|protocol/i,
  )
}

const alive = async () =>
  expect(
    (
      await shop.db.sql(
        `select (select count(*) from ws_main.orders)::int as orders, (select count(*) from ws_main.products)::int as products, to_regclass('ws_other.theirs') is not null as theirs`,
      )
    )[0],
  ).toEqual({ orders: 4, products: 2, theirs: true })

describe('hostile requests', () => {
  it('answer rows or say what is wrong with them, whatever the query string holds', async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.constantFrom('application/json', 'text/csv'), async (query, accept) => {
        assertDecent(await shop.ask(`/orders?${query}`, { headers: { accept } }), query)
      }),
      { numRuns: 250 },
    )
    await alive()
  }, 60_000)

  it('select what they name, or nothing: aliases are only ever names', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), async (alias) => {
        const quoted = `"${alias.replace(/[\\"]/g, '\\$&')}"`
        const { status, body } = await shop.ask(`/orders?id=eq.1&select=${encode(`${quoted}:id,x:customers(${quoted}:name)`)}`)
        if (alias.includes('\0') || new TextEncoder().encode(alias).length > 63) return
        expect([status, body]).toEqual([200, [{ [alias]: 1, x: { [alias]: 'Ann' } }]])
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('compare values as values', async () => {
    await fc.assert(
      fc.asyncProperty(
        words.filter((text) => !text.includes('\0') && text.isWellFormed()),
        async (text) => {
          const inserted = await shop.ask('/people?select="Full Name"', {
            method: 'POST',
            headers: { Prefer: 'return=representation' },
            body: JSON.stringify({ 'Full Name': text }),
          })
          const quoted = `"${text.replace(/[\\"]/g, '\\$&')}"`
          for (const query of [
            `Full%20Name=eq.${encode(text)}`,
            `Full%20Name=in.(${encode(quoted)})`,
            `or=(Full%20Name.eq.${encode(quoted)})`,
          ]) {
            const found = await shop.ask(`/people?select="Full Name"&limit=1&${query}`)
            expect([query, found.body]).toEqual([query, [{ 'Full Name': text }]])
          }
          expect(inserted.body).toEqual([{ 'Full Name': text }])
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  it('find no relation but their workspace’s own, however it is written [PGRST205]', async () => {
    const names = fc.oneof(
      words,
      fc.constantFrom(
        'ws_other.theirs',
        'theirs',
        '"ws_other"."theirs"',
        'ws_other"."theirs',
        '__proto__',
        'constructor',
        'toString',
        '_hidden',
        '_live_watches',
        'pg_catalog.pg_class',
        'app_private.sessions',
        '../ws_other/theirs',
        '%2e%2e',
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        names.filter((name) => !['orders', 'customers', 'products', 'id', ''].includes(name)),
        async (name) => {
          const { status, body } = await shop.ask(`/${encode(name)}`)
          if (/^[./\\\s]*$/.test(name) || name.replace(/[.\s]/g, '') === '') return
          expect([name, status, body.code]).toEqual([name, 404, expect.stringMatching(/^PGRST(205|125)$/)])
        },
      ),
      { numRuns: 50 },
    )
  }, 60_000)

  it('get for another workspace’s relation the answer of one that is not there', async () => {
    const without = (text: string, name: string) => text.replaceAll(name, '…')
    for (const make of [
      (name: string) => `/${name}`,
      (name: string) => `/orders?select=*,${name}(*)`,
      (name: string) => `/orders?${name}.id=eq.1`,
      (name: string) => `/rpc/${name}`,
    ]) {
      const [theirs, none] = [await shop.ask(make('theirs')), await shop.ask(make('nowhere'))]
      expect([theirs.status, without(theirs.text, 'theirs')]).toEqual([none.status, without(none.text, 'nowhere')])
    }
    expect((await shop.ask('/orders?select=secret')).body.code).toBe('42703')
  })

  it('write only columns of the table, whatever the keys of the body [PGRST204]', async () => {
    await fc.assert(
      fc.asyncProperty(words, words, async (key, value) => {
        const reply = await shop.ask('/products', {
          method: 'POST',
          headers: { Prefer: 'tx=rollback' },
          body: JSON.stringify({ id: 1000, [key]: value }),
        })
        expect([key, reply.status]).toEqual([key, key === 'id' ? expect.any(Number) : 400])
        assertDecent(reply, key)
      }),
      { numRuns: 50 },
    )
    await alive()
  }, 60_000)

  it('cannot use a setting or a role: a statement runs as the caller and leaves nothing behind', async () => {
    await shop.ask('/orders?id=eq.1', { headers: { accept: 'text/csv' } })
    const settings = await shop.server.db.api.query(
      `select current_user, current_setting('role') as role, coalesce(current_setting('rest.p1', true), '') as p1, current_setting('transaction_read_only') as ro`,
    )

    expect(settings.rows[0]).toEqual({ current_user: 'app_authenticator', role: 'none', p1: '', ro: 'off' })
  })

  it('have an end: a statement that takes too long is cut off [57014], as is one that asks for too much at once [TMLIM]', async () => {
    await shop.asMain(`create view slow as select a.i as id from generate_series(1, 100000) a(i), generate_series(1, 100000) b(i)`)
    const { status, body } = await shop.ask('/slow?select=count()')

    expect([status, body.code, body.message]).toEqual([500, '57014', 'canceling statement due to statement timeout'])
    expect((await shop.ask(`/orders?select=${Array.from({ length: 30 }, (_, i) => `a${i}:customers(id)`)}`)).body.code).toBe('TMLIM')
    expect((await shop.ask(`/orders?or=${'(and'.repeat(50)}(id.eq.1)${')'.repeat(50)}`)).status).toBe(400)
  }, 30_000)
})
