/**
 * CPU time and memory, for scripts/bench/live.ts. Reads /proc; where there is none, figures are NaN.
 */
import { readdirSync, readFileSync } from 'node:fs'
import v8 from 'node:v8'
import vm from 'node:vm'
import type pg from 'pg'

/** CPU time of all PostgreSQL processes of this cluster so far, in hundredths of a second: a difference per second is per cent of a core. */
export async function postgresCpu(db: pg.Pool): Promise<number> {
  try {
    const { rows } = await db.query('select pg_backend_pid() as pid')
    const fields = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    const postmaster = fields(String(rows[0].pid))[1]!
    // utime, stime, and those of its children that have ended: a connection that goes takes nothing away.
    const sum = (of: string[]) => of.slice(11, 15).reduce((total, field) => total + Number(field), 0)
    let ticks = sum(fields(postmaster))
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        const own = fields(pid)
        if (own[1] === postmaster) ticks += sum(own)
      } catch {} // it has ended
    return ticks
  } catch {
    return Number.NaN // not Linux, or PostgreSQL is elsewhere
  }
}

/** CPU time of this process, in the same unit. */
export const ownCpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e4
}

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as () => void

/** Bytes that this process keeps, garbage left out. */
export function kept(): number {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export const quantile = (values: number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
