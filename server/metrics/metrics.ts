/**
 * What this process counts, for Prometheus. Made once by server.ts, which hands the observers to the rooms; route.ts answers with
 * the registry. docs/metrics.md explains each name, and a test holds the two together.
 *
 * No label has a value that a person can make up (workspace, view, address): a series lives for ever in Prometheus.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type pg from 'pg'

/** What is looked at when somebody asks. */
export interface Sources {
  pools: Record<string, Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'>>
  live: () => Record<'queries' | 'groups' | 'clients' | 'runs' | 'tests' | 'sent' | 'resyncs' | 'hints', number>
  streams: () => number
  sockets: () => number
  listening: () => boolean
  leads: () => Record<'pump' | 'ticker', boolean>
}

const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Metrics = ReturnType<typeof makeMetrics>

export function makeMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests by class of route and status; streams of events are not among them',
    labelNames: ['route', 'status_code'],
    buckets: FAST,
    registers,
  })
  const uploadBytes = new Counter({
    name: 'tidemark_upload_bytes_total',
    help: 'Bytes of files that were loaded and committed',
    labelNames: ['mode'],
    registers,
  })
  const uploadRows = new Counter({
    name: 'tidemark_upload_rows_total',
    help: 'Rows that uploads committed',
    labelNames: ['mode'],
    registers,
  })
  const eventLag = new Histogram({
    name: 'tidemark_event_lag_seconds',
    help: 'From the writing of an event to its announcement to those who wait here',
    buckets: FAST,
    registers,
  })
  const deliveries = new Histogram({
    name: 'tidemark_webhook_delivery_duration_seconds',
    help: 'Attempts to deliver a webhook message, by how they ended',
    labelNames: ['result'],
    buckets: FAST,
    registers,
  })

  return {
    registry,
    request: (route: string, status: number, seconds: number) => requests.observe({ route, status_code: String(status) }, seconds),
    uploaded({ mode, bytes, rows }: { mode: string; bytes: number; rows: number }) {
      uploadBytes.inc({ mode }, bytes)
      uploadRows.inc({ mode }, rows)
    },
    announced: (seconds: number) => eventLag.observe(Math.max(0, seconds)),
    delivered: (result: string, ms: number) => deliveries.observe({ result }, ms / 1000),

    /** What needs no counting: it is looked at when somebody asks. */
    look({ pools, live, streams, sockets, listening, leads }: Sources) {
      gauge('tidemark_pool_connections', 'Connections of a pool; waiting: requests for one', ['pool', 'state'], (set) => {
        for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
          set(totalCount, { pool, state: 'total' })
          set(idleCount, { pool, state: 'idle' })
          set(waitingCount, { pool, state: 'waiting' })
        }
      })
      gauge('tidemark_live_queries', 'Distinct live queries', [], (set) => set(live().queries))
      gauge('tidemark_live_groups', 'Pairs of role and relation that live queries read', [], (set) => set(live().groups))
      gauge('tidemark_live_clients', 'Subscriptions to live queries', [], (set) => set(live().clients))
      total('tidemark_live_runs_total', 'Runs of live queries', () => live().runs)
      total('tidemark_live_tests_total', 'Window tests: statements that ask whether a live query must run', () => live().tests)
      total('tidemark_live_updates_total', 'Runs whose result differed and was sent', () => live().sent)
      total('tidemark_live_resyncs_total', 'Slow subscribers that were cut back to a whole page', () => live().resyncs)
      total('tidemark_live_hints_total', 'Hints of changed tables that were heard', () => live().hints)
      gauge('tidemark_event_streams', 'Who waits for marks here: SSE streams and GraphQL subscriptions', [], (set) => set(streams()))
      gauge('tidemark_websockets', 'Open websockets', [], (set) => set(sockets()))
      gauge('tidemark_listening', '1 while the LISTEN connection works', [], (set) => set(Number(listening())))
      gauge('tidemark_leader', '1 in the one process that was elected to do it', ['role'], (set) => {
        for (const [role, leading] of Object.entries(leads())) set(Number(leading), { role })
      })
    },
  }

  function gauge(
    name: string,
    help: string,
    labelNames: string[],
    read: (set: (value: number, labels?: Record<string, string>) => void) => void,
  ) {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        read((value, labels = {}) => this.set(labels, value))
      },
    })
  }

  function total(name: string, help: string, read: () => number) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
}
