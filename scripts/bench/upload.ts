/**
 * `npm run bench -- upload`: how fast a CSV becomes a typed table, as ratios to `psql \copy` into a table that is already made,
 * typed, and has the same key; and to what people use otherwise. Interleaved on the same machine, a checkpoint before each;
 * medians. Called by ../bench.ts (--rows, --pairs, --only mixed,text,late,rivals,memory).
 *
 * Starts a server with only the upload route; writes tables bench_* into workspace main and files into the temp directory.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync, unlinkSync } from 'node:fs'
import http from 'node:http'
import express from 'express'
import pg from 'pg'
import { openDb, urlFor } from '../../server/db.ts'
import { answerErrors } from '../../server/http/error-handler.ts'
import { makeLog } from '../../server/log.ts'
import { uploadRoute } from '../../server/upload/route.ts'
import type { Figure } from './report.ts'
import { CASES, type Case, caseOf, makeFile } from './upload/files.ts'
import { waysOf } from './upload/ways.ts'

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
type Ways = ReturnType<typeof waysOf>
type World = Awaited<ReturnType<typeof open>>

/** csvsql needs a minute for a million rows: it, and we beside it, get a tenth. */
const RIVALS: { name: string; way: Exclude<keyof Ways, 'copy' | 'http' | 'import'>; program?: string; part: number; note: string }[] = [
  { name: 'csv-parse re-encoding into COPY', way: 'csvParse', part: 1, note: 'types given to it' },
  { name: 'a staging table of texts + casts', way: 'staging', part: 1, note: 'types given to it' },
  { name: 'pgloader', way: 'pgloader', program: 'pgloader', part: 1, note: 'types given to it' },
  { name: 'csvsql', way: 'csvsql', program: 'csvsql', part: 0.1, note: 'finds types, as we do' },
]

export async function benchUpload(o: BenchOptions): Promise<Figure[]> {
  const rows = o.rows ?? 1_000_000
  const pairs = o.pairs ?? 7
  const wanted = (name: string) => !o.only || o.only.includes(name)
  const world = await open(o)
  const { ways } = world
  const figures: Figure[] = []
  try {
    for (const c of CASES(rows)) if (wanted(c.name)) figures.push(...(await againstCopy(world, c, pairs)))
    if (wanted('rivals')) for (const one of RIVALS) figures.push(await againstRival(world, one, rows, Math.min(pairs, 3)))
    if (wanted('memory')) figures.push(await memory(ways, rows < 1e6 ? rows * 5 : 5_000_000))
  } finally {
    await world.close()
  }
  return figures
}

async function open(o: BenchOptions) {
  const log = makeLog('silent')
  const secret = o.secret ?? ''
  const db = openDb({ databaseUrl: o.databaseUrl, secret, poolSize: 4 }, log)
  const owner = urlFor(o.databaseUrl, 'app_owner', secret)
  const admin = new pg.Client({ connectionString: owner })
  const given = new pg.Client({ connectionString: o.databaseUrl })
  await Promise.all([admin.connect(), given.connect()])
  const app = express()
  const identify = async () =>
    ({ accountId: null, workspace: 'main', memberRole: 'owner', role: 'ws_main', sessionId: null, tokenId: null }) as const
  app.use(uploadRoute({ db, log, identify }))
  app.use(answerErrors(log))
  const server = http.createServer(app).listen(0, '127.0.0.1')
  server.requestTimeout = 0
  await once(server, 'listening')
  let mayCheckpoint = true
  const checkpoint = async () => {
    if (!mayCheckpoint) return
    await given.query('checkpoint').catch(() => {
      mayCheckpoint = false
      console.error('upload: this login may not CHECKPOINT: one that falls into a run will slow it')
    })
  }
  const { port } = server.address() as { port: number }
  return {
    admin,
    ways: waysOf({ owner, admin, checkpoint, psql: o.psql, env: o.env ?? {}, url: `http://127.0.0.1:${port}` }),
    async close() {
      await admin.query('drop table if exists ws_main.bench_own, ws_main.bench_ref, ws_main.bench_rival').catch(() => {})
      server.closeAllConnections()
      server.close()
      await Promise.all([admin.end(), given.end()])
      await db.close()
    },
  }
}

