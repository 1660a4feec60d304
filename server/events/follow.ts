/**
 * One consumer inside this process that follows the log: behind -> (has read it to its end) live -> (too slow) behind. For
 * GraphQL's subscription, which asks for one mark at a time; SSE's own, which writes as it goes, is stream.ts. Called by
 * graphql/marks.ts through server.ts; writes nothing.
 *
 * A mark comes without its rows: who wants them reads them (catch-up.ts, changesThatFit). A page of marks is all that is kept
 * for a consumer that does not ask; then it is behind, and reads the log again when it asks.
 */
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { beginAt, checkCursor, checkMatview, changesThatFit, PAGE, readCursor, readMarks, type Reset } from './catch-up.ts'
import type { Hub, Waiter } from './hub.ts'
import type { Mark } from './mark.ts'

/** The database is away: the consumer waits, and hears what has come meanwhile. */
const AGAIN_MS = 1000

export interface FollowRequest {
  caller: Caller
  matview: string | null
  /** The id after which to begin; null: now. */
  after: string | null
  /** What the consumer must be told first. */
  reset: Reset | null
}

export type Followed = { mark: Mark; reset: null } | { mark: null; reset: Reset }

export type Follower = ReturnType<typeof makeFollower>

export function makeFollower({ db, hub, log }: { db: Pick<Db, 'asCaller'>; hub: Pick<Hub, 'join' | 'leave'>; log: Log }) {
  return {
    /** Looks at what is asked for before anybody waits. @throws AppError TMARG, TMNOF */
    async prepare(caller: Caller, { matview, after }: { matview: string | null; after: string | null }): Promise<FollowRequest> {
      const cursor = after === null ? null : readCursor(after, '`after`')
      return db.asCaller(caller, async (client) => {
        if (matview !== null) await checkMatview(client, caller.workspace, matview)
        const reset = cursor === null ? null : await checkCursor(client, cursor)
        return { caller, matview, after: reset ? beginAt(reset) : cursor, reset }
      })
    },

    /** Which of an event's rows fit on one page: see catch-up.ts. */
    changesThatFit: (caller: Caller, refreshId: string) => db.asCaller(caller, (client) => changesThatFit(client, refreshId)),

    /** The marks, one per next(); ends with return(). */
    follow(request: FollowRequest): AsyncIterableIterator<Followed> {
      const { caller, matview } = request
      let { reset } = request
      let waiting: Mark[] = []
      let cursor = request.after === null ? null : BigInt(request.after)
      let behind = cursor !== null
      let closed = false
      let wake = () => {}

      const waiter: Waiter = {
        workspace: caller.workspace,
        changes: false,
        take(fresh) {
          if (behind) return
          for (const { mark } of fresh) {
            if (matview !== null && mark.matview_name !== matview) continue
            if (waiting.length === PAGE) return waiter.missed()
            waiting.push(mark)
          }
          wake()
        },
        missed() {
          behind = true
          wake()
        },
        tick() {},
      }
      // From here on every new mark is handed over; those before it are in the log.
      const joined = hub.join(waiter).catch(() => null)

      async function readOn(): Promise<void> {
        behind = false // what comes while this is read is handed over; what is in both is dropped by its id
        try {
          const page = await db.asCaller(caller, (client) =>
            readMarks(client, { after: String(cursor), workspace: caller.workspace, matview }),
          )
          if (page.length === PAGE) behind = true
          const last = page.at(-1)
          waiting = [...page, ...(behind ? [] : waiting.filter(({ id }) => !last || BigInt(id) > BigInt(last.id)))]
        } catch (error) {
          behind = true
          log.warn({ error: (error as Error).message, workspace: caller.workspace }, 'marks could not be read; trying again')
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
        }
      }

      return {
        async next() {
          if (reset) {
            const told = reset
            reset = null
            return { done: false, value: { mark: null, reset: told } }
          }
          const at = await joined
          if (cursor === null) {
            if (!at) throw new Error('the database did not answer')
            cursor = at.now
            behind ||= at.behind
          }
          while (!closed) {
            if (waiting.length === 0 && behind) await readOn()
            const mark = waiting.shift()
            if (mark && BigInt(mark.id) > cursor) {
              cursor = BigInt(mark.id)
              return { done: false, value: { mark, reset: null } }
            }
            if (!mark && !behind && !closed) await new Promise<void>((resolve) => (wake = resolve))
          }
          return { done: true, value: undefined }
        },
        async return() {
          closed = true
          hub.leave(waiter)
          wake()
          return { done: true, value: undefined }
        },
        async throw(error: unknown) {
          await this.return!()
          throw error
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }
}
