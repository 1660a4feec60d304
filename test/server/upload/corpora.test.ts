/**
 * Public collections of odd CSV files: ours agrees with the expected result, or the difference has a reason in writing.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { infer, finalType, dateOrder } from '../../../server/upload/infer.ts'
import { Columns } from '../../../server/upload/columns.ts'
import { sniff } from '../../../server/upload/sniff.ts'
import { SQL } from '../../../server/upload/types.ts'
import { corpora, describeCorpora, startLab, type Lab } from './lab.ts'
import { readAll } from './read.ts'

const files = (dir: string, ext: RegExp): string[] =>
  readdirSync(path.join(corpora, dir), { recursive: true, encoding: 'utf8' })
    .filter((f) => ext.test(f))
    .sort()

/** Every file of the corpora: nothing crashes, hangs or is half-loaded, and what is known of it is right or has a reason. */
describeCorpora('the corpora', () => {
  let lab: Lab
  let n = 0
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())

  it('are read as the JSON of csv-spectrum says', async () => {
    for (const f of files('csv-spectrum/csvs', /\.csv$/)) {
      const want = [JSON.parse(readFileSync(path.join(corpora, 'csv-spectrum/json', f.replace('.csv', '.json')), 'utf8'))].flat() as Record<
        string,
        string
      >[]
      if (f === 'location_coordinates.csv') want[0]!['Contact Phone Number'] = '2095257564' // its JSON has another number than its CSV
      const table = `spectrum_${n++}`
      const { status, body } = await lab.send(readFileSync(path.join(corpora, 'csv-spectrum/csvs', f)), { table, types: 'text' })
      const names = body.columns?.map((c: any) => c.name)

      expect([
        f,
        status === 201
          ? (await lab.rows(table)).map((r) => Object.fromEntries(names.map((c: string, i: number) => [c, r[i] ?? ''])))
          : body,
      ]).toEqual([f, want])
    }
  })

  it.each(['node-csv', 'sqlite-utils', 'papaparse'])('load with the types of all rows: %s', async (dir) => {
    for (const f of files(dir, /\.csv$/)) {
      const bytes = readFileSync(path.join(corpora, dir, f)),
        table = `small_${n++}`
      const { status, body } = await lab.send(bytes, { table, on_error: 'skip' })
      const [count] = status === 201 ? await lab.db.sql(`select count(*)::int as n from ws_main.${table}`) : []

      expect([f, status, body.message]).toEqual([f, 201, undefined])
      expect([f, count.n]).toEqual([f, body.rows])
    }
  })

  const oracle = JSON.parse(readFileSync(path.join(corpora, 'duckdb/oracle.json'), 'utf8')) as Record<string, any>
  const known = files('duckdb/data', /./).filter((f) => oracle[f])

  /** Why our answer is another one. Null: no reason, and that is a failure. */
  function reason(
    f: string,
    o: any,
    mine: { rows: number; columns: number; bad: number; header: boolean; preamble: number },
  ): string | null {
    if (o.rows === undefined) return 'DuckDB refuses it'
    if (/^comments\/|comment/.test(f)) return 'comments are not a part of CSV here'
    if (/^afl\/|^fuzzing\//.test(f)) return 'a fuzzed file: any reading that does not crash will do'
    if (mine.columns === 0) return 'an empty file has no columns'
    if (/bug_12596|test_null_csv/.test(f)) return 'delimiters at the ends of lines are a column; || is one delimiter'
    if (mine.bad > 0) return 'records that do not fit are listed as rejects'
    if (o.HasHeader !== mine.header && Math.abs(o.rows - mine.rows) <= 1) return 'another verdict about the header'
    if (o.SkipRows !== mine.preamble) return 'another verdict about where the table begins'
    if (o.Columns.length === 1 && mine.columns > 1) return 'DuckDB falls back to one column'
    if (mine.columns === 1) return 'one column: blank lines at the end are no rows, another delimiter is taken'
    if (/escape|quote|multidelimiter/.test(f)) return 'quotes and backslashes that break the rules are read in another way'
    return null
  }

  it('agree with DuckDB on every file, or have a reason', () => {
    const same: string[] = [],
      reasons = new Map<string, number>(),
      none: string[] = []
    let types = 0,
      otherTypes = 0
    for (const f of known) {
      let bytes: Buffer = readFileSync(path.join(corpora, 'duckdb/data', f))
      if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes)
      const o = oracle[f],
        r = readAll(bytes, { skip: true }),
        d = r.sniffed.dialect
      if (o.rows === r.records && o.Columns.length === r.sniffed.names.length) {
        same.push(f)
        const s = sniff(bytes, true),
          c = new Columns(s.names.length)
        infer(s.bytes, s.dataStart, true, s.dialect, c, { lines: s.dataLine })
        for (let i = 0; i < c.n; i++)
          if (alike(o.Columns[i].type, SQL[finalType(c, i, dateOrder(c)).type]!)) types++
          else otherTypes++
        continue
      }
      const why = reason(f, o, {
        rows: r.records,
        columns: r.sniffed.names.length,
        bad: r.bad.length,
        header: d.header,
        preamble: d.preamble,
      })
      if (why === null)
        none.push(
          `${f}: DuckDB ${o.rows} rows, ${o.Columns.length} columns, ${o.Delimiter} ${o.Quote} header ${o.HasHeader} skip ${o.SkipRows}; here ${r.records}, ${r.sniffed.names.length}, ${JSON.stringify(d)}`,
        )
      else reasons.set(why, (reasons.get(why) ?? 0) + 1)
    }
    if (process.env.SHOW) console.log(same.length, Object.fromEntries(reasons), types, otherTypes, none.join('\n'))

    expect(none).toEqual([])
    expect(same.length).toBeGreaterThan(500)
    expect(types / (types + otherTypes)).toBeGreaterThan(0.9)
  }, 60_000)

  /** DuckDB's name of a type and ours. It knows no uuid or json, and takes 1.5 for a double. */
  const alike = (theirs: string, ours: string): boolean =>
    (
      ({
        BIGINT: ['integer', 'bigint'],
        DOUBLE: ['numeric', 'double precision'],
        DATE: ['date'],
        TIMESTAMP: ['timestamp'],
        'TIMESTAMP WITH TIME ZONE': ['timestamptz'],
        TIME: ['time'],
        BOOLEAN: ['boolean'],
        VARCHAR: ['text', 'uuid', 'jsonb'],
      }) as Record<string, string[]>
    )[theirs.replace(/\[\]$/, '')]?.includes(ours) ?? false

  it('come through the endpoint: every twentieth file of DuckDB', async () => {
    for (const f of known.filter((_, i) => i % 20 === 0)) {
      const table = `duck_${n++}`
      const { status, body } = await lab.send(readFileSync(path.join(corpora, 'duckdb/data', f)), { table, on_error: 'skip' })

      expect([f, status < 500 ? '' : body]).toEqual([f, ''])
      if (status === 201) expect([f, (await lab.db.sql(`select count(*)::int as n from ws_main.${table}`))[0].n]).toEqual([f, body.rows])
    }
  }, 60_000)
})
