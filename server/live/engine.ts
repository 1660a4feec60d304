/**
 * Live queries: who subscribes to what, which change concerns whom, and when a query is run again.
 * Made once by main.ts; called by graphql/ (subscribe) and fed by the listener (table_change_channel).
 *
 * A change goes this way: hint (relation, keys) -> the entries that read the relation become pending -> after FIRST_MS a
 * flush: rows of the page itself: run; other rows: one window test per (role, relation) decides -> each query that is
 * concerned runs once, whoever many subscribe -> the difference is sent, nothing when there is none. A flush rests
 * REST_MS, so that a burst is one run; a slow query rests as long as it took.
 *
 * A hint may be lost (LISTEN connection gone, a writer that bypasses triggers): on reconnect every entry runs again, and
 * every SAFETY_MS the write counters of PostgreSQL are compared, which costs one statement for all entries.
 */
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import { relationsIn } from './clauses.ts'
import { takeConcern } from './concern.ts'
import { type Entry, keyText, type LiveQuery, makeEntry } from './entry.ts'
import type { Sources } from './sources.ts'
import type { Subscriber } from './subscriber.ts'
import type { Watches } from './watches.ts'
import { comesIn, type KeyColumn, windowStatement } from './window-test.ts'

const FIRST_MS = 15
const REST_MS = 60
const LINGER_MS = 3000
const TIMED_MS = 5000
const AT_ONCE = 6

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
  db: Pick<Db, 'asCaller'>
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  watches: Watches
  sources: Sources
  log: Log
  safetyMs?: number
}

export type Live = ReturnType<typeof makeLive>

