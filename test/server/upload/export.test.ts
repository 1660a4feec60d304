/**
 * The way back: what was loaded comes out, and loads again to the same types and values.
 */
import { startLab, type Lab } from './lab.ts'

/** The way back: a relation as CSV, which comes in again as the same types and values. */
describe('an export', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${lab.url}/export/${path}`, { headers })

  it('comes back with the same types and values', async () => {
    await lab.db.sql(
      `set role ws_main; create table ws_main.all_types (row_id bigserial primary key, b boolean, i integer, l bigint, n numeric, f double precision, d date, ts timestamp, tz timestamptz, t time, u uuid, j jsonb, x text, "Ü, ""q""" text); reset role`,
    )
    await lab.db.sql(`insert into ws_main.all_types (b, i, l, n, f, d, ts, tz, t, u, j, x, "Ü, ""q""") values
      (true, 1, 9007199254740993, 1.50, 3, '2024-02-29', '2024-01-01 10:00:00.5', '2024-01-01 10:00:00+02', '10:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, "x"]}', '', 'a"b'),
      (false, null, 2, -0.00, 1e-7, null, null, null, null, null, null, null, E'two\\nlines'), (null, -5, null, null, null, null, null, null, null, null, null, '=1+1', '007')`)
    const reply = await get('all_types')
    const csv = await reply.text()
    const { status, body } = await lab.send(csv, { table: 'again', columns: reply.headers.get('tidemark-columns')! })

    expect([status, body.code, body.message]).toEqual([201, undefined, undefined])
    expect(await lab.types('again')).toEqual(await lab.types('all_types'))
    expect(await lab.rows('again')).toEqual(await lab.rows('all_types'))
    await lab.db.sql(`insert into ws_main.again (x) values ('next')`)
    expect(await lab.db.sql('select max(row_id)::int as n from ws_main.again')).toEqual([{ n: 4 }])
  })

  it('guards formulas for browsers, not for programs, and not when raw', async () => {
    await lab.send('a,n\n=1+1,-5\n@x,6\n', { table: 'formulas' })

    expect(await (await get('formulas')).text()).toBe('row_id,a,n\n1,=1+1,-5\n2,@x,6\n')
    expect(await (await get('formulas', { accept: 'text/html' })).text()).toBe("row_id,a,n\n1,'=1+1,-5\n2,'@x,6\n")
    expect(await (await get('formulas?raw=1', { accept: 'text/html' })).text()).toBe('row_id,a,n\n1,=1+1,-5\n2,@x,6\n')
  })

  it('is for readers, too, and of views', async () => {
    await lab.db.sql('set role ws_main; create view ws_main.seen as select 1 as one; reset role')

    expect((await get('seen', { 'x-test-role': 'reader' })).status).toBe(200)
    expect(await (await get('seen')).text()).toBe('one\n1\n')
  })

  it('says when there is no such relation [TMNOF]', async () => {
    const reply = await get('nothing')

    expect([reply.status, ((await reply.json()) as any).code]).toEqual([404, 'TMNOF'])
  })

  it('leaves no connection behind when the client goes away [TMCAN]', async () => {
    await lab.db.sql(
      'set role ws_main; create table ws_main.large as select i, repeat(md5(i::text), 20) as x from generate_series(1, 100000) i; reset role',
    )
    for (let k = 0; k < 12; k++) {
      // more than the pool has
      const stop = new AbortController()
      const reply = await fetch(`${lab.url}/export/large`, { signal: stop.signal })
      await reply.body!.getReader().read()
      stop.abort()
    }

    expect((await get('seen')).status).toBe(200)
  })
})

describe('newline-delimited JSON', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())
  const send = (lines: string[], options: Record<string, string>) =>
    lab.send(`${lines.join('\n')}\n`, options, { 'content-type': 'application/x-ndjson' })

  it('becomes a typed table; strings stay text, numbers keep their digits', async () => {
    const { status, body } = await send(
      ['{"id":9007199254740993,"zip":"8001","d":"2024-01-01","o":{"n":1.10},"e":""}', '{"id":2,"zip":"8002","d":null,"ok":true}'],
      { table: 'j1' },
    )

    expect([status, body.code]).toEqual([201, undefined])
    expect(await lab.types('j1')).toEqual({ row_id: 'bigint', id: 'bigint', zip: 'text', d: 'date', o: 'jsonb', e: 'text', ok: 'boolean' })
    expect(await lab.rows('j1')).toEqual([
      ['9007199254740993', '8001', '2024-01-01', '{"n": 1.10}', '', null],
      ['2', '8002', null, null, null, 'true'],
    ])
  })

  it('names the line that is no object [TMCSV]', async () => {
    const { status, body } = await send(['{"a":1}', '{"a":'], { table: 'j2' })

    expect([status, body.code, body.line]).toEqual([422, 'TMCSV', 2])
  })

  it('skips lines that are no objects', async () => {
    const { body } = await send(['{"a":1,"b":2}', '[1]', '{"a":3,"b":4}'], { table: 'j3', on_error: 'skip' })

    expect(body).toMatchObject({ rows: 2, rejected: 1 })
  })
})
