/**
 * `npm run bench -- upload`: how fast a CSV becomes a typed table, as ratios to `psql \copy` into a table that is already
 * made, typed, and has the same key. Interleaved pairs on the same machine; medians. Called by scripts/bench.mjs, or alone:
 * DATABASE_URL=… node scripts/bench/upload.ts [--rows 1000000] [--pairs 7] [--only mixed,text,late,memory]
 *
 * Starts a server with only the upload route; writes tables bench_* into workspace main and files into the temp directory.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, statSync, unlinkSync } from 'node:fs'
import { once } from 'node:events'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import express from 'express'
import pg from 'pg'
import { openDb, urlFor } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { uploadRoute } from '../../server/upload/route.ts'

export interface Figure {
  name: string
  value: string
  goal: string
  note: string
}
export interface BenchOptions {
  databaseUrl: string
  /** Runs `\copy` as the reference; and its environment (LD_LIBRARY_PATH of unpacked packages). */
  psql: string
  env?: Record<string, string>
  secret?: string
  rows?: number
  pairs?: number
  only?: string[]
}

const COLUMNS = 'id integer, ref uuid, name text, amount numeric, qty integer, day date, at timestamptz, ok boolean, code text, note text'
const HEADER = 'id,ref,name,amount,qty,day,at,ok,code,note'
const two = (n: number) => String(n).padStart(2, '0')
const mixed = (i: number) =>
  `${i},a0eebc99-9c0b-4ef8-bb6d-${String(i).padStart(12, '0')},Name ${i % 9973},${(i % 100000) / 100},${i % 97},2024-${two(1 + (i % 12))}-${two(1 + (i % 28))},2024-01-01T${two(i % 24)}:${two(i % 60)}:00Z,${i % 2 ? 'true' : 'false'},0${i % 1000},note`
const PROSE = 'A longer text, with commas, "quotes" and\nline breaks, as people write them into forms. '
const texts = (i: number) => `${i},"${`${i} ${PROSE.repeat(4)}`.replaceAll('"', '""')}",${i % 7}`

interface Case {
  name: string
  header: string
  columns: string
  row: (i: number, n: number) => string
  rows: number
  goal: number
}
const CASES = (rows: number): Case[] => [
  { name: 'mixed', header: HEADER, columns: COLUMNS, row: mixed, rows, goal: 0.9 },
  { name: 'text', header: 'id,body,n', columns: 'id integer, body text, n integer', row: texts, rows: Math.round(rows / 4), goal: 0.85 },
  {
    name: 'late',
    header: HEADER,
    columns: COLUMNS.replace('qty integer', 'qty numeric').replace('amount numeric', 'amount text').replace('day date', 'day text'),
    rows,
    goal: 0.6,
    row: (i, n) =>
      i === Math.round(n * 0.9)
        ? mixed(i).replace(/,(\d+),(2024-\d\d-\d\d)/, ',1.5,$2')
        : i === Math.round(n * 0.95)
          ? mixed(i).replace(/,2024-\d\d-\d\d,/, ',soon,')
          : i === Math.round(n * 0.96)
            ? mixed(i).replace(/^(\d+,[^,]+,[^,]+),[^,]+/, '$1,n/a')
            : mixed(i),
  },
]

const fileOf = (c: Case): string => path.join(os.tmpdir(), `tidemark-bench-${c.name}-${c.rows}.csv`)

/** In a process of its own: its garbage must not count as the server's memory. */
async function makeFile(c: Case): Promise<string> {
  const file = fileOf(c)
  if (existsSync(file)) return file
  const child = spawn(
    process.execPath,
    [import.meta.filename, '--make', c.name, '--rows', String(c.name === 'text' ? c.rows * 4 : c.rows)],
    { stdio: 'inherit' },
  )
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error('the file could not be made')
  return file
}

async function write(c: Case): Promise<void> {
  const file = fileOf(c)
  const out = createWriteStream(file)
  out.write(`${c.header}\n`)
  let part = ''
  for (let i = 1; i <= c.rows; i++) {
    part += `${c.row(i, c.rows)}\n`
    if (part.length > 1 << 20) {
      if (!out.write(part)) await once(out, 'drain')
      part = ''
    }
  }
  out.end(part)
  await once(out, 'finish')
}

const median = (x: number[]): number => x.slice().sort((a, b) => a - b)[x.length >> 1]!

