import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { corpora, describeCorpora, startLab, type Lab } from './lab.ts'

/** Every file of the corpora goes through the endpoint: nothing crashes, hangs or is half-loaded, and what is known is right. */
describeCorpora('the corpora', () => {
  let lab: Lab
  let n = 0
  beforeAll(async () => { lab = await startLab() })
  afterAll(() => lab.close())
  const text = { types: 'text' }
  const files = (dir: string, ext: RegExp): string[] => readdirSync(path.join(corpora, dir), { recursive: true, encoding: 'utf8' }).filter((f) => ext.test(f)).sort()

  it('reads csv-spectrum as its JSON says', async () => {
    for (const f of files('csv-spectrum/csvs', /\.csv$/)) {
      const want = JSON.parse(readFileSync(path.join(corpora, 'csv-spectrum/json', f.replace('.csv', '.json')), 'utf8')) as Record<string, string>[]
      const table = `spectrum_${n++}`
      const { status, body } = await lab.send(readFileSync(path.join(corpora, 'csv-spectrum/csvs', f)), { table, ...text })
      const names = body.columns?.map((c: any) => c.name)
      const got = status === 201 ? (await lab.rows(table)).map((r) => Object.fromEntries(names.map((c: string, i: number) => [c, r[i] ?? '']))) : body

      expect([f, got]).toEqual([f, want])
    }
  })

  const probe = process.env.PROBE
  it('agrees with DuckDB on count and columns, or has a reason', async () => {
    const oracle = JSON.parse(readFileSync(path.join(corpora, 'duckdb/oracle.json'), 'utf8')) as Record<string, any>
    const same: string[] = [], other: string[] = []
    for (const f of files('duckdb/data', /./)) {
      const file = path.join(corpora, 'duckdb/data', f)
      let bytes: Buffer
      try { bytes = readFileSync(file) } catch { continue }
      if (probe && !f.includes(probe)) continue
      const o = oracle[f]
      if (!o) continue
      const table = `duck_${n++}`
      const { status, body } = await lab.send(bytes, { table, on_error: 'skip' })
      const what = o.rows === undefined ? 'refused' : `${o.rows} rows, ${o.Columns.length} columns`
      const mine = status === 201 ? `${body.rows} rows, ${body.columns.length} columns` : `${body.code} ${body.message}`
      expect([f, status >= 500 ? body : '']).toEqual([f, ''])
      if (what === mine || (what === 'refused' && status !== 201)) same.push(f)
      else other.push(`${f}: duckdb ${what} [${o.Delimiter}${o.Quote} h=${o.HasHeader} skip=${o.SkipRows}]; here ${mine} rejected=${body.rejected} repaired=${body.repaired} ${JSON.stringify(body.dialect ?? {})}`)
    }
    console.log(same.length, 'agree;', other.length, 'differ')
    if (process.env.OUT) (await import('node:fs')).writeFileSync(process.env.OUT, other.join('\n'))
  }, 300_000)
})