const median = (x: number[]): number => x.slice().sort((a, b) => a - b)[x.length >> 1]!
const ratios = (a: number[], b: number[]) => median(a.map((x, k) => x / b[k]!)).toFixed(2)

async function sameRows(admin: pg.Client, other: string): Promise<string> {
  const { rows } = await admin.query(`select (select count(*) from ws_main.${other}) = (select count(*) from ws_main.bench_own) as same`)
  return rows[0].same ? 'rows equal' : 'rows DIFFER'
}

async function againstCopy({ ways, admin }: World, c: Case, pairs: number): Promise<Figure[]> {
  const file = await makeFile(c)
  const mb = statSync(file).size / 1e6
  const copy: number[] = []
  const own: number[] = []
  const cpu: number[] = []
  const imported: number[] = []
  await ways.http(c, file) // warm: compiled code, cached file
  for (let k = 0; k < pairs; k++) {
    copy.push(await ways.copy(c, file))
    const before = process.cpuUsage()
    own.push(await ways.http(c, file))
    const used = process.cpuUsage(before)
    cpu.push(((used.user + used.system) / 1e6 / mb) * 100)
    if (c.name === 'mixed') imported.push(await ways.import(c, file))
  }
  const equal = await sameRows(admin, 'bench_ref')
  const size = `${mb.toFixed(0)} MB, ${c.rows} rows, psql ${median(copy).toFixed(0)} ms`
  return [
    {
      name: `upload ${c.name}, speed relative to psql \\copy`,
      value: ratios(copy, own),
      goal: `≥ ${c.goal}`,
      note: `${size}, HTTP ${median(own).toFixed(0)} ms, ${pairs} pairs, ${equal}`,
    },
    ...(imported.length > 0
      ? [
          {
            name: `upload ${c.name} by npm run import, speed relative to psql \\copy`,
            value: ratios(copy, imported),
            goal: `≥ ${c.goal}`,
            note: `${size}, import ${median(imported).toFixed(0)} ms, the start of its process included`,
          },
        ]
      : []),
    {
      name: `upload ${c.name}, server CPU s per 100 MB`,
      value: median(cpu).toFixed(2),
      goal: c.name === 'late' ? '' : '≤ 0.8',
      note: 'user and system time of the server process, all its threads; not of PostgreSQL nor of curl, which sends',
    },
  ]
}

/** A rival that is not installed, or fails, is said and does not stop the others. */
async function againstRival({ ways, admin }: World, one: (typeof RIVALS)[number], rows: number, rounds: number): Promise<Figure> {
  const figure = { name: `upload, speed relative to ${one.name}`, goal: '≥ 1' }
  if (one.program && spawnSync(one.program, ['--version']).error)
    return left(figure, `${one.program} is not installed: apt-get install ${one.program === 'csvsql' ? 'csvkit' : one.program}`)
  const c = caseOf('mixed', Math.round(rows * one.part))
  const file = await makeFile(c)
  const own: number[] = []
  const rival: number[] = []
  try {
    await ways.http(c, file) // warm
    for (let k = 0; k < rounds; k++) {
      own.push(await ways.http(c, file))
      rival.push(await ways[one.way](c, file))
    }
    const equal = await sameRows(admin, 'bench_rival')
    if (equal !== 'rows equal') throw new Error(`${one.way} ended well, but has not loaded all rows`)
  } catch (error) {
    return left(figure, (error as Error).message.slice(0, 300))
  }
  const times = `${one.way} ${median(rival).toFixed(0)} ms, HTTP ${median(own).toFixed(0)} ms`
  return { ...figure, value: ratios(rival, own), note: `${c.rows} rows, ${times}, ${rounds} rounds; ${one.note}` }
}

function left(figure: { name: string; goal: string }, why: string): Figure {
  console.error(`upload: left out: ${why}`)
  return { ...figure, value: 'not measured', note: why }
}

async function memory(ways: Ways, rows: number): Promise<Figure> {
  const c = caseOf('mixed', rows)
  const file = await makeFile(c)
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50)
  await ways.http(c, file)
  clearInterval(timer)
  const size = statSync(file).size
  unlinkSync(file)
  return {
    name: 'upload, peak memory of the server',
    value: `${(peak / 1e6).toFixed(0)} MB`,
    goal: '≤ 200 MB',
    note: `${(size / 1e6).toFixed(0)} MB, ${rows} rows`,
  }
}