export async function benchUpload(o: BenchOptions): Promise<Figure[]> {
  const log = makeLog('silent')
  const db = openDb({ databaseUrl: o.databaseUrl, secret: o.secret ?? '', poolSize: 4 }, log)
  // the platform's owner may make tables in every workspace; the reference uses the same login
  const owner = urlFor(o.databaseUrl, 'app_owner', o.secret ?? '')
  const admin = new pg.Client({ connectionString: owner })
  await admin.connect()
  const app = express()
  app.use(
    uploadRoute({
      db,
      log,
      identify: async () => ({ accountId: null, workspace: 'main', memberRole: 'owner', role: 'ws_main', sessionId: null, tokenId: null }),
    }),
  )
  app.use((error: any, _q: express.Request, res: express.Response, _n: express.NextFunction) => {
    res.status(500).json({ message: error.message, more: error.more })
  })
  const server = http.createServer(app).listen(0, '127.0.0.1')
  server.requestTimeout = 0
  await once(server, 'listening')
  const port = (server.address() as { port: number }).port
  const figures: Figure[] = []

  const run = (command: string, args: string[]): Promise<void> =>
    new Promise((ok, no) => {
      const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...o.env } })
      child.on('close', (code) => (code === 0 ? ok() : no(new Error(`${command} ended with ${code}`))))
    })
  const reference = async (c: Case, file: string): Promise<number> => {
    await admin.query(`drop table if exists ws_main.bench_ref; create table ws_main.bench_ref (row_id bigserial primary key, ${c.columns})`)
    const t = performance.now()
    await run(o.psql, [
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      '-d',
      owner,
      '-c',
      `\\copy ws_main.bench_ref (${c.header}) from '${file}' (format csv, header)`,
    ])
    return performance.now() - t
  }
  // curl sends, so that this process' CPU is the server's alone
  const ours = async (file: string): Promise<number> => {
    await admin.query('drop table if exists ws_main.bench_own')
    const t = performance.now()
    await run('curl', [
      '-sSf',
      '-o',
      '/dev/null',
      '-X',
      'POST',
      '-H',
      'content-type: text/csv',
      '-T',
      file,
      `http://127.0.0.1:${port}/upload-file?table=bench_own`,
    ])
    return performance.now() - t
  }

  try {
    for (const c of CASES(o.rows ?? 1_000_000)) {
      if (o.only && !o.only.includes(c.name)) continue
      const file = await makeFile(c),
        mb = statSync(file).size / 1e6
      await ours(file) // warm: compiled code, cached file
      const a: number[] = [],
        b: number[] = [],
        cpu: number[] = []
      for (let k = 0; k < (o.pairs ?? 7); k++) {
        a.push(await reference(c, file))
        const before = process.cpuUsage()
        b.push(await ours(file))
        const used = process.cpuUsage(before)
        cpu.push(((used.user + used.system) / 1e6 / mb) * 100)
        if (process.env.BENCH_VERBOSE) console.error(c.name, k, a.at(-1)!.toFixed(0), b.at(-1)!.toFixed(0), cpu.at(-1)!.toFixed(2))
      }
      const pairs = a.map((x, k) => x / b[k]!)
      const {
        rows: [n],
      } = await admin.query('select (select count(*) from ws_main.bench_ref) = (select count(*) from ws_main.bench_own) as same')
      figures.push({
        name: `upload ${c.name}, speed relative to psql \\copy`,
        value: median(pairs).toFixed(2),
        goal: `≥ ${c.goal}`,
        note: `${mb.toFixed(0)} MB, ${c.rows} rows, psql ${median(a).toFixed(0)} ms, HTTP ${median(b).toFixed(0)} ms, rows ${n.same ? 'equal' : 'DIFFER'}`,
      })
      figures.push({
        name: `upload ${c.name}, server CPU s per 100 MB`,
        value: median(cpu).toFixed(2),
        goal: c.name === 'late' ? '' : '≤ 0.8',
        note: 'Node process, all threads',
      })
    }
    if (!o.only || o.only.includes('memory')) {
      const c = { ...CASES(5_000_000)[0]!, rows: o.rows && o.rows < 1e6 ? o.rows * 5 : 5_000_000 }
      const file = await makeFile(c)
      let peak = 0
      const timer = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage.rss())
      }, 50)
      await ours(file)
      clearInterval(timer)
      figures.push({
        name: 'upload, peak memory of the server',
        value: `${(peak / 1e6).toFixed(0)} MB`,
        goal: '≤ 200 MB',
        note: `${(statSync(file).size / 1e6).toFixed(0)} MB, ${c.rows} rows`,
      })
      unlinkSync(file)
    }
  } finally {
    await admin.query('drop table if exists ws_main.bench_own, ws_main.bench_ref').catch(() => {})
    server.closeAllConnections()
    server.close()
    await admin.end()
    await db.close()
  }
  return figures
}

if (import.meta.main) {
  const arg = (name: string): string | undefined => {
    const i = process.argv.indexOf(`--${name}`)
    return i < 0 ? undefined : process.argv[i + 1]
  }
  if (arg('make')) {
    await write(CASES(Number(arg('rows'))).find((c) => c.name === arg('make'))!)
    process.exit(0)
  }
  const figures = await benchUpload({
    databaseUrl: process.env.DATABASE_URL!,
    psql: process.env.PSQL ?? 'psql',
    secret: process.env.TIDEMARK_SECRET ?? '',
    ...(arg('rows') ? { rows: Number(arg('rows')) } : {}),
    ...(arg('pairs') ? { pairs: Number(arg('pairs')) } : {}),
    ...(arg('only') ? { only: arg('only')!.split(',') } : {}),
  })
  console.table(figures)
  process.exit(0)
}
