/**
 * Random tables in random dialects against csv-parse and COPY, and thousands of damaged files.
 */
import { once } from 'node:events'
import fc from 'fast-check'
import { from as copyFrom } from 'pg-copy-streams'
import { startLab, type Lab } from './lab.ts'
import { readAll } from './read.ts'

const BASE = [
  'id,name,day\n1,Ann,2024-01-01\n2,"Bob, jr.",2024-01-02\n3,"two\nlines",2024-01-03\n4,é漢,2024-01-04\n',
  'a;b\r\n1,5;"x"\r\n2,5;"y"\r\n',
  'n\n1\n2\n\n3\n',
  'k\tv\n1\t{"a":1}\n2\t"q"\n',
  `i,t\n${Array.from({ length: 40 }, (_, i) => `${i},"text ""${i}"""`).join('\n')}\n`,
].map((s) => Buffer.from(s))
const NASTY = [
  '"',
  '\0',
  '\r',
  '\n',
  '\\.',
  '\n\\.\n',
  ',',
  ';',
  '\xff',
  '\xc3',
  '""',
  "'",
  '\x1a',
  ',,,,',
  ' ',
  '\ufeff',
  '\x01',
  '9'.repeat(30),
  '\ud800',
]

/** Files with one to five changes each, some cut in half; and whether to skip bad records. */
function damaged(count: number, seed: number): [Buffer, boolean][] {
  const change = fc.record({ at: fc.nat(400), cut: fc.nat(6), put: fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 3 })) })
  return fc
    .sample(fc.tuple(fc.constantFrom(...BASE), fc.array(change, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.nat(3)), {
      numRuns: count,
      seed,
    })
    .map(([file, changes, skip, end]) => {
      let b = Buffer.from(file)
      for (const c of changes) {
        const at = c.at % (b.length + 1)
        b = Buffer.concat([b.subarray(0, at), Buffer.from(c.put, 'latin1'), b.subarray(at + c.cut)])
      }
      return [end === 0 ? b.subarray(0, b.length >> 1) : b, skip]
    })
}

it('reads 3,000 damaged files without a crash, each record once', () => {
  for (const [b, skip] of damaged(3000, 11)) {
    try {
      const r = readAll(b, { skip })
      expect([b.toString('latin1'), r.rows.length]).toEqual([b.toString('latin1'), r.records])
    } catch (e) {
      // a refusal names its record; anything else is a crash
      expect([b.toString('latin1'), (e as any).bad?.line, (e as Error).message]).toEqual([
        b.toString('latin1'),
        expect.any(Number),
        expect.any(String),
      ])
    }
  }
})

/** Random tables and damaged files through the endpoint, with PostgreSQL's own COPY as the oracle. */
describe('random files', () => {
  let lab: Lab
  let n = 0
  beforeAll(async () => {
    lab = await startLab({ sampleBytes: 256 })
  })
  afterAll(() => lab.close())

  /** `jobs` at most at a time. */
  async function each<X>(list: X[], jobs: number, work: (x: X, i: number) => Promise<void>): Promise<void> {
    let next = 0
    await Promise.all(
      Array.from({ length: jobs }, async () => {
        while (next < list.length) {
          const i = next++
          await work(list[i]!, i)
        }
      }),
    )
  }

  it('hold what psql \\copy would load, with and without types', async () => {
    const cell = fc.oneof(
      fc.constant(''),
      fc.constant('""'),
      fc.integer().map(String),
      fc.constantFrom('x', '"a ""b"" c"', '"two\nlines"', '"a,b"', '007', '1.50', '2024-02-29', 'true', '12:30:00', '"{""a"": 1}"'),
    )
    const tables = fc.sample(
      fc
        .integer({ min: 2, max: 5 })
        .chain((w) => fc.array(fc.array(cell, { minLength: w, maxLength: w }), { minLength: 1, maxLength: 60 })),
      { numRuns: 50, seed: 4 },
    )
    await each(tables, 6, async (rows) => {
      const names = rows[0]!.map((_, i) => `c${i}`),
        csv = [names, ...rows].map((r) => r.join(',')).join('\n') + '\n'
      const table = `prop_${n++}`
      const client = await lab.db.admin.connect()
      try {
        await client.query(`create table ws_main.${table}_ref (${names.map((c) => `${c} text`).join(', ')})`)
        const copy = client.query(copyFrom(`copy ws_main.${table}_ref from stdin (format csv, header)`))
        copy.end(csv)
        await once(copy, 'finish')
      } finally {
        client.release()
      }
      const text = await lab.send(csv, { table, types: 'text', header: 'true', delimiter: ',' })
      const typed = await lab.send(csv, { table: `${table}_typed`, header: 'true', delimiter: ',' })

      expect([text.status, typed.status, typed.body.message]).toEqual([201, 201, undefined])
      const want = await lab.rows(`${table}_ref`)
      expect([csv, await lab.rows(table)]).toEqual([csv, want])
      const types = await lab.types(`${table}_typed`)
      for (const c of names) {
        const value = types[c] === 'text' ? `r."${c}"` : `nullif(r."${c}", '')::${types[c]}`
        const [wrong] = await lab.db.sql(
          `select count(*)::int as n from (select *, row_number() over (order by ctid) as i from ws_main.${table}_ref) r join ws_main.${table}_typed t on t.row_id = r.i where t."${c}" is distinct from ${value}`,
        )
        expect([csv, c, types[c], wrong]).toEqual([csv, c, types[c], { n: 0 }])
      }
    })
  }, 60_000)

  it('that are damaged are loaded as a whole or not at all', async () => {
    let loaded = 0
    await each(damaged(250, 7), 8, async ([b, skip]) => {
      const table = `mut_${n++}`
      const { status, body } = await lab.send(b, { table, on_error: skip ? 'skip' : 'abort' })
      const [there] = await lab.db.sql(`select to_regclass('ws_main.${table}')::text as t`)

      expect([b.toString('latin1'), status < 500 ? '' : body]).toEqual([b.toString('latin1'), ''])
      if (status === 201) {
        loaded++
        const [count] = await lab.db.sql(`select count(*)::int as n from ws_main.${table}`)
        expect([b.toString('latin1'), count.n]).toEqual([b.toString('latin1'), body.rows])
        if (body.rejected + body.repaired > 0)
          expect(await lab.db.sql(`select count(*)::int as n from ws_main.${body.rejects} where upload_id = ${body.id}`)).toEqual([
            { n: body.rejected + body.repaired },
          ])
      } else {
        expect([b.toString('latin1'), there.t, typeof body.code, typeof body.message]).toEqual([
          b.toString('latin1'),
          null,
          'string',
          'string',
        ])
        if (['TMCSV', 'TMTYP', 'TMENC'].includes(body.code))
          expect([b.toString('latin1'), body]).toEqual([
            b.toString('latin1'),
            expect.objectContaining({ line: expect.any(Number), reason: expect.any(String) }),
          ])
      }
    })
    expect(loaded).toBeGreaterThan(60)
    expect(await lab.db.sql(`select count(*)::int as n from app_public.uploads where state = 'running'`)).toEqual([{ n: 0 }])
  }, 120_000)
})
