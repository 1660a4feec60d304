/**
 * Live queries: who subscribes to what, which change concerns whom, and when a query is run again.
 * Made once by main.ts; called by graphql/ (subscribe) and fed by the listener (table_change_channel).
 *
 * A change goes this way: hint (relation, keys) -> the entries that read the relation become pending -> a round (rounds.ts): rows
 * of the page itself: run; other rows: one window test per (role, relation) decides -> each query that is concerned runs
 * once, whoever many subscribe -> the difference is sent, nothing when there is none.
 *
 * A hint may be lost (LISTEN connection gone, a writer that bypasses triggers): on reconnect every entry runs again, and
 * every SAFETY_MS the write counters of PostgreSQL are compared, which costs one statement for all entries.
 */
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import { relationsIn } from './clauses.ts'
import { keyText, type LiveQuery, makeEntry } from './entry.ts'
import { type Held, makeRounds } from './rounds.ts'
import type { Sources } from './sources.ts'
import type { Subscriber } from './subscriber.ts'
import type { Watches } from './watches.ts'
import type { KeyColumn } from './window-test.ts'

const LINGER_MS = 3000
const TIMED_MS = 5000
/** After a run that failed: the database may be away. */
const RETRY_MS = 300

export interface LiveRequest extends LiveQuery {
  caller: Caller
  key: KeyColumn[] | null
}

/** One item of a batch on table_change_channel; no `k`: anything may have changed. `op`: the letters i, u, d that occurred. */
export interface Hint {
  r: string
  k?: unknown[][]
  op?: string
}

interface Deps {
  db: Pick<Db, 'api'>
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  watches: Watches
  sources: Sources
  log: Log
  safetyMs?: number
}

export function makeLive({ db, listener, watches, sources, log, safetyMs = 20_000 }: Deps) {
  const entries = new Map<string, Held>()
  const readers = new Map<string, Set<Held>>()
  const stats = { hints: 0, sent: 0, resyncs: 0 }
  const rounds = makeRounds({ api: db.api, execute, log })

  function subscribe(request: LiveRequest): Subscriber {
    const known = entries.get(request.identity)
    const held: Held = known ?? { entry: makeEntry(request, () => stats.resyncs++), request, release: () => {} }
    if (!known) {
      entries.set(request.identity, held)
      void start(held)
    }
    const { entry } = held
    const subscriber = entry.subscribe(() =>
      setTimeout(() => {
        if (entry.subscribers === 0) close(request.identity, held)
      }, LINGER_MS).unref(),
    )
    rounds.pend(held) // it may have rested while nobody listened
    return subscriber
  }

  async function start(held: Held) {
    const { entry, request } = held
    held.release = reads(held, new Set([request.relation]))
    const { timed, tables } = await sources.of(request.relation).catch(() => ({ timed: true, tables: [] }))
    if (entry.ended) return
    held.release()
    held.release = reads(held, new Set([request.relation, ...tables]))
    if (timed) held.timer = setInterval(() => pend(held), TIMED_MS).unref()
    await rounds.run(held)
  }

  /** Registers what an entry reads; returns what takes it back. */
  function reads(held: Held, relations: Set<string>): () => void {
    held.entry.reads = relations
    const unwatch = [...relations].map((relation) => {
      let set = readers.get(relation)
      if (!set) readers.set(relation, (set = new Set()))
      set.add(held)
      return watches.add(relation)
    })
    return () => {
      unwatch.forEach((done) => done())
      for (const relation of relations) {
        readers.get(relation)?.delete(held)
        if (readers.get(relation)?.size === 0) readers.delete(relation)
      }
    }
  }

  function close(identity: string, held: Held) {
    if (entries.get(identity) !== held) return
    entries.delete(identity)
    rounds.forget(held)
    clearInterval(held.timer)
    held.release()
    held.entry.end()
  }

  /** Makes a query pending: with the keys that changed, or as a whole. */
  function pend(held: Held, hint?: Hint) {
    const { entry } = held
    const { row } = entry.query
    if (hint?.k && row && !hint.k.some((key) => keyText(key) === keyText(row))) return
    if (hint?.k && hint.r === entry.query.relation && entry.window) {
      for (const key of hint.k) entry.keys.set(keyText(key), key.map(String))
      entry.onlyUpdates &&= hint.op === 'u'
    } else entry.whole = true
    rounds.pend(held)
  }

  async function execute(held: Held) {
    const { entry, request } = held
    try {
      const page = await request.run()
      if (entry.ended) return
      await follow(held, page)
      if (entry.apply(page)) stats.sent++
    } catch (error) {
      log.error({ err: error, relation: request.relation }, 'a live query failed')
      setTimeout(() => pend(held), RETRY_MS).unref()
    }
  }

  /** A document may reach other relations by their foreign keys: what its statements read is watched too. */
  async function follow(held: Held, page: { statements: { text: string }[] }) {
    const named = new Set(page.statements.flatMap(({ text }) => relationsIn(text)))
    const missing = [...named].filter((relation) => !held.entry.reads.has(relation))
    if (missing.length === 0) return
    const more = await Promise.all(missing.map((relation) => sources.of(relation).catch(() => ({ tables: [], timed: true }))))
    if (held.entry.ended) return
    // First the old ones: taken back after the new ones, they would take those that both have with them.
    held.release()
    held.release = reads(held, new Set([...held.entry.reads, ...missing, ...more.flatMap(({ tables }) => tables)]))
    if (!held.timer && more.some(({ timed }) => timed)) held.timer = setInterval(() => pend(held), TIMED_MS).unref()
  }

  function hint(one: Hint) {
    stats.hints++
    watches.heard(one.r)
    for (const held of readers.get(one.r) ?? []) pend(held, one)
  }
  const rerunAll = (workspace?: string) => {
    for (const held of entries.values()) if (!workspace || held.request.workspace === workspace) pend(held)
  }

  const feed = listener.subscribe('table_change_channel')
  void (async () => {
    for await (const batch of feed as AsyncIterable<any>)
      if (Array.isArray(batch)) for (const one of batch) if (typeof one?.r === 'string') hint(one)
  })()
  const offReconnect = listener.onReconnect(() => rerunAll())
  const safety = setInterval(async () => {
    if (entries.size === 0) return
    for (const relation of await watches.moved().catch(() => [])) for (const held of readers.get(relation) ?? []) pend(held)
  }, safetyMs).unref()

  return {
    subscribe,
    hint,
    rerunAll,
    /** Its relations may have other columns, other sources: look again, run again. */
    schemaChanged(workspace: string) {
      sources.forget(workspace)
      rerunAll(workspace)
    },
    stats: () => ({
      ...stats,
      ...rounds.stats,
      entries: entries.size,
      groups: new Set([...entries.values()].map(({ request }) => `${request.caller.role} ${request.relation}`)).size,
      subscribers: [...entries.values()].reduce((sum, { entry }) => sum + entry.subscribers, 0),
    }),
    async close() {
      clearInterval(safety)
      offReconnect()
      rounds.close()
      for (const [identity, held] of [...entries]) close(identity, held)
      await feed.return?.()
    },
  }
}
