/**
 * `npm run bench -- live`: what live queries cost and how fast they are: many websockets, few distinct queries (filter, order, first
 * 50) on a table of 100,000 rows, a steady stream of updates. Called by scripts/bench.mjs, or alone:
 * DATABASE_URL=… node scripts/bench/live.ts [--clients 1000] [--queries 50] [--updates 100] [--seconds 8]
 *
 * Starts a server in this process and the clients in another. Writes table bench_live into workspace main.
 * `latency`: from the moment when the update is sent to the moment when a client has parsed the patch with it.
 */
import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import WebSocket from 'ws'
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { readConfig } from '../../server/config.ts'
import { urlFor } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'
import type { Figure } from './capture.ts'

interface Options {
  databaseUrl: string
  secret?: string
  clients?: number
  queries?: number
  updates?: number
  seconds?: number
}
interface Report {
  latencies: number[]
  messages: number
  bytes: number
}

const ROWS = 100_000
const PAGE = 50
const query = (group: number) =>
  `subscription { benchLivesLive(first: ${PAGE}, orderBy: SCORE_DESC, filter: { grp: { equalTo: ${group} } }) { nodes { nodeId id score sent name } } }`
const quantile = (sorted: number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

export async function benchLive({
  databaseUrl,
  secret = '',
  clients = 1000,
  queries = 50,
  updates = 100,
  seconds = 8,
}: Options): Promise<Figure[]> {
  const config = {
    ...readConfig({ DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, PORT: '0', WORKER: '0', ALLOW_UNPATCHED_POSTGRES: '1' }),
    secret,
  }
  const db = new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_owner', secret), max: 4 })
  await db.query(`set role ws_main; drop table if exists ws_main.bench_live; create table ws_main.bench_live (id int primary key, grp int, score int, sent bigint, name text);
    insert into ws_main.bench_live select g, g % ${queries}, (g * 7919) % 1000000, 0, 'row ' || g from generate_series(1, ${ROWS}) g;
    create index on ws_main.bench_live (grp, score desc, id); analyze ws_main.bench_live; reset role`)
  const server = await startServer(config, makeLog('silent'))
  const token = await createToken(
    { owner: server.db.owner, workspaces: makeWorkspaces({ owner: server.db.owner, secret, overTcp: false }) },
    { workspace: 'main', role: 'owner' },
  )
  const figures: Figure[] = []
  const before = process.memoryUsage().rss
  const child = fork(import.meta.filename, ['--as-clients', server.url, token, String(clients), String(queries)])
  const told = (type: string) =>
    new Promise<any>((resolve) => child.on('message', (message: any) => message.type === type && resolve(message)))
  try {
    await told('ready')
    await sleep(1500) // the pump has attached, every query has run again once
    const rss = (process.memoryUsage().rss - before) / clients

    let stats = server.live.stats()
    let cpu = await postgresCpu(db)
    await sleep(3000)
    figures.push({
      name: 'idle: live queries run per second',
      value: ((server.live.stats().runs - stats.runs) / 3).toFixed(1),
      goal: '0',
      note: `PostgreSQL ${(((await postgresCpu(db)) - cpu) / 3).toFixed(1)} % of a core (the pump's rounds)`,
    })
    figures.push({
      name: 'memory per websocket with a live query',
      value: `${Math.round(rss / 1024)} kB`,
      goal: '-',
      note: 'growth of the server, first pages included',
    })

    stats = server.live.stats()
    cpu = await postgresCpu(db)
    const own = process.cpuUsage()
    child.send({ type: 'begin' })
    const started = performance.now()
    for (let i = 0; i < updates * seconds; i++) {
      const group = i % queries
      // every second update hits the top of a group, the others any row
      const where =
        i % 2
          ? `id = ${1 + ((i * 7907) % ROWS)}`
          : `id = (select id from ws_main.bench_live where grp = ${group} order by score desc, id offset ${i % PAGE} limit 1)`
      void db.query(
        `update ws_main.bench_live set score = ${i % 3 ? 'score' : `${(i * 104729) % 1000000}`}, sent = ${Date.now()} where ${where}`,
      )
      const wait = started + ((i + 1) * 1000) / updates - performance.now()
      if (wait > 0) await sleep(wait)
    }
    await sleep(600)
    const took = (performance.now() - started) / 1000
    const used = process.cpuUsage(own)
    const postgres = ((await postgresCpu(db)) - cpu) / took
    const now = server.live.stats()
    child.send({ type: 'report' })
    const { latencies, messages, bytes }: Report = (await told('report')).report
    latencies.sort((a, b) => a - b)
    const runs = (now.runs - stats.runs) / took
    const page = JSON.stringify((await db.query('select id, score, sent, name from ws_main.bench_live limit $1', [PAGE])).rows).length
    figures.push({
      name: `${clients} clients, ${queries} queries, ${updates} updates/s: p50`,
      value: `${Math.round(quantile(latencies, 0.5))} ms`,
      goal: '≤ 80 ms',
      note: `${latencies.length} latencies`,
    })
    figures.push({
      name: '… p99',
      value: `${Math.round(quantile(latencies, 0.99))} ms`,
      goal: '≤ 150 ms',
      note: `max ${Math.round(latencies.at(-1) ?? 0)} ms`,
    })
    figures.push({
      name: '… statements of live queries per second',
      value: `${runs.toFixed(0)} runs + ${((now.tests - stats.tests) / took).toFixed(0)} tests`,
      goal: '-',
      note: `each client its own: ${(clients / queries) * updates}; poll each second: ${queries}`,
    })
    figures.push({
      name: '… PostgreSQL CPU',
      value: `${postgres.toFixed(0)} %`,
      goal: '-',
      note: `of a core, writer included; server ${((used.user + used.system) / took / 1e4).toFixed(0)} %`,
    })
    figures.push({
      name: '… bytes per client and second',
      value: `${Math.round(bytes / clients / took)}`,
      goal: '-',
      note: `${(messages / clients / took).toFixed(2)} messages; whole pages each second would be ${page}: ratio ${(bytes / clients / took / page).toFixed(2)}`,
    })
    figures.push({
      name: '… executions as ratio to every client asking anew at each change of its query',
      value: (runs / ((clients / queries) * updates)).toFixed(3),
      goal: '-',
      note: 'a change concerns one query, that is, clients / queries of them',
    })
    figures.push({
      name: '… as ratio to one poll each second for each distinct query',
      value: (runs / queries).toFixed(2),
      goal: '-',
      note: `which is ${(500 / quantile(latencies, 0.5)).toFixed(0)} times as late`,
    })
    const all = now.flushes - stats.flushes
    figures.push({
      name: '… one flush / window test / run takes',
      value: `${((now.flushMs - stats.flushMs) / all).toFixed(0)} / ${((now.testMs - stats.testMs) / (now.tests - stats.tests)).toFixed(0)} / ${((now.runMs - stats.runMs) / (now.runs - stats.runs)).toFixed(0)} ms`,
      goal: '-',
      note: 'tens of ms on an idle machine mean a loaded one',
    })
  } finally {
    child.kill()
    await server.close()
    await db.query('set role ws_main; drop table if exists ws_main.bench_live; reset role').catch(() => {})
    await db.end()
  }
  return figures
}

/** CPU time of all PostgreSQL processes of this cluster so far, in hundredths of a second: a difference per second is per cent of a core. */
async function postgresCpu(db: pg.Pool): Promise<number> {
  try {
    const { rows } = await db.query('select pg_backend_pid() as pid')
    const parent = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]!
    const postmaster = parent(String(rows[0].pid))
    let ticks = 0
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
        if (fields[1] === postmaster) ticks += Number(fields[11]) + Number(fields[12])
      } catch {} // it has ended
    return ticks
  } catch {
    return Number.NaN // not Linux, or PostgreSQL is elsewhere
  }
}

