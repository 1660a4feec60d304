/**
 * The test cluster that scripts/test.mjs has started, as tests see it. Called by database.ts and the template's maker.
 */
export const TEMPLATE = 'tidemark_template'
export const TEST_SECRET = 'a secret for tests only'

export interface TestCluster {
  /** The superuser's URL of the database `postgres`, by the socket. */
  adminUrl: string
  host: string
  port: number
  socket: string
  /** pg_cron is loaded; it runs for the database `cronDatabase` only. */
  cron: boolean
  cronDatabase: string
  /** PostgreSQL's programs, whether psql and pg_dump are among them, and the environment that they need. */
  bin: string
  tools: boolean
  programEnv: Record<string, string>
  /** Another login, another database, by the socket: nobody needs a password there. */
  url(role: string, database: string): string
}

export function testCluster(): TestCluster {
  const text = process.env.TIDEMARK_TEST_CLUSTER
  if (!text) throw new Error('There is no test cluster: run `npm test -- path/to/file`, which starts one.')
  const given = JSON.parse(text) as Omit<TestCluster, 'url'>
  return {
    ...given,
    url: (role, database) => `postgres:///${database}?host=${encodeURIComponent(given.socket)}&port=${given.port}&user=${role}`,
  }
}
