/**
 * One GraphQL schema per workspace: built at its first request, kept for the workspaces used last, rebuilt after DDL.
 * Called by route.ts, socket.ts and live-operations.ts through get().
 *
 * A build is synchronous and holds the event loop (10 tables 0.1-0.3 s), so there is never more than one at a time.
 * While a new one is built the old one serves. What was built stays after a lost connection if the database says that nothing has
 * changed meanwhile. Should a build fail in spite of names.ts, it is tried once more with
 * plain numbers for people's names, so that no name can shut a workspace out; if that fails too the old one stays.
 */
import type { Pool } from 'pg'
import { makeSchema } from 'postgraphile'
import type { GraphQLSchema } from 'postgraphile/graphql'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import { makeMaskError } from './errors.ts'
import { makeParser, type Parsed } from './limits.ts'
import { makePreset } from './preset.ts'

export interface WorkspaceSchema {
  workspace: string
  /** Counts builds: what was prepared for one schema is not used with another. */
  version: number
  schema: GraphQLSchema
  parseAndValidate: (source: string) => Parsed
}

export interface Fingerprints {
  told: boolean
  seen: Record<string, string>
}

interface Deps {
  pool: Pool
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  log: Log
  plugins: GraphileConfig.Plugin[]
  /** A text per workspace that differs after DDL; `told`: there are event triggers, which tell of it. */
  fingerprints?: (workspaces: string[]) => Promise<Fingerprints>
  /** How many schemas stay in memory: 4-20 MB each. */
  keep?: number
  /** DDL of one statement comes as several notifications: wait this long for the last of them. */
  debounceMs?: number
}

const LOOKOUT_MS = 1000

export type Schemas = ReturnType<typeof makeSchemas>

export function makeSchemas({ pool, listener, log, plugins, fingerprints, keep = 50, debounceMs = 40 }: Deps) {
  const entries = new Map<string, Promise<WorkspaceSchema>>()
  const timers = new Map<string, NodeJS.Timeout>()
  const rebuilt = new Set<(workspace: string) => void>()
  let queue: Promise<unknown> = Promise.resolve()
  let version = 0
  const seen = new Map<string, string>()
  const mask = makeMaskError(log)

  function build(workspace: string): Promise<WorkspaceSchema> {
    const entry = queue.then(async () => {
      const before = (await fingerprints?.([workspace]).catch(() => null))?.seen[workspace] // DDL from here on is told, or seen as another
      const started = performance.now()
      const make = (numbered: boolean) => makeSchema(makePreset(pool, workspace, plugins, numbered))
      const { schema } = await make(false).catch((error) => {
        log.error({ err: error, workspace }, 'the schema could not be built with its names; trying with numbers')
        return make(true)
      })
      if (before === undefined) seen.delete(workspace)
      else seen.set(workspace, before)
      log.debug({ workspace, ms: Math.round(performance.now() - started) }, 'schema built')
      return { workspace, version: ++version, schema, parseAndValidate: makeParser(schema, mask) }
    })
    queue = entry.catch(() => {})
    return entry
  }

  function get(workspace: string): Promise<WorkspaceSchema> {
    let entry = entries.get(workspace)
    if (entry)
      entries.delete(workspace) // moves to the end: the first is the one used longest ago
    else {
      entry = build(workspace)
      entry.catch(() => entries.delete(workspace))
    }
    entries.set(workspace, entry)
    if (entries.size > keep) entries.delete(entries.keys().next().value!)
    return entry
  }

  async function rebuild(workspace: string) {
    if (!entries.has(workspace)) return
    try {
      const fresh = await build(workspace)
      if (!entries.has(workspace)) return
      entries.set(workspace, Promise.resolve(fresh))
      for (const callback of rebuilt) callback(workspace)
    } catch (error) {
      log.error({ err: error, workspace }, 'the schema was not rebuilt; the old one stays')
    }
  }

  function changed(workspace: string) {
    clearTimeout(timers.get(workspace))
    timers.set(
      workspace,
      setTimeout(() => {
        timers.delete(workspace)
        void rebuild(workspace)
      }, debounceMs),
    )
  }

  const ddl = listener.subscribe('schema_changed')
  void (async () => {
    for await (const message of ddl as AsyncIterable<{ schemas?: string[] }>)
      for (const name of (message?.schemas ?? []).map(String))
        if (name === 'app_public' || name === '*') [...entries.keys()].forEach(changed)
        else changed(name.replace(/^ws_/, ''))
  })()
  /** Has those rebuilt that DDL has changed since they were built. `doubt`: also those of which that is not known. */
  function compare(now: Record<string, string>, doubt: boolean) {
    for (const [workspace, text] of Object.entries(now)) {
      if (seen.has(workspace) ? seen.get(workspace) !== text : doubt) changed(workspace)
      seen.set(workspace, text)
    }
  }
  const offReconnect = listener.onReconnect(() => {
    const loaded = [...entries.keys()] // DDL may have been missed
    if (!fingerprints) loaded.forEach(changed)
    else
      fingerprints(loaded).then(
        (now) => compare(now.seen, true),
        () => loaded.forEach(changed),
      )
  })
  const lookout = setInterval(async () => {
    if (entries.size === 0) return
    const now = await fingerprints?.([...entries.keys()]).catch(() => null)
    if (now?.told) clearInterval(lookout)
    else if (now) compare(now.seen, false)
  }, LOOKOUT_MS).unref()

  return {
    get,
    changed,
    /** Has the schema rebuilt, and waits for it: when a statement shows that DDL has overtaken it. */
    async newerThan(workspace: string, known: number, withinMs: number) {
      if (!timers.has(workspace)) changed(workspace)
      for (const until = Date.now() + withinMs; Date.now() < until && (await get(workspace)).version <= known; )
        await new Promise((done) => setTimeout(done, 50))
    },
    /** Called after each rebuild. Returns what takes the callback away. */
    onRebuilt(callback: (workspace: string) => void) {
      rebuilt.add(callback)
      return () => rebuilt.delete(callback)
    },
    /** The workspaces whose schema is in memory. */
    loaded: () => [...entries.keys()],
    async close() {
      offReconnect()
      clearInterval(lookout)
      for (const timer of timers.values()) clearTimeout(timer)
      await ddl.return?.()
      await queue
    },
  }
}
