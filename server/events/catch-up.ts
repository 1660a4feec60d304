/**
 * Reading the event log from a cursor: the one way in which every consumer catches up (SSE, GraphQL, webhooks' payloads, the
 * CLI listener). Called with a connection that acts as the caller, so that row-level security decides what is seen.
 *
 * Ids are without gaps over the whole installation and in commit order, so `id > cursor` never skips an event; within one
 * workspace there are gaps, which mean nothing. What retention has dropped is known by app_hidden.events_lost().
 */
import type { ClientBase } from 'pg'
import { AppError } from '../errors.ts'
import { type Change, MARK_COLUMNS, type Mark, type MarkWithChanges, toMark } from './mark.ts'

type Client = Pick<ClientBase, 'query'>

export const PAGE = 200
/** With more changed rows, or more bytes of them, an event carries the first and says where to go on. */
const MAX_CHANGES = 1000
const MAX_CHANGES_BYTES = 1024 * 1024

/** A consumer's position is no good any more: what it knows must be read anew. All that is kept follows it. */
export interface Reset {
  reason: 'retention' | 'ahead'
  /** What the consumer had asked for. */
  after: string
  /** Events of the workspace up to this id may be lost to it. */
  lost_until: string
  /** The last id there is. */
  last: string
}

/**
 * The marks after a cursor, oldest first. A page shorter than `limit` is the end for now.
 * @param options.workspace null: all that the acting role may see (whoever has the machine: listen)
 */
export async function readMarks(
  client: Client,
  {
    after,
    workspace = null,
    matview = null,
    limit = PAGE,
  }: { after: string; workspace?: string | null; matview?: string | null; limit?: number },
): Promise<Mark[]> {
  const { rows } = await client.query({
    name: 'tidemark marks',
    text: `select ${MARK_COLUMNS} from app_public.matview_refresh_events e
            where e.id > $1 and ($2::text is null or e.matview_name = $2) and ($4::text is null or e.workspace = $4)
            order by e.id limit $3`,
    values: [after, matview, limit, workspace],
  })
  return rows.map(toMark)
}

/** Whether a cursor can be followed: null, or what the consumer must be told first. */
export async function checkCursor(client: Client, after: string): Promise<Reset | null> {
  const { rows } = await client.query('select app_hidden.events_lost() as lost, app_hidden.last_event_id() as last')
  const { lost, last } = rows[0]
  const reason = BigInt(after) < BigInt(lost) ? 'retention' : BigInt(after) > BigInt(last) ? 'ahead' : null
  return reason && { reason, after, lost_until: String(lost), last: String(last) }
}

/** Where to go on after a reset: everything that is kept is after this id. */
export const beginAt = ({ reason, lost_until }: Reset): string => (reason === 'ahead' ? '0' : lost_until)

/** A slip of the pen must not wait for ever; a view that is gone but has events left may still be read. @throws AppError TMNOF */
export async function checkMatview(client: Client, workspace: string, name: string): Promise<void> {
  const { rows } = await client.query(
    `select exists (select from app_public.matviews where workspace = $1 and name = $2)
         or exists (select from app_public.matview_refresh_events where workspace = $1 and matview_name = $2) as known`,
    [workspace, name],
  )
  if (!rows[0].known) throw new AppError('TMNOF', `There is no materialized view ${name}`)
}

/** One page of the rows that a refresh changed, in order. `next` is null at the end. */
export async function readChanges(
  client: Client,
  refreshId: string,
  { after = 0, limit = MAX_CHANGES, maxBytes = MAX_CHANGES_BYTES }: { after?: number; limit?: number; maxBytes?: number } = {},
): Promise<{ changes: Change[]; next: number | null }> {
  const { rows } = await client.query({
    name: 'tidemark changes',
    text: `select c.seq, c.op, c.key, c.old, c.new, sum(pg_column_size(c.*)) over (order by c.seq) as bytes
             from app_public.matview_refresh_changes c
            where c.refresh_id = $1 and c.seq > $2 order by c.seq limit $3`,
    values: [refreshId, after, limit + 1],
  })
  const fit = rows.slice(0, limit).filter(({ bytes }, at) => at === 0 || Number(bytes) <= maxBytes)
  const changes = fit.map(({ seq, op, key, old, new: now }) => ({ seq, op, key, old, new: now }))
  return { changes, next: fit.length < rows.length ? fit.at(-1)!.seq : null }
}

/**
 * How far that page reaches, without the rows, for who fetches them in another way: `last` is the seq of the last one (0: there
 * are none), `next` as above.
 */
export async function changesThatFit(client: Client, refreshId: string): Promise<{ last: number; next: number | null }> {
  const { rows } = await client.query({
    name: 'tidemark changes that fit',
    text: `select coalesce(max(seq) filter (where n <= $2 and (n = 1 or bytes <= $3)), 0) as last, coalesce(max(seq), 0) as seen
             from (select c.seq, row_number() over w as n, sum(pg_column_size(c.*)) over w as bytes
                     from app_public.matview_refresh_changes c where c.refresh_id = $1 window w as (order by c.seq) limit $2 + 1) page`,
    values: [refreshId, MAX_CHANGES, MAX_CHANGES_BYTES],
  })
  const { last, seen } = rows[0]
  return { last, next: last < seen ? last : null }
}

/** A mark with the first page of its changes. */
export async function withChanges(client: Client, mark: Mark): Promise<MarkWithChanges> {
  if (mark.refresh_id === null) return { ...mark, changes: [], changes_next: null }
  const { changes, next } = await readChanges(client, mark.refresh_id)
  return { ...mark, changes, changes_next: next }
}

/** An event id from outside. @throws AppError TMARG */
export function readCursor(text: string, what: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new AppError('TMARG', `${what} is the id of an event, a whole number`)
  return String(BigInt(text))
}
