/**
 * graphile-worker in this process, and what it lacks: after a kill -9 its jobs stay locked for 4 hours. Started by server.ts
 * where config.worker is on; several servers on one database share the work.
 *
 * Each server holds an advisory lock on a connection of its own for as long as it lives. At its start and every 2 s a server
 * looks for others whose lock is free, looks again a moment later (a live one whose connection was cut has its lock back by
 * then), and frees the jobs of the dead. One that finds a job marked as its own that it does not work on (orphans.ts) begins anew,
 * which frees it. Once in 30 s deliveries that no job cares for get one.
 */
import { EventEmitter } from 'node:events'
import { Logger as WorkerLogger, run, type Runner } from 'graphile-worker'
import pg from 'pg'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import type { Listener } from '../events/listener.ts'
import { type Deliver, makeDeliver } from './deliver.ts'
import { jobPool } from './job-pool.ts'
import { LOCK, makeMembership, type Membership } from './membership.ts'
import { makeOrphans } from './orphans.ts'

const LOOK_MS = 2000
const WAKE_MS = 30_000
const GRACE_MS = 3000

export interface Worker {
  /** Takes jobs, and others can see that it lives. */
  alive(): boolean
  stop(): Promise<void>
}

interface Deps {
  db: Pick<Db, 'owner' | 'login'>
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  log: Log
  allowPrivate: boolean
  delivered?: (result: string, ms: number) => void
  /** Webhooks that are called at the same time by this process. */
  concurrency?: number
}

export async function startWorker({ db, listener, log, allowPrivate, delivered = () => {}, concurrency = 10 }: Deps): Promise<Worker> {
  const pool = new pg.Pool({ ...db.login('app_owner'), application_name: 'tidemark worker', max: concurrency })
  const lost = (error: Error) => log.warn({ error: error.message }, 'a connection of the worker was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost)) // graphile-worker insists: one is in use nearly always
  const stopping = new AbortController()
  const deliver: Deliver = makeDeliver({ owner: pool, log, allowPrivate, delivered })
  const orphans = makeOrphans(pool)

  /** graphile-worker gives up for good when it cannot write down the end of a job (the database went away): then it begins anew. */
  async function begin(): Promise<{ runner: Runner; membership: Membership; poolId: string }> {
    const membership = makeMembership(db, log)
    const events = new EventEmitter() as any
    let poolId = ''
    events.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => (poolId = workerPool.id))
    const runner = await run({
      pgPool: jobPool(pool, listener),
      concurrency,
      noHandleSignals: true,
      pollInterval: 2000, // jobs that are due later; new ones are heard of at once
      events,
      logger: new WorkerLogger(() => (level, message) => {
        if (level === 'error' || level === 'warning') log.warn({ from: 'graphile-worker' }, message)
      }),
      taskList: {
        deliver_webhook: (payload, { job }) => orphans.during(job.id, () => deliver(payload as Parameters<Deliver>[0], stopping.signal)),
      },
      preset: {
        plugins: [
          {
            name: 'TidemarkMembershipPlugin',
            version: '0.0.0',
            // Nobody takes a job before others can see that we live.
            worker: { hooks: { startWorker: () => membership.join(poolId) } },
          },
        ],
      },
    })
    return { runner, membership, poolId }
  }

  let term = await begin()
  let running = true
  void (async () => {
    while (!stopping.signal.aborted) {
      await term.runner.promise.catch((error) => log.warn({ error: String(error) }, 'the worker broke off'))
      running = false
      while (!stopping.signal.aborted && !running) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        await term.membership.leave()
        if (stopping.signal.aborted) return
        try {
          term = await begin()
          running = true
          log.info('the worker runs again')
        } catch (error) {
          log.warn({ error: (error as Error).message }, 'the worker could not begin again')
        }
      }
    }
  })()

  let freeing = Promise.resolve()
  const every = (ms: number, work: () => Promise<unknown>) =>
    setInterval(() => {
      freeing = freeing.then(async () => {
        if (!stopping.signal.aborted)
          await work().catch((error) => log.warn({ error: error.message }, 'the worker could not look after jobs'))
      })
    }, ms).unref()
  const timers = [
    every(LOOK_MS, () => freeDead(pool, log, stopping.signal)),
    every(LOOK_MS, async () => {
      const { runner, poolId } = term
      if (!running || !(await orphans.found(poolId)) || stopping.signal.aborted || term.runner !== runner) return
      log.warn('a job is marked as ours that we never got: the worker begins anew')
      await runner.stop()
    }),
    every(WAKE_MS, () => pool.query('select app_private.wake_webhooks()')),
  ]
  freeing = freeing
    .then(() => freeDead(pool, log, stopping.signal))
    .then(() => pool.query('select app_private.wake_webhooks()'))
    .then(
      () => {},
      (error) => log.warn({ error: error.message }, 'the worker could not look after jobs'),
    )

  return {
    alive: () => running && term.membership.held(),
    async stop() {
      timers.forEach(clearInterval)
      stopping.abort()
      await freeing
      // A receiver that does not answer must not hold the server back: its message goes out again after the next start.
      const { runner, membership } = term
      const late = setTimeout(() => void runner.kill('the server ends').catch(() => {}), GRACE_MS)
      if (running) await runner.stop().catch((error) => log.warn({ error: String(error) }, 'the worker did not stop in good order'))
      clearTimeout(late)
      await membership.leave()
      await pool.end()
    },
  }
}

/** Frees the jobs of servers that are dead: their lock is free now and was free a moment ago. */
async function freeDead(pool: pg.Pool, log: Log, signal: AbortSignal): Promise<void> {
  const suspects = async () => {
    const { rows } = await pool.query<{ id: number }>(
      `select w.id from app_private.workers w
        where not exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = $1 and l.objid = w.id::oid
                             and l.database = (select oid from pg_database where datname = current_database()))`,
      [LOCK],
    )
    return rows.map(({ id }) => id)
  }
  const first = await suspects()
  if (first.length === 0) return
  await new Promise((resolve) => setTimeout(resolve, 1000))
  if (signal.aborted) return
  const still = (await suspects()).filter((id) => first.includes(id))
  if (still.length === 0) return
  const { rows } = await pool.query('select app_private.free_dead_workers($1) as freed', [still])
  if (rows[0].freed) log.info({ servers: rows[0].freed }, 'the jobs of servers that died are free again')
}
