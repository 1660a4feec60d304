/**
 * Jobs that nobody works on although they are marked as ours. When PostgreSQL goes away between the COMMIT that gives us a job and
 * its answer, graphile-worker never hears that it has the job, looks for the next, and the job, with its whole queue behind it, stays
 * locked for 4 hours. Called by worker.ts; writes nothing.
 */
import type { Pool } from 'pg'

/** Longer than a healthy worker takes from getting a job to beginning it. */
const BEGINS_WITHIN = '3 seconds'
const AGAIN_MS = 1000

export function makeOrphans(pool: Pool) {
  const running = new Set<string>()
  const idle = async (poolId: string) => {
    const { rows } = await pool.query<{ id: string }>(
      `select id from graphile_worker.jobs where locked_by = $1 and locked_at < now() - interval '${BEGINS_WITHIN}'`,
      [poolId],
    )
    return rows.map(({ id }) => String(id)).filter((id) => !running.has(id))
  }
  return {
    /** Work on a job of graphile-worker. */
    async during<T>(jobId: string, work: () => Promise<T>): Promise<T> {
      running.add(String(jobId))
      try {
        return await work()
      } finally {
        running.delete(String(jobId))
      }
    },
    /** Looks twice: a job that has just ended is locked until that is written down. */
    async found(poolId: string): Promise<boolean> {
      const first = await idle(poolId)
      if (first.length === 0) return false
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      const second = await idle(poolId)
      return first.some((id) => second.includes(id))
    },
  }
}
