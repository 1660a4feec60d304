// progress.ts: the uploads row of a load under way: made before it, moved about twice a second on a connection of its own
// (the load's transaction is invisible), closed when it fails. Called by route.ts. Writes app_public.uploads as app_owner.

import type { Pool } from 'pg'
import { AppError, toResponse } from '../errors.ts'
import type { Caller } from '../auth/caller.ts'
import type { Log } from '../log.ts'
import type { Progress } from './job.ts'

const EVERY_MS = 500

export interface UploadRecord {
  id: string
  progress: Progress
  /** Aborted by cancel_upload, or by the route when the client goes away. */
  abort: AbortController
  stop(): void
  failed(error: unknown): Promise<void>
}

export async function openRecord(
  owner: Pool,
  log: Log,
  caller: Caller,
  o: { fileName: string | null; mode: string; onError: string; table: string; total: number | null },
): Promise<UploadRecord> {
  const { rows } = await owner.query<{ id: string }>(
    `insert into app_public.uploads (workspace, account_id, table_name, file_name, mode, on_error, bytes_total) values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [caller.workspace, caller.accountId, o.table, o.fileName?.slice(0, 500) ?? null, o.mode, o.onError, o.total],
  )
  const id = rows[0]!.id
  const progress: Progress = { bytes: 0, rows: 0, rejected: 0 }
  const abort = new AbortController()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    owner
      .query<{ cancel: boolean }>(
        `update app_public.uploads set bytes = $2, rows = $3, rejected = $4, updated_at = clock_timestamp() where id = $1 and state = 'running' returning cancel_requested as cancel`,
        [id, progress.bytes, progress.rows, progress.rejected],
      )
      .then(
        ({ rows: [row] }) => {
          if (row?.cancel) abort.abort(new AppError('TMCAN'))
        },
        (error: Error) => log.warn({ upload: id, error: error.message }, 'progress of an upload could not be written'),
      )
      .finally(() => {
        busy = false
      })
  }, EVERY_MS)
  timer.unref()
  const stop = (): void => clearInterval(timer)
  return {
    id,
    progress,
    abort,
    stop,
    async failed(error) {
      stop()
      const { body } = toResponse(error)
      const state = body.code === 'TMCAN' ? 'cancelled' : 'failed'
      await owner
        .query(
          `update app_public.uploads set state = $2, bytes = $3, rows = 0, error_code = $4, error = $5, error_line = $6, error_column = $7,
                updated_at = clock_timestamp(), finished_at = clock_timestamp(),
                duration_ms = (extract(epoch from clock_timestamp() - started_at) * 1000)::int
          where id = $1 and state = 'running'`,
          [id, state, progress.bytes, body.code, body.message, body.line ?? null, body.column ?? null],
        )
        .catch((e: Error) => log.warn({ upload: id, error: e.message }, 'the end of an upload could not be written'))
    },
  }
}
