/**
 * `npm run bench -- live`: what live queries cost and how fast they are: many websockets, few distinct queries (filter, order, first
 * 50) on a table of 100,000 rows, a steady stream of updates; then, at a scale that all three can bear, beside what one would do
 * without them: every client asks anew when its query changed, or a poll each second. Called by scripts/bench.mjs, or alone:
 * DATABASE_URL=… node scripts/bench/live.ts [--clients 1000] [--queries 50] [--updates 100] [--seconds 8]
 *
 * Starts a server in this process and the clients in another (live/clients.ts). Writes table bench_live into workspace main.
 * A latency is the time from the sending of an update to the moment when a client has the result with it.
 */
import { fork } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { readConfig } from '../../server/config.ts'
import { urlFor } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'
import type { Figure } from './capture.ts'
import { type Mode, PAGE, type Report } from './live/clients.ts'
import { kept, ownCpu, postgresCpu, quantile } from './live/cpu.ts'
import { startPoll } from './live/poll.ts'

interface Scale {
  clients: number
  queries: number
  updates: number
  seconds: number
}
interface Options extends Partial<Scale> {
  databaseUrl: string
  secret?: string
}

const ROWS = 100_000
/** Every client asking anew is 40 page queries a second here: more would measure only how it breaks down. */
const SMALL: Scale = { clients: 100, queries: 50, updates: 20, seconds: 5 }
const DEAF = 50

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
  const db = new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_owner', secret), max: 8 })
  await db.query(`set role ws_main; drop table if exists ws_main.bench_live; create table ws_main.bench_live (id int primary key, grp int, score int, sent bigint, name text);
    insert into ws_main.bench_live select g, g % ${queries}, (g * 7919) % 1000000, 0, 'row ' || g from generate_series(1, ${ROWS}) g;
    create index on ws_main.bench_live (grp, score desc, id); analyze ws_main.bench_live; reset role`)
  const server = await startServer(config, makeLog('silent'))
  const token = await createToken(
    { owner: server.db.owner, workspaces: makeWorkspaces({ owner: server.db.owner, secret, overTcp: false }) },
    { workspace: 'main', role: 'owner' },
  )
  const figures: Figure[] = []
  const figure = (name: string, value: string, goal = '-', note = '') => void figures.push({ name, value, goal, note })

  async function start(mode: Mode, scale: Scale, url = server.url) {
    const child = fork(path.join(import.meta.dirname, 'live', 'clients.ts'), [
      mode,
      url,
      token,
      String(scale.clients),
      String(scale.queries),
    ])
    const told = (type: string) => new Promise<any>((resolve) => child.on('message', (one: any) => one.type === type && resolve(one)))
    const ready = told('ready')
    await Promise.race([ready, new Promise((_, reject) => child.once('exit', () => reject(new Error('the clients ended'))))])
    return {
      changed: (group: number) => child.send({ type: 'changed', group }),
      begin: () => child.send({ type: 'begin' }),
      async report(): Promise<Report> {
        const report = told('report')
        child.send({ type: 'report' })
        return (await report).report
      },
      stop: () => child.kill(),
    }
  }

  /** Every second update hits a row of a page, the others any row; two of three move it. */
  async function write({ queries, updates, seconds }: Scale, changed?: (group: number) => void) {
    const started = performance.now()
    for (let i = 0; i < updates * seconds; i++) {
      const group = i % queries
      const id = 1 + ((i * 7907) % ROWS)
      const where =
        i % 2
          ? `id = ${id}`
          : `id = (select id from ws_main.bench_live where grp = ${group} order by score desc, id offset ${i % PAGE} limit 1)`
      const score = i % 3 ? 'score' : `${(i * 104729) % 1000000}`
      void db
        .query(`update ws_main.bench_live set score = ${score}, sent = ${Date.now()} where ${where}`)
        .then(() => changed?.(i % 2 ? id % queries : group))
      const wait = started + ((i + 1) * 1000) / updates - performance.now()
      if (wait > 0) await sleep(wait)
    }
    await sleep(600)
  }

  async function measure(scale: Scale, who: Awaited<ReturnType<typeof start>>, tells = false) {
    const [postgres, node, began] = [await postgresCpu(db), ownCpu(), performance.now()]
    who.begin()
    await write(scale, tells ? who.changed : undefined)
    const took = (performance.now() - began) / 1000
    const cpus = { postgres: ((await postgresCpu(db)) - postgres) / took, node: (ownCpu() - node) / took }
    const { latencies, messages, bytes, cpu } = await who.report()
    const per = scale.clients * took
    return {
      took,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      latencies,
      messages: messages / per,
      bytes: bytes / per,
      load: cpu / took,
      ...cpus,
    }
  }

  try {
    const scale = { clients, queries, updates, seconds }
    const few = await start('live', { ...scale, clients: queries })
    await sleep(1500) // the pump has attached, every query has run again once
    const before = kept()
    const rss = process.memoryUsage().rss
    const all = await start('live', scale)
    await sleep(500)
    figure(
      'memory per websocket with a live query',
      `${((kept() - before) / clients / 1024).toFixed(1)} kB`,
      '-',
      `what is left after a collection, in Node; ${Math.round((process.memoryUsage().rss - rss) / clients / 1024)} kB growth of the process`,
    )

    let stats = server.live.stats()
    const idle = await postgresCpu(db)
    await sleep(3000)
    figure(
      'idle: live queries run per second',
      ((server.live.stats().runs - stats.runs) / 3).toFixed(1),
      '0',
      `PostgreSQL ${(((await postgresCpu(db)) - idle) / 3).toFixed(1)} % of a core (the pump's rounds)`,
    )

    stats = server.live.stats()
    const big = await measure(scale, all)
    const now = server.live.stats()
    all.stop()
    const percent = (value: number) => `${value.toFixed(0)} %`
    figure(
      `${clients} clients, ${queries} queries, ${updates} updates/s: p50`,
      `${Math.round(big.p50)} ms`,
      '≤ 80 ms',
      `${big.latencies.length} latencies`,
    )
    figure('… p99', `${Math.round(big.p99)} ms`, '≤ 150 ms', `max ${Math.round(quantile(big.latencies, 1))} ms`)
    const tests = now.tests - stats.tests,
      runs = now.runs - stats.runs
    figure(
      '… statements of live queries per second',
      `${(runs / big.took).toFixed(0)} runs + ${(tests / big.took).toFixed(0)} tests`,
      '-',
      `a run takes ${((now.runMs - stats.runMs) / runs).toFixed(0)} ms, a test ${((now.testMs - stats.testMs) / tests).toFixed(0)} ms`,
    )
    figure(
      '… PostgreSQL CPU',
      percent(big.postgres),
      '-',
      `of a core, writer included; server ${percent(big.node)} (with the writer's driver), the clients ${percent(big.load)}`,
    )
    figure('… bytes per client and second', `${Math.round(big.bytes)}`, '-', `${big.messages.toFixed(2)} messages`)

    const live = await start('live', SMALL)
    const ours = await measure(SMALL, live)
    live.stop()
    few.stop()
    await sleep(4000) // the live queries have ended
    const asking = await start('requery', SMALL)
    const requery = await measure(SMALL, asking, true)
    asking.stop()
    const poll = await startPoll(db, SMALL.queries)
    const polled = await start('poll', SMALL, poll.url)
    await sleep(1200)
    const polling = await measure(SMALL, polled)
    polled.stop()
    poll.close()
    const small = `${SMALL.clients} clients, ${SMALL.queries} queries, ${SMALL.updates} updates/s`
    for (const [name, one] of [
      ['live', ours],
      ['every client asks anew', requery],
      ['a poll each second for all', polling],
    ] as const)
      figure(
        `${small}: ${name}`,
        `${Math.round(one.p50)} / ${Math.round(one.p99)} ms`,
        '-',
        `PostgreSQL ${one.postgres.toFixed(1)} %, Node ${one.node.toFixed(1)} %, ${Math.round(one.bytes)} bytes per client and second`,
      )
    for (const [name, other] of [
      ['every client asking anew', requery],
      ['a poll each second', polling],
    ] as const)
      for (const [what, ratio] of [
        ['p50', ours.p50 / other.p50],
        ['PostgreSQL CPU', ours.postgres / other.postgres],
        ['bytes', ours.bytes / other.bytes],
      ] as const)
        figure(`live relative to ${name}: ${what}`, ratio.toFixed(2), '-', small)

    const deaf = await start('deaf', { ...SMALL, clients: DEAF, queries: 1 })
    const quiet = kept()
    const { sent } = server.live.stats()
    await write({ ...SMALL, queries: 1, updates: 100 })
    figure(
      'a client that never reads',
      `${Math.round((kept() - quiet) / DEAF / 1024)} kB`,
      '-',
      `growth of the server for each of ${DEAF}, after ${server.live.stats().sent - sent} changes of their page`,
    )
    deaf.stop()
  } finally {
    await server.close()
    await db.query('set role ws_main; drop table if exists ws_main.bench_live; reset role').catch(() => {})
    await db.end()
  }
  return figures
}

if (import.meta.main) {
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
