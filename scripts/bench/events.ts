/**
 * `npm run bench -- events`: how fast marks reach the outside, whether one is lost, what waiting costs. Called by
 * scripts/bench.mjs, or alone: DATABASE_URL=… TIDEMARK_SECRET=… node scripts/bench/events.ts
 *
 * Starts a server process of its own on that database (one that nobody else uses); writes events of workspace main and webhooks.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import pg from 'pg'
import WebSocket from 'ws'
import { createToken } from '../../server/auth/tokens.ts'
import { urlFor } from '../../server/db.ts'
import { fromServer } from '../listen/server.ts'
import type { Figure } from './capture.ts'

const ROOT = path.join(import.meta.dirname, '../..')
interface Options {
  databaseUrl: string
  secret?: string
  events?: number
  clients?: number
}

const EVENT = `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name, status, row_count, inserted, updated, deleted)
  values ('main', 1, 'bench', 'new', 1, 1, 0, 0) returning id`
const KILL = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark listen' and datname = current_database()`
const rank = (sorted: number[], part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!

export async function benchEvents({ databaseUrl, secret = '', events = 200, clients = 2000 }: Options): Promise<Figure[]> {
  const owner = new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_owner', secret), max: 4 })
  const server = await startProcess(
    ['server/main.ts'],
    { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, PORT: '0', ALLOW_PRIVATE_WEBHOOKS: '1', LOG_LEVEL: 'fatal' },
    /is ready on (\S+)/,
  )
  const url = server.found
  try {
    await owner.query('select app_private.roll_partitions()')
    const token = await createToken({ owner, workspaces: { ensure: async () => {} } as never }, { name: 'bench', days: 1 })
    return [
      ...(await latency(owner, url, token, events, databaseUrl, secret)),
      await survival(owner, new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_authenticator', secret), max: 1 }), url, token),
      await throughput(owner),
      await memory(url, token, server.pid, clients),
    ]
  } finally {
    server.stop()
    await owner.query(`delete from app_public.webhooks where name = 'bench'; delete from app_public.api_tokens where name = 'bench'`)
    await owner.end()
  }
}

/** Every mark over SSE, from now on. `ready` is when now was. */
function followMarks(url: string, token: string, heard: (id: string) => void) {
  const stopping = new AbortController()
  const ready = Promise.withResolvers<void>()
  const options = { after: null, workspace: null, matview: null, changes: false, signal: stopping.signal, note: () => {} }
  void (async () => {
    for await (const item of fromServer(url, token, options))
      if (item.kind === 'begin') ready.resolve()
      else if (item.kind === 'mark') heard(item.id)
  })()
  return { ready: ready.promise, stop: () => stopping.abort() }
}

/** From the event's own clock (just before its commit) to the consumer's hands. */
async function latency(owner: pg.Pool, url: string, token: string, events: number, databaseUrl: string, secret: string): Promise<Figure[]> {
  const lags: Record<string, number[]> = { SSE: [], webhook: [], GraphQL: [], CLI: [] }
  const began = new Map<string, number>()
  const heard = (way: string, id: string) => began.has(id) && lags[way]!.push(performance.now() - began.get(id)!)
  const receiver = await receive((message) => heard('webhook', message.data.id))
  await hook(owner, receiver.url)
  const following = followMarks(url, token, (id) => heard('SSE', id))
  let subscribed = false
  const socket = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
  })
  socket.subscribe<any>(
    { query: 'subscription { matviewRefreshed { event { id } } }' },
    {
      next: ({ data }) => data && ((subscribed = true), heard('GraphQL', data.matviewRefreshed.event.id)),
      error: () => {},
      complete: () => {},
    },
  )
  const cli = await startProcess(
    ['scripts/listen.ts', '--json'],
    { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret },
    /listening on (\S+)/,
    (line) => heard('CLI', JSON.parse(line).id),
  )
  await following.ready
  // Its schema is built first; the marks until then are not measured.
  for (let tries = 0; !subscribed && tries < 60; tries++) {
    await owner.query(EVENT)
    await sleep(500)
  }

  for (let n = 0; n < events; n++) {
    const client = await owner.connect()
    await client.query('begin')
    const { rows } = await client.query(EVENT)
    began.set(String(rows[0].id), performance.now())
    await client.query('commit')
    client.release()
    await sleep(50)
  }
  await sleep(2000)
  following.stop()
  await socket.dispose()
  cli.stop()
  await receiver.close()
  await owner.query(`delete from app_public.webhooks where name = 'bench'`)
  return Object.entries(lags).map(([way, values]) => {
    values.sort((a, b) => a - b)
    const value = values.length ? `${rank(values, 0.5).toFixed(1)} / ${rank(values, 0.99).toFixed(1)} ms` : 'nothing came'
    return { name: `commit → ${way}, p50 / p99`, value, goal: '< 50 / 250 ms', note: `${values.length} of ${events} events` }
  })
}

