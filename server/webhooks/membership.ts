/**
 * The lock that says: this server lives, and the row that names its jobs' owner. Held on a connection of its own; taken again
 * whenever that is lost. Called by worker.ts, once per run of graphile-worker. Writes app_private.workers.
 */
import pg from 'pg'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'

export const LOCK = 7469

export type Membership = ReturnType<typeof makeMembership>

export function makeMembership(db: Pick<Db, 'login'>, log: Log) {
  let client: pg.Client | null = null
  let joining: Promise<void> | null = null
  let left = false
  let lost = false
  let id: number | null = null

  async function hold(poolId: string): Promise<void> {
    const mine = new pg.Client({ ...db.login('app_owner'), application_name: 'tidemark worker lives' })
    mine.on('error', () => {})
    mine.on('end', () => {
      if (left || client !== mine) return
      lost = true
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
    lost = false
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
    /** Whether others can see that we live. */
    held: () => client !== null && !lost,
    async leave(): Promise<void> {
      left = true
      await joining?.catch(() => {})
      // What was cut off is free for others at once.
      await client
        ?.query(
          'with gone as (delete from app_private.workers where id = $1 returning pool_id) select graphile_worker.force_unlock_workers(array_agg(pool_id)) from gone',
          [id],
        )
        .catch(() => {})
      await client?.end().catch(() => {})
    },
  }
}
