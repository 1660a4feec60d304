/**
 * Long reads: whole, in bounded memory, with an honest end when something fails on the way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Shop, startShop } from './shop.ts'

let shop: Shop
let bearer: string
beforeAll(async () => {
  shop = await startShop()
  bearer = await shop.token()
  await shop.asMain(
    `create table big (id int primary key, name text, doc json);
     insert into big select i, 'name ' || i || repeat(chr(1), i % 2), json_build_object('n', i) from generate_series(1, 1000000) i;
     create table odd (id int, doc json, t text);
     insert into odd values (1, E'{"a":\\n [1,\\r\\n 2]}', E'tab\\tline\\nquote" back\\\\slash'), (2, null, null), (3, '"x"', '');
     create view breaks as select id, 1 / (60000 - id) as x from big`,
  )
}, 120_000)
afterAll(() => shop.close())

const open = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${shop.url}/rest${path}`, { headers: { authorization: `Bearer ${bearer}`, ...headers }, signal: signal ?? null })

/** How far memory rose above its start while a body was read, and what of it was kept. */
async function drain(reply: Response): Promise<{ bytes: number; lines: number; rose: number; end: string }> {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const result = { bytes: 0, lines: 0, rose: 0, end: '' }
  for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
    result.bytes += chunk.length
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) result.lines++
    result.end = (result.end + Buffer.from(chunk.subarray(-20)).toString()).slice(-20)
    result.rose = Math.max(result.rose, process.memoryUsage().rss - before)
  }
  return result
}
const asked = async (path: string, headers?: Record<string, string>) => (await open(path, headers)).json() as Promise<any>

describe('a long read', () => {
  it('gives a page of json of 1,000 rows when nobody says how many, and more when somebody does', async () => {
    expect((await asked('/big?select=id')).length).toBe(1000)
    expect((await asked('/big?select=id&limit=2500&order=id&offset=5'))[2499]).toEqual({ id: 2505 })
    expect((await asked('/big?select=id&id=lt.2000', { Range: '0-' })).length).toBe(1999)
  })

  it('sends a million rows of csv with flat memory', async () => {
    const { lines, rose, end } = await drain(await open('/big?order=id', { accept: 'text/csv' }))

    expect([lines, end.endsWith('"{""n"" : 1000000}"\n')]).toEqual([1_000_001, true])
    expect(rose).toBeLessThan(120 << 20)
  })

  it('sends a million rows of json with flat memory, and their number when asked', async () => {
    const reply = await open('/big?order=id', { Range: '0-', Prefer: 'count=exact' })
    const { lines, rose, end } = await drain(reply)

    expect([reply.status, reply.headers.get('content-range'), lines, end.endsWith('1000000}}\n]')]).toEqual([
      200,
      '0-999999/1000000',
      1_000_000,
      true,
    ])
    expect(rose).toBeLessThan(120 << 20)
  })

  it('is valid json whatever is in it', async () => {
    expect(await asked('/odd?order=id', { Range: '0-' })).toEqual([
      { id: 1, doc: { a: [1, 2] }, t: 'tab\tline\nquote" back\\slash' },
      { id: 2, doc: null, t: null },
      { id: 3, doc: 'x', t: '' },
    ])
    expect(await asked('/odd?id=gt.9', { Range: '0-' })).toEqual([])
    expect(await asked('/odd?id=eq.2', { Range: '0-', accept: 'application/vnd.pgrst.array+json;nulls=stripped' })).toEqual([{ id: 2 }])
    expect((await asked('/big?select=name&id=in.(1,2)&order=id', { Range: '0-' })).map((row: any) => row.name)).toEqual([
      'name 1\u0001',
      'name 2',
    ])
  })

  it('is a page whose rows are large, and what is changed is not answered then [TMLIM]', async () => {
    await shop.asMain(
      `create table wide (id int primary key, t text); insert into wide select i, repeat('x', 1000000) from generate_series(1, 20) i`,
    )
    for (let i = 0; i < 25 && (await open('/wide?limit=0')).status !== 200; i++) await sleep(20)
    const { bytes, rose } = await drain(await open('/wide?order=id'))
    const write = await fetch(`${shop.url}/rest/wide?id=gt.0`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', prefer: 'return=representation' },
      body: JSON.stringify({ t: 'y'.repeat(1_000_000) }),
    })

    expect([bytes > 20_000_000, rose < 60 << 20, write.status, ((await write.json()) as any).code]).toEqual([true, true, 400, 'TMLIM'])
    expect((await asked('/wide?select=id&t=like.y*')).length).toBe(0)
  })

  it('takes every kind of value in its filters', async () => {
    const csv = await (
      await open(`/odd?select=id,a:doc->a->>1&or=(t.eq."",t.like.*${encodeURIComponent('quote"')}*)&id=in.(1,3)&order=id`, {
        accept: 'text/csv',
      })
    ).text()

    expect(csv).toBe('id,a\n1,2\n3,\n')
  })

  it('answers an error when it fails before the first row [22P02]', async () => {
    const reply = await open('/big?id=eq.x', { accept: 'text/csv' })

    expect([reply.status, ((await reply.json()) as any).code]).toEqual([400, '22P02'])
  })

  it('breaks off when it fails on the way, so that nobody takes a part for the whole', async () => {
    const reply = await open('/breaks', { accept: 'text/csv' })

    expect(reply.status).toBe(200)
    await expect(drain(reply)).rejects.toThrow()
  })

  it('ends in the database when its reader goes away', async () => {
    const leave = new AbortController()
    const reply = await open('/big', { accept: 'text/csv' }, leave.signal)
    const reader = reply.body!.getReader()
    await reader.read()
    leave.abort()

    const copies = async () =>
      (await shop.db.sql(`select count(*)::int as n from pg_stat_activity where query ilike 'copy (select%' and state = 'active'`))[0].n
    for (let i = 0; i < 100 && (await copies()) > 0; i++) await sleep(20)
    expect(await copies()).toBe(0)
    expect((await asked('/big?select=id&limit=1')).length).toBe(1)
  })

  it('waits its turn when there are too many [TMRAT]', async () => {
    const leave = new AbortController()
    const replies = await Promise.all(Array.from({ length: 8 }, () => open('/big', { accept: 'text/csv' }, leave.signal)))
    const statuses = replies.map((reply) => reply.status).sort()
    const refused: any = await replies.find((reply) => reply.status === 429)!.json()
    leave.abort()

    expect([statuses, refused.code]).toEqual([[200, 200, 200, 200, 200, 200, 429, 429], 'TMRAT'])
    for (const reply of replies) await reply.body?.cancel().catch(() => {})
  })
})
