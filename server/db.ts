/**
 * The doors to the database. Called by main.ts (and tests) once; handed to every room.
 *
 * Three ways in, each a login of its own, so that PostgreSQL itself keeps them apart:
 * - `api`: app_authenticator, a pool; each transaction switches to the caller's role. Never runs people's SQL.
 * - `owner`: app_owner, a small pool for the platform's own work (sessions, jobs, upkeep). Never runs people's SQL.
 * - asWorkspace(): a connection that logged in as ws_<id>; the only place where people's SQL runs.
 *
 * The two pools may lie behind a pooler in transaction mode (DATABASE_POOL_URL): nothing that they do outlives its transaction.
 * login() and asWorkspace() always go straight to the database.
 */
import { createHmac } from 'node:crypto'
import pg from 'pg'
import { type Caller, pgSettings } from './auth/caller.ts'
import type { Log } from './log.ts'

export interface Db {
  api: pg.Pool
  owner: pg.Pool
  /** One transaction in the caller's role. Commits when `work` resolves, rolls back when it throws. */
  asCaller<T>(
    caller: Caller,
    work: (client: pg.PoolClient) => Promise<T>,
    /** Further settings of the transaction: the caller's role may not make them itself. */
    options?: { statementTimeoutMs?: number; settings?: Record<string, string> },
  ): Promise<T>
  /** A connection that logged in as the workspace's role, closed afterwards. `work` makes its own transactions. */
  asWorkspace<T>(workspace: string, work: (client: pg.Client) => Promise<T>): Promise<T>
  /** The connection settings of a role: for connections that stay open (LISTEN, the pump). */
  login(role: string): pg.ClientConfig
  close(): Promise<void>
}

/** The password of a role that is reached over TCP. The private cluster lets its own OS user in without one. */
export function rolePassword(secret: string, role: string): string {
  return createHmac('sha256', secret).update(`role:${role}`).digest('base64url')
}

/** The same database, another login. */
export function urlFor(databaseUrl: string, role: string, secret: string): string {
  const url = new URL(databaseUrl)
  if (url.hostname) {
    url.username = role
    url.password = rolePassword(secret, role)
  } else url.searchParams.set('user', role) // postgres:///app?host=%2Fpath&user=…: a unix socket
  return url.href
}

/**
 * Behind a transaction pooler the next transaction may have another connection, which knows no statement by its name: each is
 * sent whole, and parsed again. PostGraphile's too, which go through these pools.
 */
function unnamed(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => any
  ;(client as any).query = (first: any, ...rest: unknown[]) =>
    query(typeof first?.name === 'string' && typeof first.submit !== 'function' ? { ...first, name: undefined } : first, ...rest)
}

export function openDb(config: { databaseUrl: string; poolUrl?: string | null; secret: string; poolSize: number }, log: Log): Db {
  const login = (role: string, url = config.databaseUrl): pg.ClientConfig => ({
    connectionString: urlFor(url, role, config.secret),
    application_name: `tidemark ${role}`,
    keepAlive: true,
  })
  const pool = (role: string, max: number) => {
    const made = new pg.Pool({
      ...login(role, config.poolUrl ?? config.databaseUrl),
      max,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 10_000,
    })
    made.on('error', (error) => log.warn({ error: error.message, role }, 'an idle database connection was lost'))
    // One that is lost in the middle of work: whoever works hears of it from their statement.
    made.on('connect', (client) => {
      client.on('error', () => {})
      if (config.poolUrl) unnamed(client)
    })
    return made
  }
  const api = pool('app_authenticator', config.poolSize)
  const owner = pool('app_owner', 8)

  return {
    api,
    owner,
    login,
    async asCaller(caller, work, { statementTimeoutMs, settings: more } = {}) {
      const client = await api.connect()
      let broken: Error | undefined
      try {
        await client.query('begin')
        // set_config and not SET LOCAL: it takes values as parameters.
        const settings = Object.entries({ ...pgSettings(caller, statementTimeoutMs), ...more })
        await client.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as s (name, value)', [
          settings.map(([name]) => name),
          settings.map(([, value]) => value),
        ])
        const result = await work(client)
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch((e: Error) => (broken = e))
        throw error
      } finally {
        client.release(broken)
      }
    },
    async asWorkspace(workspace, work) {
      const client = new pg.Client(login(`ws_${workspace}`))
      client.on('error', (error) => log.warn({ error: error.message, workspace }, 'a workspace connection was lost'))
      await client.connect()
      try {
        return await work(client)
      } finally {
        await client.end().catch(() => {})
      }
    },
    async close() {
      await Promise.all([api.end(), owner.end()])
    },
  }
}
