/**
 * The one LISTEN connection of a server process, shared by everything that waits for the database:
 * GraphQL schemas (schema_changed), live queries (table_change_channel), events (matview_refresh_channel).
 *
 * Made once by main.ts and handed on. The machinery (LISTEN per topic, keep-alive, a new connection) is @graphile/pg-pubsub's: a
 * PostGraphile 4 plugin whose options hook is a plain function that returns a PubSub. PostGraphile 5's own subscriber ends every
 * stream when its connection is lost. Its back-off doubles up to 30 s, so after a while without the database nobody would hear
 * anything for as long again: untilConnected() asks oftener, and it never gets to wait.
 *
 * A NOTIFY sent while the connection is down is lost, so a NOTIFY is only ever a hint: whoever must not miss anything
 * registers onReconnect() and then reads the truth again (the event log by id, its live queries).
 */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'

const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 500
const CONNECT_MS = 5000

const plugin = createRequire(import.meta.url)('@graphile/pg-pubsub').default

export interface Listener {
  /** The notifications of a channel (63 bytes at most). A JSON payload comes parsed, a bare id as a number, other text as undefined. */
  subscribe(topic: string): AsyncIterableIterator<unknown>
  /** Calls back each time LISTEN works again after the connection was lost. Returns what takes the callback away. */
  onReconnect(callback: () => void): () => void
  /** Resolves when LISTEN works for the first time. */
  ready: Promise<void>
  /** True while LISTEN works: /healthz. */
  alive(): boolean
  release(): Promise<void>
}

/** Tries until it succeeds; never ends once `ending` says so, since nobody waits then. */
export async function untilConnected<Client>(connect: () => Promise<Client>, ending: () => boolean): Promise<Client> {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, wait * 2)) {
    if (ending()) return new Promise(() => {})
    try {
      return await connect()
    } catch {
      await sleep(wait, undefined, { ref: false })
    }
  }
}

/** @param login settings of a direct connection (no transaction pooler: LISTEN would hear nothing there, without an error). */
export function makeListener(login: pg.ClientConfig, log: Log): Listener {
  const pool = new pg.Pool({ ...login, max: 1, connectionTimeoutMillis: CONNECT_MS, application_name: 'tidemark listen' })
  const callbacks = new Set<() => void>()
  let current: pg.PoolClient | null = null
  let first: () => void
  const ready = new Promise<void>((resolve) => (first = resolve))
  let connections = 0

  pool.on('error', () => {}) // reported at 'end' below; reconnecting is pg-pubsub's work
  pool.on('connect', (client) => {
    client.on('error', () => {}) // pg-pubsub listens too, but not before it has the client and not after it let go
    // pg-pubsub sends its LISTENs all at once; pg wants one after the other.
    const query = client.query.bind(client) as (...args: any[]) => Promise<any>
    let tail: Promise<unknown> = Promise.resolve()
    ;(client as any).query = (...args: any[]) => (tail = tail.catch(() => {}).then(() => (pool.ending ? { rows: [] } : query(...args))))
    client.once('end', () => {
      if (current === client) current = null
      if (pool.ending) return
      log.warn('the LISTEN connection was lost')
      // Released at once, a dead connection is replaced in about 100 ms; pg-pubsub alone would notice at its 25 s keep-alive.
      try {
        ;(client as any).release(true)
      } catch {
        /* released already */
      }
    })
  })
  pool.on('acquire', (client) => {
    // pg-pubsub queues its LISTENs as soon as it has the client; this query runs after them, so then LISTEN works.
    setImmediate(async () => {
      try {
        await client.query('select 1')
      } catch {
        return
      }
      current = client
      connections += 1
      if (connections === 1) return first()
      log.info('the LISTEN connection is back')
      for (const callback of callbacks) callback()
    })
  })

  const connect = pool.connect.bind(pool)
  pool.connect = (() => untilConnected(connect, () => pool.ending)) as typeof pool.connect
  const { pubsub } = plugin['postgraphile:options']({ subscriptionEventEmitterMaxListeners: 0 }, { pgPool: pool }).graphileBuildOptions

  return {
    subscribe: (topic) => pubsub.asyncIterator(topic),
    onReconnect(callback) {
      callbacks.add(callback)
      return () => callbacks.delete(callback)
    },
    ready,
    alive: () => current !== null,
    async release() {
      const ended = pool.end() // from here on pg-pubsub does not reconnect
      clearInterval((current as any)?.keepAliveInterval) // nor asks whether the connection is alive
      current?.release(true)
      await ended
    },
  }
}
