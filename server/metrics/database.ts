/**
 * What the database knows about the whole installation: queue, webhooks, NOTIFY, events. Read when somebody asks for the metrics,
 * as app_owner, in one statement. Made once by server.ts; writes nothing.
 *
 * Every process tells the same here: take max() over processes, never sum().
 */
import type { Pool } from 'pg'
import { Gauge, type Registry } from 'prom-client'

/** A scrape waits no longer for a database that hangs; the metrics of the process are told all the same. */
const WAIT_MS = 2000

const STATEMENT = `
  select pg_notification_queue_usage() as notify_usage,
         (select last_id from app_private.event_counter) as last_event,
         jobs.*, webhooks.*, pending.*
    from (select count(*) filter (where run_at <= now() and locked_at is null and attempts < max_attempts) as jobs_waiting,
                 count(*) filter (where locked_at is not null) as jobs_running,
                 count(*) filter (where attempts >= max_attempts) as jobs_failed,
                 coalesce(extract(epoch from now() - min(run_at) filter (where run_at <= now() and locked_at is null and attempts < max_attempts)), 0) as oldest_job
            from graphile_worker.jobs) jobs,
         (select count(*) filter (where state = 'active') as hooks_active, count(*) filter (where state = 'paused') as hooks_paused,
                 count(*) filter (where state = 'disabled') as hooks_disabled, count(*) filter (where circuit_open) as circuits
            from app_public.webhooks) webhooks,
         (select count(*) as deliveries, coalesce(extract(epoch from now() - min(created_at)), 0) as oldest_delivery
            from app_public.deliveries where status = 'pending') pending`

export function databaseMetrics(registry: Registry, owner: Pick<Pool, 'query'>): void {
  type Row = Record<string, unknown>
  let asking: Promise<Row | null> | null = null
  /** All gauges are collected at once: they share one answer. Null: it did not come in time. */
  const ask = () =>
    (asking ??= within(WAIT_MS, owner.query<Row>(STATEMENT))
      .then(
        ({ rows }) => rows[0] ?? null,
        () => null,
      )
      .finally(() => (asking = null)))

  function gauge(name: string, help: string, columns: string | Record<string, string>) {
    new Gauge({
      name,
      help,
      labelNames: typeof columns === 'string' ? [] : ['state'],
      registers: [registry],
      async collect() {
        const row = await ask()
        if (!row) return
        if (typeof columns === 'string') this.set(Number(row[columns]))
        else for (const [state, column] of Object.entries(columns)) this.set({ state }, Number(row[column]))
      },
    })
  }
  new Gauge({
    name: 'tidemark_database_up',
    help: '1 when the database answered this request for metrics in time',
    registers: [registry],
    async collect() {
      this.set((await ask()) ? 1 : 0)
    },
  })
  gauge('tidemark_worker_jobs', 'Jobs of graphile-worker: due and not begun, running, given up', {
    waiting: 'jobs_waiting',
    running: 'jobs_running',
    failed: 'jobs_failed',
  })
  gauge('tidemark_worker_oldest_job_seconds', 'How long the oldest due job has waited', 'oldest_job')
  gauge('tidemark_webhooks', 'Webhooks by state', { active: 'hooks_active', paused: 'hooks_paused', disabled: 'hooks_disabled' })
  gauge('tidemark_webhook_circuits_open', 'Webhooks whose circuit is open: one attempt an hour', 'circuits')
  gauge('tidemark_webhook_deliveries_pending', 'Messages that are not delivered yet', 'deliveries')
  gauge('tidemark_webhook_oldest_delivery_seconds', 'How long the oldest of them has waited', 'oldest_delivery')
  gauge('tidemark_notification_queue_usage', 'pg_notification_queue_usage(), 0 to 1: a full queue fails every NOTIFY', 'notify_usage')
  gauge('tidemark_last_event_id', 'The id of the last event: its rate is events a second', 'last_event')
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  work.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
