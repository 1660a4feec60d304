/**
 * For suites that need something the machine may lack (Chromium, pg_cron). Where CI=true its absence is a failure;
 * elsewhere the suite is skipped, and says why.
 */
import { existsSync } from 'node:fs'
import { testCluster } from './cluster.ts'

export interface Need {
  what: string
  present: boolean
  remedy: string
}

export const chromiumPath = (): string | null =>
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (file) => file && existsSync(file),
  ) ?? null

export const chromium = (): Need => ({
  what: 'Chromium',
  present: chromiumPath() !== null,
  remedy: 'install it (on Debian: apt-get install chromium), or name it in CHROMIUM',
})

export const pgCron = (): Need => ({
  what: 'pg_cron',
  present: testCluster().cron,
  remedy: "install postgresql-15-cron, or let apt reach Debian's archive",
})

export const pgDump = (): Need => ({ what: 'pg_dump', present: testCluster().tools, remedy: 'install postgresql-client' })

export const pgbouncerPath = (): string | null => ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((file) => existsSync(file)) ?? null

export const pgbouncer = (): Need => ({
  what: 'PgBouncer',
  present: pgbouncerPath() !== null,
  remedy: 'apt-get install pgbouncer',
})

/** describe(), but only where `need` is there. */
export function describeNeeding(need: Need, title: string, suite: () => void): void {
  if (need.present) return describe(title, suite)
  const reason = `${need.what} is missing: ${need.remedy}`
  if (process.env.CI === 'true')
    return describe(title, () => {
      it(`has ${need.what}, as CI must`, () => {
        throw new Error(reason)
      })
    })
  process.stderr.write(`SKIPPED ${title}: ${reason}\n`)
  describe.skip(title, suite)
}
