/**
 * A mark, as the world outside sees it: the JSON of an SSE message, of a webhook's `data` and of a line of `listen --json`.
 * Called by catch-up.ts and by server/webhooks; writes nothing.
 *
 * Ids are strings, as in GraphQL: bigint does not fit a JavaScript number. Counts are numbers.
 */

export interface Mark {
  id: string
  workspace: string | null
  matview_name: string
  status: 'new' | 'unchanged' | 'failed' | 'dropped'
  status_change_time: string
  refresh_id: string | null
  duration_ms: number | null
  row_count: number | null
  inserted: number | null
  updated: number | null
  deleted: number | null
  /** More rows changed than the view keeps: read the view again. */
  changes_truncated: boolean
  error_code: string | null
  error: string | null
}

export interface Change {
  seq: number
  op: 'insert' | 'update' | 'delete'
  key: Record<string, unknown>
  old: Record<string, unknown> | null
  new: Record<string, unknown> | null
}

/** A mark with the rows that changed, as many as fit; `changes_next` is the seq after which to go on reading, or null. */
export type MarkWithChanges = Mark & { changes: Change[]; changes_next: number | null }

/** The columns that toMark() reads, for a select. */
export const MARK_COLUMNS =
  'e.id, e.workspace, e.matview_name, e.status, e.status_change_time, e.refresh_id, e.duration_ms, e.row_count, e.inserted, e.updated, e.deleted, e.changes_truncated, e.error_code, e.error'

/** From a row of matview_refresh_events as pg gives it. */
export function toMark(row: Record<string, any>): Mark {
  return {
    id: String(row.id),
    workspace: row.workspace,
    matview_name: row.matview_name,
    status: row.status,
    status_change_time: new Date(row.status_change_time).toISOString(),
    refresh_id: row.refresh_id === null ? null : String(row.refresh_id),
    duration_ms: number(row.duration_ms),
    row_count: number(row.row_count),
    inserted: number(row.inserted),
    updated: number(row.updated),
    deleted: number(row.deleted),
    changes_truncated: row.changes_truncated,
    error_code: row.error_code,
    error: row.error,
  }
}

const number = (value: unknown) => (value === null || value === undefined ? null : Number(value))