/** The other process: all the websockets. */
async function beClients(url: string, token: string, clients: number, queries: number) {
  let report: Report = { latencies: [], messages: 0, bytes: 0 }
  let first = 0
  const open = (i: number) =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false })
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })))
      socket.on('message', (data) => {
        const message = JSON.parse(String(data))
        if (message.type === 'connection_ack')
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: query(i % queries), extensions: { live: 'patch' } } }))
        if (message.type !== 'next') return
        if (message.payload.data?.benchLivesLive?.nodes) {
          first++
          return resolve()
        }
        report.messages++
        report.bytes += String(data).length
        const newest = Math.max(0, ...message.payload.extensions.patch.upserts.map(({ node }: any) => Number(node.sent)))
        if (newest > 0 && Date.now() - newest < 10_000) report.latencies.push(Date.now() - newest)
      })
    })
  for (let i = 0; i < clients; i += 50) await Promise.all(Array.from({ length: Math.min(50, clients - i) }, (_, k) => open(i + k)))
  process.on('message', (message: any) => {
    if (message.type === 'begin') report = { latencies: [], messages: 0, bytes: 0 }
    if (message.type === 'report') process.send!({ type: 'report', report })
  })
  process.send!({ type: 'ready', first })
}

if (process.argv[2] === '--as-clients') {
  const [, , , url, token, clients, queries] = process.argv
  await beClients(url!, token!, Number(clients), Number(queries))
} else if (import.meta.main) {
  const number = (name: string) =>
    process.argv.includes(`--${name}`) ? { [name]: Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) } : {}
  console.table(
    await benchLive({
      databaseUrl: process.env.DATABASE_URL!,
      secret: process.env.TIDEMARK_SECRET ?? '',
      ...number('clients'),
      ...number('queries'),
      ...number('updates'),
      ...number('seconds'),
    }),
  )
  process.exit()
}
