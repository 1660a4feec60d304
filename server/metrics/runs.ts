/**
 * Follows app_public.runs, where every refresh leaves a row whoever ran it (pg_cron, the ticker, a person): how long refreshes
 * take and how they end, how late schedules begin; warnings in the log of what is slow or failed. Started by server.ts.
 *
 * A run's id is taken before it commits, so ids come out of order: the last LOOK_BACK of them are looked at again. Every server
 * follows; only the elected one (the pump's) writes the warnings, so that each is written once.
 */
import type { Pool } from 'pg'
import { Histogram, type Registry } from 'prom-client'
import type { Log } from '../log.ts'

const LOOK_BACK = 200
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800]

interface Run {
  id: string
  workspace: string | null
  matview_name: string
  reason: string
  status: string
  duration_ms: number
  late_s: number | null
  error_code: string | null
  error: string | null
}

const STATEMENT = {
  name: 'tidemark new runs',
  text: `select r.id, r.workspace, r.matview_name, r.reason, r.status, r.duration_ms::float8 as duration_ms, r.error_code, r.error,
                case when r.reason = 'schedule' then
                  (select mod(extract(epoch from r.started_at), coalesce(substring(s.schedule from '^(\\d+) seconds$')::int, 60))::float8
                     from app_public.schedules s where s.matview_id = r.matview_id) end as late_s
           from app_public.runs r where r.id > $1 order by r.id`,
}

interface Deps {
  registry: Registry
  owner: Pick<Pool, 'query'>
  log: Log
  /** Whether this process is the one that warns. */
  warns: () => boolean
  slowMs: number
  everyMs?: number
}

export function followRuns({ registry, owner, log, warns, slowMs, everyMs = 2000 }: Deps) {
  const registers = [registry]
  const durations = new Histogram({
    name: 'tidemark_refresh_duration_seconds',
    help: 'Refreshes of materialized views, diff included, by result and by what began them',
    labelNames: ['result', 'reason'],
    buckets: SECONDS,
    registers,
  })
  const lateness = new Histogram({
    name: 'tidemark_schedule_lateness_seconds',
    help: 'From the slot of a schedule (the minute, or its N seconds) to the beginning of its refresh',
    buckets: SECONDS,
    registers,
  })
  let last: bigint | null = null
  const seen = new Set<string>()
  let looking: Promise<void> | null = null
  let ended = false

  async function look(): Promise<void> {
    if (last === null) {
      const { rows } = await owner.query('select coalesce(max(id), 0) as id from app_public.runs')
      last = BigInt(rows[0].id)
      const { rows: recent } = await owner.query('select id from app_public.runs where id > $1', [String(last - BigInt(LOOK_BACK))])
      for (const { id } of recent) seen.add(id)
      return
    }
    const { rows } = await owner.query<Run>({ ...STATEMENT, values: [String(last - BigInt(LOOK_BACK))] })
    for (const run of rows) {
      if (seen.has(run.id)) continue
      seen.add(run.id)
      if (BigInt(run.id) > last) last = BigInt(run.id)
      take(run)
    }
    for (const id of seen) if (BigInt(id) <= last - BigInt(LOOK_BACK)) seen.delete(id)
  }

  function take(run: Run): void {
    durations.observe({ result: run.status, reason: run.reason }, run.duration_ms / 1000)
    if (run.late_s !== null) lateness.observe(run.late_s)
    if (!warns()) return
    const what = { workspace: run.workspace, matview: run.matview_name, run: run.id, duration_ms: run.duration_ms }
    if (run.status === 'failed' && run.reason === 'schedule')
      log.warn({ ...what, code: run.error_code, error: run.error }, 'a scheduled refresh failed')
    if (run.duration_ms >= slowMs) log.warn({ ...what, threshold_ms: slowMs }, 'a refresh was slow')
  }

  const again = () => {
    if (ended) return
    looking ??= look()
      .catch((error) => {
        if (!ended) log.warn({ error: error.message }, 'the runs of schedules could not be read')
      })
      .finally(() => (looking = null))
  }
  const timer = setInterval(again, everyMs).unref()
  again()

  return {
    async stop(): Promise<void> {
      ended = true
      clearInterval(timer)
      await looking
    },
  }
}
