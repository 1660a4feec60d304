/**
 * What the faults happen to: a throw-away cluster with real settings and a server process of its own, both of which may be
 * killed and come back as under `npm start`. Called by every fault, the soak, and tests. Writes nothing outside its folder.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { createToken } from '../../server/auth/tokens.ts'
import { compileCache } from '../launch/compile-cache.mjs'
import { runningIn } from '../postgres/cluster.mjs'
import { startThrowaway } from '../postgres/throwaway.mjs'
import { watchProcess } from '../postgres/watchdog.mjs'
import { sleep, until } from './random.ts'

const ROOT = path.join(import.meta.dirname, '../..')
/** No recovery may take longer. */
export const PATIENCE_MS = 60_000

export interface World {
  url: string
  token: string
  serverPid(): number
  postgresPid(): number
  /** As superuser, on a connection of its own. Asks again while PostgreSQL is away: only for what may be asked twice. */
  sql<Row = any>(text: string, values?: unknown[]): Promise<Row[]>
  /** Until a kill of one of PostgreSQL's processes has ended all its connections. */
  untilCut(): Promise<void>
  request(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>
  graphql<T = any>(query: string, variables?: Record<string, unknown>): Promise<T>
  startServer(env?: Record<string, string>): Promise<void>
  killServer(): Promise<void>
  killPostgres(): void
  /** The last warnings and errors of the server that runs, or ran last. */
  serverSaid(): string
  /** Starts what is gone and waits until /healthz answers 200. @returns ms since the call */
  recover(): Promise<number>
  adminUrl: string
  close(): Promise<void>
}

export async function startWorld(say: (text: string) => void, env: Record<string, string> = {}): Promise<World> {
  const away = await startThrowaway(ROOT, say)
  let server: ChildProcess | null = null
  let port = '0'
  let settings = env
  let said = ''
  let admin: pg.Client | null = null

  async function connection(): Promise<pg.Client> {
    if (admin) return admin
    const client = new pg.Client({ connectionString: away.adminUrl, connectionTimeoutMillis: 5000 })
    const gone = () => {
      if (admin === client) admin = null
    }
    client.on('error', gone)
    client.on('end', gone)
    await client.connect()
    admin = client
    return client
  }

  /** What `npm start` does, which looks every two seconds; here at once, so that a run of 200 kills ends. */
  async function keepPostgres(): Promise<void> {
    if (!runningIn(away.place.pg)) await away.restart()
  }

  let turn: Promise<unknown> = Promise.resolve()
  async function ask(text: string, values: unknown[]): Promise<any[]> {
    for (const began = Date.now(); ; await sleep(100)) {
      try {
        const client = await connection()
        return (await client.query(text, values)).rows
      } catch (error) {
        const { severity, code } = error as pg.DatabaseError
        if (severity && !/^(57P|08)/.test(code ?? '')) throw error
        admin = null
        if (Date.now() - began > PATIENCE_MS) throw error
      }
    }
  }

  const world: World = {
    url: '',
    token: '',
    adminUrl: away.adminUrl,
    serverPid: () => server?.pid ?? 0,
    postgresPid: () => runningIn(away.place.pg)?.pid ?? 0,
    sql(text, values = []) {
      // One after the other: one connection.
      const answer = turn.then(() => ask(text, values))
      turn = answer.catch(() => {})
      return answer
    },
    untilCut: async () => void (await until(() => admin === null, 3000, 5)),
    request: (where, init = {}) =>
      fetch(`${world.url}${where}`, { ...init, headers: { authorization: `Bearer ${world.token}`, ...(init.headers as object) } }),
    async graphql(query, variables = {}) {
      const reply = await world.request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await reply.json()) as any
      if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions)
      return data
    },
    async startServer(more = {}) {
      settings = { ...settings, ...more }
      // The superuser's address: a role that is new must be known by nobody but the server itself.
      const child = spawn(process.execPath, [...(settings.NODE_ARGS ?? '').split(' ').filter(Boolean), 'server/main.ts'], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ...compileCache(ROOT),
          NODE_OPTIONS: '',
          NODE_ENV: 'production',
          GRAPHILE_ENV: 'production',
          DATABASE_URL: away.serverUrl,
          TIDEMARK_SECRET: away.secret,
          PORT: port,
          ALLOW_PRIVATE_WEBHOOKS: '1',
          LOG_LEVEL: 'warn',
          ...settings,
        },
      })
      server = child
      const watchdog = watchProcess(child.pid!)
      child.once('close', () => watchdog.dismiss())
      world.url = await new Promise((resolve, reject) => {
        said = ''
        const hear = (part: string) => {
          said = (said + part).slice(-4000)
          const [, url] = /is ready on (\S+)/.exec(said) ?? []
          if (url) resolve(url.replace('localhost', '127.0.0.1'))
        }
        for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', hear)
        child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
      })
      port = new URL(world.url).port // the same one after a kill: clients come back to where they were
    },
    async killServer() {
      const child = server
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await gone
    },
    serverSaid: () => said,
    killPostgres: () => void kill(world.postgresPid()),
    async recover() {
      const began = performance.now()
      await keepPostgres()
      for (let tries = 0; !server || server.exitCode !== null || server.signalCode !== null; tries++)
        await world.startServer().catch(async (error) => {
          if (tries > 20) throw error
          await sleep(200) // PostgreSQL is still recovering: the launcher would start it again too
        })
      let health = ''
      const healthy = async () => {
        await keepPostgres()
        try {
          const reply = await fetch(`${world.url}/healthz`, { signal: AbortSignal.timeout(10_000) })
          health = await reply.text()
          return reply.ok
        } catch (error) {
          health = String(error)
          return false
        }
      }
      if ((await until(healthy, PATIENCE_MS)) === null) {
        const activity = await world.sql(
          `select array_agg(concat_ws(' ', pid, usename, application_name, state, wait_event_type, wait_event, left(query, 60))) as all from pg_stat_activity`,
        )
        throw new Error(
          `not healthy ${PATIENCE_MS / 1000} s after the kill: ${health}; the server said: ${said}; ${JSON.stringify(activity)}`,
        )
      }
      return performance.now() - began
    },
    async close() {
      await world.killServer()
      await admin?.end().catch(() => {})
      await away.stop()
    },
  }
  try {
    await world.startServer()
    const owner = new pg.Pool({ connectionString: away.url('app_owner'), max: 1 })
    world.token = await createToken({ owner, workspaces: { ensure: async () => {} } as never }, { name: 'faults' })
    await owner.end()
    return world
  } catch (error) {
    await world.close()
    throw error
  }
}

export function kill(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Resident memory of a process in MB. */
export function memoryOf(pid: number): number {
  const file = `/proc/${pid}/status`
  return existsSync(file) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024 : 0
}
