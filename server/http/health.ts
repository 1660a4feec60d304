/**
 * GET /healthz: whether this process can do its work, part by part. 200 when all is well, 503 when the database does not
 * answer or LISTEN is down. For load balancers and people; it tells states and versions, nothing that needs hiding.
 */
import { Router } from 'express'
import type { Pool } from 'pg'

interface Parts {
  owner: Pool
  listening: () => boolean
  tickerElected: () => boolean
  /** null: this process takes no jobs. */
  workerAlive: () => boolean | null
}

const STOPPED = 'pg_cron is not running: restart PostgreSQL'

function schedulerOf({ scheduler, running, shut_out }: { scheduler: string; running: boolean; shut_out: boolean }): string {
  if (!scheduler.startsWith('pg_cron')) return 'ticker'
  if (!running) return STOPPED
  return shut_out ? 'ticker, since pg_cron may not log in (OPERATIONS.md, A PostgreSQL of your own)' : 'pg_cron'
}

export function healthRoute({ owner, listening, tickerElected, workerAlive }: Parts): Router {
  return Router().get('/healthz', async (_request, response) => {
    const database = await owner
      .query(
        `select current_setting('server_version') as version, app_private.scheduler_kind() as scheduler,
                app_private.cron_is_running() as running, app_private.cron_cannot_log_in() as shut_out`,
      )
      .then(
        ({ rows }) => rows[0],
        () => null,
      )
    const scheduler = !database ? 'unknown' : schedulerOf(database)
    const ok = database !== null && listening() && scheduler !== STOPPED
    response
      .status(ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({
        status: ok ? 'ok' : 'failing',
        database: database ? `PostgreSQL ${database.version}` : 'does not answer',
        listen: listening(),
        scheduler,
        ticker: tickerElected(),
        worker: workerAlive() === null ? 'off' : workerAlive() ? 'running' : 'beginning again',
      })
  })
}
