/**
 * Subscription.matviewRefreshed(matview, after) and Subscription.uploadProgress(id). Used by preset.ts.
 *
 * The marks come from server/events/follow.ts, which server.ts hands in: the same catch-up as SSE and the command line, with the
 * same `reset`. The event and its rows are then read as the caller, by PostGraphile, and only if they are asked for.
 */
import { access, constant, context, lambda, listen, list, object } from 'postgraphile/grafast'
import { TYPES } from 'postgraphile/@dataplan/pg'
import { sql } from 'postgraphile/pg-sql2'
import { extendSchema } from 'postgraphile/utils'
import type { Follower, FollowRequest } from '../events/follow.ts'
import type { Caller } from '../auth/caller.ts'
import type { LiveField } from './live-fields.ts'

const typeDefs = /* GraphQL */ `
  type MatviewRefreshedPayload {
    "Null in a result that carries a \`reset\`."
    event: MatviewRefreshEvent
    "The rows that came, changed and went: the first 1,000 of them, or 1 MB. \`event.changesTruncated\` says that more changed than are kept: read the view anew."
    changes: [MatviewRefreshChange!]!
    "There are more: matviewRefreshChanges(condition: { refreshId }, filter: { seq: { greaterThan: changesNext } }, orderBy: SEQ_ASC). Null when that is all."
    changesNext: Int
    "Your \`after\` cannot be followed: what you know must be read anew. All events that are kept come after this."
    reset: MatviewRefreshReset
  }
  type MatviewRefreshReset {
    reason: MatviewRefreshResetReason!
    "What you had asked for."
    after: BigInt!
    "Events of the workspace up to this one may be lost to you."
    lostUntil: BigInt!
    "The last event there is."
    last: BigInt!
  }
  enum MatviewRefreshResetReason {
    "It is older than the events that are kept."
    RETENTION
    "There is no such event yet: another database, or one that was restored."
    AHEAD
  }
  extend type Subscription {
    "Every mark of the workspace, or of one view. With \`after\` first those since that event, so that nothing is missed; repeat with the last id that you handled."
    matviewRefreshed(matview: String, after: BigInt): MatviewRefreshedPayload
    "An upload, at once and whenever its counts or state changed."
    uploadProgress(id: BigInt!): Upload
  }
`

export const makeMarksPlugin = (marks: Follower) => {
  const prepare = ([matview, after, caller]: readonly [string | null | undefined, unknown, Caller]) =>
    marks.prepare(caller, { matview: matview ?? null, after: after == null ? null : String(after) })
  const fit = ([refreshId, caller]: readonly [string | null, Caller]) =>
    refreshId === null ? { last: 0, next: null } : marks.changesThatFit(caller, refreshId)
  const source = { subscribe: (request: FollowRequest) => marks.follow(request) }
  const caller = () => (context() as any).get('caller')
  const fitting = ($payload: any) => lambda(list([access($payload.get('mark'), 'refresh_id'), caller()]) as any, fit as any)

  return extendSchema((build: any) => {
    const { matview_refresh_events: events, matview_refresh_changes: changes } = build.input.pgRegistry.pgResources
    const upload: LiveField = { query: 'upload', schema: 'app_public', relation: 'uploads', key: null, rowArgument: 'id' }
    build.tidemarkLive.set('uploadProgress', upload)
    return {
      typeDefs: build.graphql.parse(typeDefs),
      objects: {
        Subscription: {
          plans: {
            matviewRefreshed: {
              subscribePlan(_$root: any, args: any) {
                const $request = lambda(list([args.getRaw('matview'), args.getRaw('after'), caller()]) as any, prepare as any)
                return listen(constant(source, false) as any, $request as any, ($item: any) => $item)
              },
              plan: ($item: any) => object({ mark: access($item, 'mark'), reset: access($item, 'reset') }),
            },
            uploadProgress: { subscribePlan: () => constant(null), plan: () => constant(null) },
          },
        },
        MatviewRefreshedPayload: {
          plans: {
            event: ($payload: any) => events.find({ id: access($payload.get('mark'), 'id') }).single(),
            changes($payload: any) {
              const $changes = changes.find({ refresh_id: access($payload.get('mark'), 'refresh_id') })
              $changes.orderBy({ attribute: 'seq', direction: 'ASC' })
              const $last = $changes.placeholder(access(fitting($payload), 'last'), TYPES.int)
              $changes.where(sql`${$changes.alias}.seq <= ${$last}`)
              return $changes
            },
            changesNext: ($payload: any) => access(fitting($payload), 'next'),
            reset: ($payload: any) => $payload.get('reset'),
          },
        },
        MatviewRefreshReset: { plans: { lostUntil: ($reset: any) => access($reset, 'lost_until') } },
      },
      enums: { MatviewRefreshResetReason: { values: { RETENTION: 'retention', AHEAD: 'ahead' } } },
    } as any
  }, 'MarksPlugin')
}
