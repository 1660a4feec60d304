/**
 * What is new in the event log, read once per process however many are waiting. Made once by server.ts; used by sse.ts.
 *
 * A NOTIFY only says when to look; so do a reconnect of the LISTEN connection and a timer, so that nothing depends on a NOTIFY
 * that was lost. One statement (as the platform) finds which workspaces have new events, one per such workspace with
 * somebody waiting reads them in its reader role: row-level security has the last word even here. Where nobody waits,
 * and where nothing happened, nothing is read.
 */
import { roleOf, type Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { PAGE, readMarks, withChanges } from './catch-up.ts'
import type { Listener } from './listener.ts'
import type { Mark } from './mark.ts'

/** A new mark, and its SSE message, written once for all who get it. */
export interface Fresh {
  id: bigint
  mark: Mark
  plain: string
  /** With the changed rows; '' when nobody waiting had asked for them. */
  full: string
}

export interface Waiter {
  workspace: string
  changes: boolean
  /** New marks of its workspace, in order. `upTo`: everything up to this id has now been handed over. */
  take(fresh: Fresh[], upTo: bigint): void
  /** Something could not be read: catch up by yourself. */
  missed(): void
  /** Every 15 s. */
  tick(): void
}

/** After a look that failed, because its connection was cut or the database is away. */
const AGAIN_MS = 250

export type Hub = ReturnType<typeof makeHub>

export const sseMessage = (id: string, data: unknown, event = 'matview_refreshed') =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

interface Deps {
  db: Pick<Db, 'owner' | 'asCaller'>
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  log: Log
  /** Keep-alive, and the look that needs no NOTIFY. */
  tickMs?: number
  /** How old a mark was when it was announced. */
  announced?: (seconds: number) => void
}

export function makeHub({ db, listener, log, tickMs = 15_000, announced = () => {} }: Deps) {
  const waiting = new Map<string, Set<Waiter>>()
  /** Everything up to here has been handed over; null: nobody waited, so nobody looked. */
  let last: bigint | null = null
  let looking: Promise<void> | null = null
  let again = false
  let closed = false

  async function newest(): Promise<bigint> {
    const { rows } = await db.owner.query('select last_id from app_private.event_counter')
    return BigInt(rows[0].last_id)
  }

  async function read(): Promise<void> {
    if (waiting.size === 0) {
      last = null
      return
    }
    last ??= await newest()
    for (;;) {
      const from = String(last)
      const { rows } = await db.owner.query({
        name: 'tidemark new events',
        text: 'select id, workspace from app_public.matview_refresh_events where id > $1 order by id limit $2',
        values: [from, PAGE],
      })
      if (rows.length === 0) return
      const upTo = BigInt(rows.at(-1)!.id)
      const workspaces = new Set<string>(rows.map((row) => row.workspace))
      for (const [workspace, waiters] of waiting)
        if (workspaces.has(workspace)) await hand(workspace, waiters, from, upTo)
        else for (const one of waiters) one.take([], upTo)
      last = upTo
      if (rows.length < PAGE) return
    }
  }

  async function hand(workspace: string, waiters: Set<Waiter>, from: string, upTo: bigint): Promise<void> {
    try {
      const wantChanges = [...waiters].some((one) => one.changes)
      const fresh = await db.asCaller(readerOf(workspace), async (client) => {
        const marks = (await readMarks(client, { after: from, workspace })).filter(({ id }) => BigInt(id) <= upTo)
        const made: Fresh[] = []
        for (const mark of marks) {
          const full = wantChanges ? sseMessage(mark.id, await withChanges(client, mark)) : ''
          made.push({ id: BigInt(mark.id), mark, plain: sseMessage(mark.id, mark), full })
        }
        return made
      })
      for (const one of waiters) {
        // Who asked for changes after this was read finds them by itself.
        if (one.changes && !wantChanges) one.missed()
        else one.take(fresh, upTo)
      }
      for (const { mark } of fresh) announced((Date.now() - Date.parse(mark.status_change_time)) / 1000)
    } catch (error) {
      log.warn({ error: (error as Error).message, workspace }, 'new events could not be read; their readers catch up by themselves')
      for (const one of waiters) one.missed()
    }
  }

  function look(): Promise<void> {
    again = true
    if (looking) return looking
    looking = (async () => {
      for (let failed = false; again && !closed; ) {
        again = false
        try {
          await read()
          failed = false
        } catch (error) {
          // The NOTIFY that made us look is spent: without this the next look could be 15 s away.
          again = true
          if (closed) break
          if (!failed) log.warn({ error: (error as Error).message }, 'new events could not be read; trying again')
          failed = true
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        }
      }
      looking = null // with the check of `again`, not a moment later
    })()
    return looking
  }

  const feed = listener.subscribe('matview_refresh_channel')
  void (async () => {
    for await (const _ of feed) void look()
  })()
  const offReconnect = listener.onReconnect(() => void look())
  const timer = setInterval(() => {
    void look()
    for (const waiters of waiting.values()) for (const one of waiters) one.tick()
  }, tickMs).unref()

  return {
    /**
     * From now on `waiter` is handed what comes. Resolves to the last id there is at this moment (`now`), and whether marks after
     * it have gone by already, so that the waiter must catch up from there.
     */
    async join(waiter: Waiter): Promise<{ now: bigint; behind: boolean }> {
      const waiters = waiting.get(waiter.workspace) ?? new Set()
      waiting.set(waiter.workspace, waiters.add(waiter))
      const now = await newest()
      last ??= now
      return { now, behind: last > now }
    },
    leave(waiter: Waiter): void {
      const waiters = waiting.get(waiter.workspace)
      waiters?.delete(waiter)
      if (waiters?.size === 0) waiting.delete(waiter.workspace)
    },
    size: () => [...waiting.values()].reduce((sum, { size }) => sum + size, 0),
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      offReconnect()
      await feed.return?.()
      await looking
    },
  }
}

/** Nobody in particular who may read the workspace: the least that can read its events. */
function readerOf(workspace: string): Caller {
  return { accountId: null, workspace, memberRole: 'reader', role: roleOf(workspace, 'reader'), sessionId: null, tokenId: null }
}
