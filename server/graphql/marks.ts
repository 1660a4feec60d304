/**
 * Subscription.matviewRefreshed(matview, after) and Subscription.uploadProgress(id). Used by preset.ts; makeMarks() once by
 * graphql.ts.
 *
 * Marks are read from the event log, never from a NOTIFY: a notification (or a reconnect, or 15 s) only says when to look.
 * One statement per process reads the new events of all workspaces; each subscriber gets the ids of its own. Who is behind
 * (`after`, or slow) reads the log by itself until it has caught up, so no event is missed and none is kept for it.
 */
import type { Pool } from 'pg'
import { access, constant, context, lambda, listen, object } from 'postgraphile/grafast'
import { extendSchema } from 'postgraphile/utils'
import type { Caller } from '../auth/caller.ts'
import type { Listener } from '../events/listener.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { LiveField } from './live-fields.ts'

const POLL_MS = 15_000
const PAGE = 200
const MAX_WAITING = 500

export type Marks = ReturnType<typeof makeMarks>

export function makeMarks({ owner, listener, log }: { owner: Pool; listener: Pick<Listener, 'subscribe' | 'onReconnect'>; log: Log }) {
  const open = new Set<{ workspace: string; matview: string | null; push(id: bigint): void }>()
  let last: bigint | null = null
  let reading: Promise<void> | null = null
  let again = false

  async function read() {
    if (open.size === 0) {
      last = null
      return
    }
    last ??= await newest()
    for (;;) {
      const { rows } = await owner.query(
        'select id, workspace, matview_name from app_public.matview_refresh_events where id > $1 order by id limit $2',
        [String(last), PAGE],
      )
      for (const row of rows) {
        last = BigInt(row.id)
        for (const one of open)
          if (one.workspace === row.workspace && (one.matview === null || one.matview === row.matview_name)) one.push(last)
      }
      if (rows.length < PAGE) return
    }
  }
  function look(): Promise<void> {
    if (reading) {
      again = true
      return reading
    }
    reading = (async () => {
      do {
        again = false
        await read().catch((error) => log.warn({ error: error.message }, 'new events could not be read'))
      } while (again)
    })().finally(() => (reading = null))
    return reading
  }
  const newest = async () => BigInt((await owner.query('select last_id from app_private.event_counter')).rows[0].last_id)

  const feed = listener.subscribe('matview_refresh_channel')
  void (async () => {
    for await (const _ of feed) void look()
  })()
  const offReconnect = listener.onReconnect(() => void look())
  const poll = setInterval(() => void look(), POLL_MS).unref()

  /** Event ids of a workspace, from `after` (exclusive) or from now on. Ends with return(). */
  function subscribe(workspace: string, matview: string | null, after: string | null): AsyncIterableIterator<{ id: string }> {
    let waiting: bigint[] = [],
      behind = after !== null,
      closed = false
    let cursor: bigint | null = after === null ? null : BigInt(after)
    let wake: (() => void) | null = null
    const notify = () => {
      const w = wake
      wake = null
      w?.()
    }
    const one = {
      workspace,
      matview,
      push(id: bigint) {
        if (behind) return
        if (waiting.length >= MAX_WAITING) {
          waiting = []
          behind = true
        } else waiting.push(id)
        notify()
      },
    }
    open.add(one)
    const ready = look() // from here on every new event is pushed
    return {
      async next() {
        await ready
        cursor ??= last ?? (await newest())
        for (;;) {
          if (closed) return { done: true, value: undefined }
          if (waiting.length === 0 && behind) {
            behind = false // what comes from now on is pushed; what is in the log is read
            const { rows } = await owner.query(
              'select id from app_public.matview_refresh_events where workspace = $1 and ($2::text is null or matview_name = $2) and id > $3 order by id limit $4',
              [workspace, matview, String(cursor), PAGE],
            )
            waiting = [...new Set([...rows.map((row) => BigInt(row.id)), ...waiting])].sort((a, b) => (a < b ? -1 : 1))
            if (rows.length === PAGE) {
              behind = true
              waiting = rows.map((row) => BigInt(row.id))
            }
          }
          const id = waiting.shift()
          if (id !== undefined) {
            if (id <= cursor) continue
            cursor = id
            return { done: false, value: { id: String(id) } }
          }
          if (!behind) await new Promise<void>((resolve) => (wake = resolve))
        }
      },
      async return() {
        closed = true
        open.delete(one)
        notify()
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
  }

  return {
    subscribe,
    async close() {
      clearInterval(poll)
      offReconnect()
      await feed.return?.()
      await reading
    },
  }
}

export const makeMarksPlugin = (marks: Marks) =>
  extendSchema((build: any) => {
    const { matview_refresh_events: events, matview_refresh_changes: changes } = build.input.pgRegistry.pgResources
    const upload: LiveField = { query: 'upload', schema: 'app_public', relation: 'uploads', key: null, rowArgument: 'id' }
    build.tidemarkLive.set('uploadProgress', upload)
    return {
      typeDefs: build.graphql.parse(/* GraphQL */ `
        type MatviewRefreshedPayload {
          event: MatviewRefreshEvent!
          "The rows that came, changed and went; at most matviews.maxChanges (event.changesTruncated says when there were more)."
          changes: [MatviewRefreshChange!]!
        }
        extend type Subscription {
          "Every mark of the workspace, or of one view. With \`after\` first those since that event, so that nothing is missed; repeat with the last id that you handled."
          matviewRefreshed(matview: String, after: BigInt): MatviewRefreshedPayload
          "An upload, at once and whenever its counts or state changed."
          uploadProgress(id: BigInt!): Upload
        }
      `),
      objects: {
        Subscription: {
          plans: {
            matviewRefreshed: {
              subscribePlan(_$root: any, args: any) {
                const $topic = lambda(
                  [args.getRaw('matview'), args.getRaw('after'), (context() as any).get('caller')] as any,
                  ([matview, after, caller]: any) => {
                    if (after != null && !/^\d{1,19}$/.test(String(after))) throw new AppError('TMARG', '`after` is the id of an event')
                    return JSON.stringify([(caller as Caller).workspace, matview ?? null, after == null ? null : String(after)])
                  },
                )
                const source = {
                  subscribe: (topic: string) => marks.subscribe(...(JSON.parse(topic) as [string, string | null, string | null])),
                }
                return listen(constant(source, false) as any, $topic as any, ($item: any) => $item)
              },
              plan: ($item: any) => object({ event: events.find({ id: access($item, 'id') }).single() }),
            },
            uploadProgress: { subscribePlan: () => constant(null), plan: () => constant(null) },
          },
        },
        MatviewRefreshedPayload: {
          plans: {
            event: ($payload: any) => $payload.get('event'),
            changes: ($payload: any) => {
              const $changes = changes.find({ refresh_id: $payload.get('event').get('refresh_id') })
              $changes.orderBy({ attribute: 'seq', direction: 'ASC' })
              return $changes
            },
          },
        },
      },
    } as any
  }, 'MarksPlugin')
