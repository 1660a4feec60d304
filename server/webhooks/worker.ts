/**
 * graphile-worker in this process, and what it lacks: after a kill -9 its jobs stay locked for 4 hours. Started by server.ts
 * where config.worker is on; several servers on one database share the work.
 *
 * Each server holds an advisory lock on a connection of its own for as long as it lives. At its start and every 2 s a server
 * looks for others whose lock is free, looks again a moment later (a live one whose connection was cut has its lock back by
 * then), and frees the jobs of the dead. Once in 30 s deliveries that no job cares for get one.
 */
import { EventEmitter } from 'node:events'
import { Logger as WorkerLogger, run, type Runner } from 'graphile-worker'
import pg from 'pg'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { type Deliver, makeDeliver } from './deliver.ts'

const LOCK = 7469
const LOOK_MS = 2000
const WAKE_MS = 30_000
const GRACE_MS = 3000

export interface Worker {
  stop(): Promise<void>
}

interface Deps {
  db: Pick<Db, 'owner' | 'login'>
  log: Log
  allowPrivate: boolean
  /** Webhooks that are called at the same time by this process. */
  concurrency?: number
}

export async function startWorker({ db, log, allowPrivate, concurrency = 10 }: Deps): Promise<Worker> {
  const pool = new pg.Pool({ ...db.login('app_owner'), application_name: 'tidemark worker', max: concurrency })
  const lost = (error: Error) => log.warn({ error: error.message }, 'a connection of the worker was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost)) // graphile-worker insists: one is in use nearly always
  const stopping = new AbortController()
  const deliver: Deliver = makeDeliver({ owner: pool, log, allowPrivate })
  const membership = makeMembership(db, log)

  const events = new EventEmitter() as any
  let poolId = ''
  events.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => (poolId = workerPool.id))
  const runner: Runner = await run({
    pgPool: pool,
    concurrency,
    noHandleSignals: true,
    pollInterval: 2000, // jobs that are due later; new ones are heard of at once
    events,
    logger: new WorkerLogger(() => (level, message) => {
      if (level === 'error' || level === 'warning') log.warn({ from: 'graphile-worker' }, message)
    }),
    taskList: { deliver_webhook: (payload) => deliver(payload as Parameters<Deliver>[0], stopping.signal) },
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

  let freeing = Promise.resolve()
  const every = (ms: number, work: () => Promise<unknown>) =>
    setInterval(() => {
      freeing = freeing.then(async () => {
        if (!stopping.signal.aborted) await work().catch((error) => log.warn({ error: error.message }, 'the worker could not look after jobs'))
      })
    }, ms).unref()
  const timers = [every(LOOK_MS, () => freeDead(pool, log, stopping.signal)), every(WAKE_MS, () => pool.query('select app_private.wake_webhooks()'))]
  freeing = freeing
    .then(() => freeDead(pool, log, stopping.signal))
    .then(() => pool.query('select app_private.wake_webhooks()'))
    .then(() => {}, (error) => log.warn({ error: error.message }, 'the worker could not look after jobs'))

  return {
    async stop() {
      timers.forEach(clearInterval)
      stopping.abort()
      await freeing
      // A receiver that does not answer must not hold the server back: its message goes out again after the next start.
      const late = setTimeout(() => void runner.kill('the server ends').catch(() => {}), GRACE_MS)
      await runner.stop().catch((error) => log.warn({ error: String(error) }, 'the worker did not stop in good order'))
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

/** The lock that says: this server lives. Taken again whenever its connection is lost. */
function makeMembership(db: Pick<Db, 'login'>, log: Log) {
  let client: pg.Client | null = null
  let joining: Promise<void> | null = null
  let left = false
  let id: number | null = null

  async function hold(poolId: string): Promise<void> {
    const mine = new pg.Client({ ...db.login('app_owner'), application_name: 'tidemark worker lives' })
    mine.on('error', () => {})
    mine.on('end', () => {
      if (left || client !== mine) return
      log.warn('the connection that says that this worker lives was lost')
      void again(poolId)
    })
    await mine.connect()
    client = mine
    // The same row while nobody has taken us for dead; else a new one: our jobs may run twice then, with the same message ids.
    const { rows } = await mine.query(
      `insert into app_private.workers (pool_id) values ($1) on conflict (pool_id) do update set pool_id = excluded.pool_id returning id`,
      [poolId],
    )
    id = rows[0].id
    await mine.query('select pg_advisory_lock($1, $2)', [LOCK, id])
  }

  async function again(poolId: string): Promise<void> {
    for (let wait = 100; !left; wait = Math.min(wait * 2, 500)) {
      try {
        return await hold(poolId)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  return {
    /** Resolves when the lock is held; all workers of the pool wait for the same one. */
    join: (poolId: string) => (joining ??= hold(poolId)),
    async leave(): Promise<void> {
      left = true
      await joining?.catch(() => {})
      // What was cut off is free for others at once.
      await client
        ?.query('with gone as (delete from app_private.workers where id = $1 returning pool_id) select graphile_worker.force_unlock_workers(array_agg(pool_id)) from gone', [id])
        .catch(() => {})
      await client?.end().catch(() => {})
    },
  }
}
