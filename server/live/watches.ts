/**
 * What this server watches: leases in app_private.live_watches, which the elected pump reads (pump.ts). A table that nobody
 * watches carries no trigger. Used by engine.ts. A server that dies stops renewing, and its watches end by themselves.
 */
import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { Log } from '../log.ts'

const LEASE_S = 60
const RENEW_MS = 20_000
/** While the database is away; until they are written nothing tells of changes. */
const RETRY_MS = 250
/** A grid that is scrolled or reloaded opens the same relation again at once: its triggers stay meanwhile. */
const LINGER_MS = 30_000

export type Watches = ReturnType<typeof makeWatches>

export function makeWatches(owner: Pool, log: Log, onAdded: () => void = () => {}) {
  const server = randomUUID()
  const counts = new Map<string, { users: number; idleSince: number; heardAt: number; counter: string | null }>()
  let adding: string[] = []
  let timer: NodeJS.Immediate | null = null
  let retry: NodeJS.Timeout | undefined
  let failing = false
  let closed = false

  async function write(relations: string[]) {
    if (relations.length === 0) return
    await owner.query(
      `insert into app_private.live_watches (workspace, rel, server, until)
       select split_part(r, '.', 1), substr(r, strpos(r, '.') + 1), $2, now() + make_interval(secs => $3) from unnest($1::text[]) r
       on conflict (workspace, rel, server) do update set until = excluded.until`,
      [relations, server, LEASE_S],
    )
  }
  const add = async () => {
    timer = null
    const relations = adding
    adding = []
    try {
      await write(relations)
      failing = false
      onAdded()
    } catch (error) {
      if (!failing) log.warn({ error: (error as Error).message }, 'watches cannot be written yet')
      failing = true
      adding.push(...relations)
      clearTimeout(retry)
      if (!closed) retry = setTimeout(() => void add(), RETRY_MS).unref()
    }
  }
  const renewal = setInterval(async () => {
    const now = Date.now(),
      gone: string[] = []
    for (const [relation, { users, idleSince }] of counts) if (users === 0 && now - idleSince > LINGER_MS) gone.push(relation)
    gone.forEach((relation) => counts.delete(relation))
    try {
      await write([...counts.keys()])
      if (gone.length)
        await owner.query(
          `delete from app_private.live_watches w using unnest($1::text[]) r where w.server = $2 and w.workspace = split_part(r, '.', 1) and w.rel = substr(r, strpos(r, '.') + 1)`,
          [gone, server],
        )
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'watches could not be renewed')
    }
  }, RENEW_MS).unref()

  return {
    server,
    /** `schema.name`. Returns what ends it. */
    add(relation: string): () => void {
      let count = counts.get(relation)
      if (!count) {
        counts.set(relation, (count = { users: 0, idleSince: 0, heardAt: 0, counter: null }))
        adding.push(relation)
        timer ??= setImmediate(() => void add())
      }
      count.users++
      let ended = false
      return () => {
        if (ended) return
        ended = true
        count.users--
        if (count.users === 0) count.idleSince = Date.now()
      }
    },
    /** A hint came: its writes are known. */
    heard(relation: string) {
      const count = counts.get(relation)
      if (count) count.heardAt = Date.now()
    },
    /** Watched relations that were written since the last call without a hint that said so. */
    async moved(): Promise<string[]> {
      const asked = Date.now()
      const relations = [...counts.keys()]
      if (relations.length === 0) return []
      const { rows } = await owner.query<{ r: string; counter: string }>('select r, counter from app_private.write_counters($1)', [
        relations,
      ])
      const moved: string[] = []
      for (const { r, counter } of rows) {
        const count = counts.get(r)
        if (!count) continue
        if (count.counter !== null && count.counter !== counter && asked - count.heardAt > 2 * RENEW_MS) moved.push(r)
        count.counter = counter
      }
      return moved
    },
    async close() {
      clearInterval(renewal)
      closed = true
      if (timer) clearImmediate(timer)
      clearTimeout(retry)
      await owner.query('delete from app_private.live_watches where server = $1', [server]).catch(() => {})
    },
  }
}