export function makeLive({ db, listener, watches, sources, log, safetyMs = 20_000 }: Deps) {
  const entries = new Map<string, { entry: Entry; request: LiveRequest; release: () => void; timer?: NodeJS.Timeout | undefined }>()
  const readers = new Map<string, Set<Entry>>()
  const flushes = new Map<string, { timer: NodeJS.Timeout | null; running: boolean }>()
  const stats = { runs: 0, tests: 0, hints: 0, sent: 0, runMs: 0, testMs: 0, flushes: 0, flushMs: 0 }
  let free = AT_ONCE
  const line: (() => void)[] = []

  function subscribe(request: LiveRequest): Subscriber {
    let held = entries.get(request.identity)
    if (!held) {
      held = { entry: makeEntry(request), request, release: () => {} }
      entries.set(request.identity, held)
      void start(held)
    }
    const { entry } = held
    const subscriber = entry.subscribe(() =>
      setTimeout(() => {
        if (entry.subscribers === 0) close(request.identity, entry)
      }, LINGER_MS).unref(),
    )
    if (isPending(entry)) schedule(entry.query.workspace) // it rested while nobody listened
    return subscriber
  }

  async function start(held: { entry: Entry; request: LiveRequest; release: () => void; timer?: NodeJS.Timeout | undefined }) {
    const { entry, request } = held
    held.release = reads(entry, new Set([request.relation]))
    const { timed, tables } = await sources.of(request.relation).catch(() => ({ timed: true, tables: [] }))
    if (entry.ended) return
    held.release()
    held.release = reads(entry, new Set([request.relation, ...tables]))
    if (timed) held.timer = setInterval(() => pend(entry), TIMED_MS).unref()
    await run(held)
  }

  /** Registers what an entry reads; returns what takes it back. */
  function reads(entry: Entry, relations: Set<string>): () => void {
    entry.reads = relations
    const unwatch = [...relations].map((relation) => {
      let set = readers.get(relation)
      if (!set) readers.set(relation, (set = new Set()))
      set.add(entry)
      return watches.add(relation)
    })
    return () => {
      unwatch.forEach((done) => done())
      for (const relation of relations) {
        readers.get(relation)?.delete(entry)
        if (readers.get(relation)?.size === 0) readers.delete(relation)
      }
    }
  }

  function close(identity: string, entry: Entry) {
    const held = entries.get(identity)
    if (held?.entry !== entry) return
    entries.delete(identity)
    clearInterval(held.timer)
    held.release()
    entry.end()
  }

  /** Makes an entry pending: with the keys that changed, or as a whole. */
  function pend(entry: Entry, hint?: Hint) {
    const { row } = entry.query
    if (hint?.k && row && !hint.k.some((key) => keyText(key) === keyText(row))) return
    if (hint?.k && hint.r === entry.query.relation && entry.window) {
      for (const key of hint.k) entry.keys.set(keyText(key), key.map(String))
      entry.onlyUpdates &&= hint.op === 'u'
    } else entry.whole = true
    schedule(entry.query.workspace)
  }

  const isPending = (entry: Entry) => (entry.whole || entry.keys.size > 0) && entry.subscribers > 0

  function schedule(workspace: string) {
    let flush = flushes.get(workspace)
    if (!flush) flushes.set(workspace, (flush = { timer: null, running: false }))
    if (!flush.timer && !flush.running) flush.timer = setTimeout(() => void flushAll(workspace), FIRST_MS)
  }

  async function flushAll(workspace: string) {
    const flush = flushes.get(workspace)!
    flush.timer = null
    flush.running = true
    try {
      for (;;) {
        const now = performance.now()
        const pending = [...entries.values()].filter(
          ({ entry }) => entry.query.workspace === workspace && isPending(entry) && !entry.running,
        )
        if (pending.length === 0) break
        const due = pending.filter(({ entry }) => entry.notBefore <= now)
        if (due.length > 0) {
          await Promise.all((await concerned(due)).map(run))
          stats.flushes++
          stats.flushMs += performance.now() - now
        }
        await new Promise((done) => setTimeout(done, REST_MS))
      }
    } finally {
      flush.running = false
      flushes.delete(workspace)
      if ([...entries.values()].some(({ entry }) => entry.query.workspace === workspace && isPending(entry))) {
        flushes.set(workspace, { timer: setTimeout(() => void flushAll(workspace), REST_MS), running: false })
      }
    }
  }

  type Held = NonNullable<ReturnType<typeof entries.get>>

  /** Which of the pending entries must run; the others rest again. */
  async function concerned(due: Held[]): Promise<Held[]> {
    const hit: Held[] = [],
      asked = new Map<string, { held: Held; changed: string[][] }[]>()
    for (const held of due) {
      const { entry, request } = held
      const concern = takeConcern(entry, request)
      if (concern.verdict === 'run') hit.push(held)
      if (concern.verdict !== 'ask') continue
      const group = `${request.caller.role} ${request.caller.accountId} ${request.caller.memberRole} ${request.relation}`
      asked.set(group, [...(asked.get(group) ?? []), { held, changed: concern.changed }])
    }
    for (const group of asked.values()) {
      const { request } = group[0]!.held
      const questions = group.map(({ held: { entry }, changed }) => ({
        clauses: entry.window!.clauses,
        values: entry.window!.values,
        changed,
        last: entry.window!.isFull ? entry.lastKey : null,
      }))
      try {
        stats.tests++
        const asked = performance.now()
        const statement = windowStatement(questions, request.key!)
        const {
          rows: [answer],
        } = await db.asCaller(request.caller, (client) => client.query({ ...statement, rowMode: 'array' }))
        stats.testMs += performance.now() - asked
        group.forEach(({ held }, i) => {
          if (comesIn((answer as any)[i], questions[i]!.last)) hit.push(held)
        })
      } catch (error) {
        log.warn({ err: error, relation: request.relation }, 'the window test failed; its live queries are run again')
        hit.push(...group.map(({ held }) => held))
      }
    }
    return hit
  }

  async function run(held: Held) {
    const { entry, request } = held
    if (entry.ended) return
    if (entry.running) {
      entry.whole = true // what made it run again must not be lost
      return
    }
    entry.running = true
    if (free === 0) await new Promise<void>((resolve) => line.push(resolve))
    else free--
    const started = performance.now()
    try {
      stats.runs++
      const page = await request.run()
      if (entry.ended) return
      await follow(held, page)
      if (entry.apply(page)) stats.sent++
    } catch (error) {
      log.error({ err: error, relation: request.relation }, 'a live query failed')
      setTimeout(() => pend(entry), 1000).unref() // the database may be away: try again
    } finally {
      entry.running = false
      const next = line.shift()
      if (next) next()
      else free++
      const took = performance.now() - started
      stats.runMs += took
      entry.notBefore = took > 200 ? performance.now() + took : 0
    }
  }

  /** A document may reach other relations by their foreign keys: what its statements read is watched too. */
  async function follow(held: Held, page: { statements: { text: string }[] }) {
    const named = new Set(page.statements.flatMap(({ text }) => relationsIn(text)))
    const missing = [...named].filter((relation) => !held.entry.reads.has(relation))
    if (missing.length === 0) return
    const more = await Promise.all(missing.map((relation) => sources.of(relation).catch(() => ({ tables: [], timed: true }))))
    const release = held.release
    held.release = reads(held.entry, new Set([...held.entry.reads, ...missing, ...more.flatMap(({ tables }) => tables)]))
    release()
    if (!held.timer && more.some(({ timed }) => timed)) held.timer = setInterval(() => pend(held.entry), TIMED_MS).unref()
  }

  function hint(one: Hint) {
    stats.hints++
    watches.heard(one.r)
    for (const entry of readers.get(one.r) ?? []) pend(entry, one)
  }
  const rerunAll = (workspace?: string) => {
    for (const { entry } of entries.values()) if (!workspace || entry.query.workspace === workspace) pend(entry)
  }

  const feed = listener.subscribe('table_change_channel')
  void (async () => {
    for await (const batch of feed as AsyncIterable<any>)
      if (Array.isArray(batch)) for (const one of batch) if (typeof one?.r === 'string') hint(one)
  })()
  const offReconnect = listener.onReconnect(() => rerunAll())
  const safety = setInterval(async () => {
    if (entries.size === 0) return
    for (const relation of await watches.moved().catch(() => [])) for (const entry of readers.get(relation) ?? []) pend(entry)
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
      entries: entries.size,
      subscribers: [...entries.values()].reduce((sum, { entry }) => sum + entry.subscribers, 0),
    }),
    async close() {
      clearInterval(safety)
      offReconnect()
      for (const { timer } of flushes.values()) if (timer) clearTimeout(timer)
      for (const [identity, { entry }] of [...entries]) close(identity, entry)
      await feed.return?.()
    },
  }
}