/** @param listening the login of the LISTEN connection: who may end it */
async function survival(owner: pg.Pool, listening: pg.Pool, url: string, token: string): Promise<Figure> {
  const EVENTS = 2000
  const KILLS = 15
  const got = new Set<string>()
  let twice = 0
  const following = followMarks(url, token, (id) => got.size === got.add(id).size && twice++)
  await following.ready
  let killed = 0
  for (let n = 0; n < EVENTS; n++) {
    await owner.query(EVENT)
    if (killed < KILLS && n >= (killed + 1) * Math.floor(EVENTS / (KILLS + 1)))
      for (let tries = 0, found = 0; found === 0 && tries < 200; tries++) {
        found = (await listening.query(KILL)).rowCount ?? 0
        killed += found
        if (found === 0) await sleep(20) // it is being made anew
      }
  }
  for (const until = Date.now() + 20_000; got.size < EVENTS && Date.now() < until; ) await sleep(100)
  following.stop()
  await listening.end()
  return {
    name: `${EVENTS} events, LISTEN killed ${killed} times: delivered / lost`,
    value: `${got.size} / ${EVENTS - got.size}`,
    goal: `${EVENTS} / 0`,
    note: `${twice} came twice`,
  }
}

async function throughput(owner: pg.Pool): Promise<Figure> {
  const HOOKS = 10
  const EVENTS = 200
  let count = 0
  const receiver = await receive(() => count++)
  for (let n = 0; n < HOOKS; n++) await hook(owner, receiver.url)
  await owner.query(`update app_public.webhooks set state = 'paused' where name = 'bench'`)
  await owner.query(
    `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name) select 'main', 1, 'bench' from generate_series(1, $1)`,
    [EVENTS],
  )
  await sleep(1000)
  const began = performance.now()
  await owner.query(`update app_public.webhooks set state = 'active' where name = 'bench'`)
  await owner.query(`select app_private.queue_webhook(array(select id from app_public.webhooks where name = 'bench'))`)
  for (const until = Date.now() + 60_000; count < HOOKS * EVENTS && Date.now() < until; ) await sleep(10)
  const seconds = (performance.now() - began) / 1000
  await receiver.close()
  return {
    name: `webhooks a second, ${HOOKS} hooks`,
    value: `${Math.round(count / seconds)}`,
    goal: '≥ 200',
    note: `${count} deliveries, receiver and log on the same machine`,
  }
}

/** Raw sockets, so that the clients cost next to nothing here. */
async function memory(url: string, token: string, pid: number, clients: number): Promise<Figure> {
  const { hostname, port } = new URL(url)
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
  await sleep(1000)
  const before = rss()
  const sockets: net.Socket[] = []
  let answered = 0
  for (let n = 0; n < clients; n += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, clients - n) }, async () => {
        const socket = net.connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
        sockets.push(socket)
        socket.write(`GET /events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
        await new Promise((resolve) => socket.once('data', resolve).once('error', resolve))
        answered++
      }),
    )
  }
  await sleep(3000)
  const each = (rss() - before) / clients
  for (const socket of sockets) socket.destroy()
  return {
    name: `memory of ${clients} idle SSE clients`,
    value: `${(each / 1024).toFixed(0)} kB each`,
    goal: '< 50 kB',
    note: `${answered} open; server ${Math.round(before / 1048576)} MB without them`,
  }
}

async function hook(owner: pg.Pool, url: string): Promise<void> {
  await owner.query(
    `with made as (insert into app_public.webhooks (workspace, name, url) values ('main', 'bench', $1) returning id)
     insert into app_private.webhook_secrets (webhook_id, secret) select id, app_private.make_webhook_secret() from made`,
    [url],
  )
}

async function receive(arrived: (message: any) => void): Promise<{ url: string; close(): Promise<void> }> {
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    response.writeHead(204).end()
    arrived(JSON.parse(body))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A child under this Node; resolves when a line of its output matches. */
function startProcess(
  args: string[],
  env: Record<string, string>,
  sign: RegExp,
  onLine: (line: string) => void = () => {},
): Promise<{ found: string; pid: number; stop(): void }> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let text = ''
    let rest = ''
    const look = (part: string) => {
      text = (text + part).slice(-4000)
      const [, found] = sign.exec(text) ?? []
      if (found) resolve({ found, pid: child.pid!, stop: () => child.kill('SIGKILL') })
    }
    child.stderr.setEncoding('utf8').on('data', look)
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      look(part)
      const lines = (rest + part).split('\n')
      rest = lines.pop()!
      if (args[0]!.endsWith('listen.ts')) lines.forEach(onLine)
    })
    child.once('close', (code) => reject(new Error(`${args[0]} ended with ${code}: ${text}`)))
  })
}

if (import.meta.main) {
  for (const { name, value, goal, note } of await benchEvents({
    databaseUrl: process.env.DATABASE_URL ?? '',
    secret: process.env.TIDEMARK_SECRET ?? '',
  }))
    console.log(`${name}: ${value}   (goal ${goal}; ${note})`)
  process.exit()
}
