/**
 * One SSE connection: behind -> (has read the log up to its end) live -> (slow, or something was missed) behind.
 *
 * Live, it writes what the hub hands it and reads nothing. Behind, it reads the log page by page at the speed at which the
 * client takes it; whatever comes meanwhile is only noted, not kept. So a slow client costs one page of memory at most.
 * Made by sse.ts per connection; writes to its response.
 */
import type { ServerResponse } from 'node:http'
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { PAGE, readMarks, withChanges } from './catch-up.ts'
import { type Fresh, type Hub, sseMessage, type Waiter } from './hub.ts'

/** A client that takes nothing for so long is gone. */
const STALLED_MS = 60_000

export interface StreamOptions {
  matview: string | null
  changes: boolean
}

export function startStream(
  { db, hub, log }: { db: Pick<Db, 'asCaller'>; hub: Pick<Hub, 'join' | 'leave'>; log: Log },
  caller: Caller,
  response: ServerResponse,
  { matview, changes }: StreamOptions,
  /** The id after which to begin; null: with what comes from now on. */
  after: bigint | null,
): { end(): void } {
  let cursor = after ?? 0n
  let live = false
  let noted = false
  let catching = false
  let closed = false
  let stalledSince = 0

  const wants = (name: string) => matview === null || name === matview

  const waiter: Waiter = {
    workspace: caller.workspace,
    changes,
    take(fresh: Fresh[], upTo: bigint) {
      if (!live) {
        noted = true
        return
      }
      for (const { id, mark, plain, full } of fresh) {
        if (id <= cursor || !wants(mark.matview_name)) continue
        cursor = id
        if (!response.write(changes ? full : plain)) {
          waiter.missed()
          return
        }
      }
      if (upTo > cursor) cursor = upTo
    },
    missed() {
      live = false
      noted = true
      void catchUp()
    },
    tick() {
      if (stalledSince && Date.now() - stalledSince > STALLED_MS) response.destroy()
      // An id without data moves the client's Last-Event-ID and dispatches nothing: a quiet client's cursor never grows old.
      else if (live) response.write(`: keep-alive\nid: ${cursor}\n\n`)
    },
  }

  async function drained(): Promise<void> {
    if (!response.writableNeedDrain || closed) return
    stalledSince = Date.now()
    await new Promise<void>((resolve) => {
      const done = () => {
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
    stalledSince = 0
  }

  async function catchUp(): Promise<void> {
    if (catching || closed) return
    catching = true
    try {
      for (;;) {
        await drained()
        if (closed) return
        noted = false
        const page = await db.asCaller(caller, (client) =>
          readMarks(client, { after: String(cursor), workspace: caller.workspace, matview }),
        )
        for (const mark of page) {
          const data = changes ? await db.asCaller(caller, (client) => withChanges(client, mark)) : mark
          if (closed) return
          cursor = BigInt(mark.id)
          if (!response.write(sseMessage(mark.id, data))) await drained()
        }
        if (page.length < PAGE && !noted) {
          live = true
          return
        }
      }
    } catch (error) {
      // The client comes back with its Last-Event-ID.
      if (!closed) log.warn({ error: (error as Error).message, workspace: caller.workspace }, 'an event stream broke off')
      response.destroy()
    } finally {
      catching = false
    }
  }

  response.on('close', () => {
    closed = true
    hub.leave(waiter)
  })
  hub.join(waiter).then(
    ({ now, behind }) => {
      if (closed) return hub.leave(waiter)
      if (after !== null) return void catchUp()
      cursor = now
      // A connection that breaks before its first event must know where to go on.
      response.write(`id: ${cursor}\n\n`)
      if (noted || behind) waiter.missed()
      else live = true
    },
    () => response.destroy(),
  )
  return { end: () => response.end() }
}
