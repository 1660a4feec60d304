/**
 * A database of a test file's own: a clone of the template, gone afterwards. Called in beforeAll of every file that
 * needs PostgreSQL; drop() in afterAll.
 *
 * Roles belong to the cluster, not to the database: two files that run at once must not make the same workspace.
 * Every clone has `main`; name others with workspaceName('acme').
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { prepareDatabase } from '../../scripts/migrate.ts'
import { TEMPLATE, TEST_SECRET, testCluster } from './cluster.ts'

export interface TestDatabase {
  name: string
  /** The superuser's URL. Also what a server under test takes as DATABASE_URL: it changes the user itself. */
  url: string
  /** The URL of another login: 'app_authenticator', 'app_owner', 'ws_main' … */
  urlFor(role: string): string
  /** TIDEMARK_SECRET of a server under test. */
  secret: string
  /** As superuser; closed by drop(). */
  admin: pg.Pool
  sql<Row extends pg.QueryResultRow = any>(text: string, values?: unknown[]): Promise<Row[]>
  drop(): Promise<void>
}

/** A workspace id that no other test file has: letters and digits only. */
export const workspaceName = (stem: string): string => `${stem}${randomBytes(4).toString('hex')}`.slice(0, 31)

/**
 * @param options.cron the one database of the cluster in which pg_cron runs. One file per run may have it: pg_cron 1.4
 *   does not survive the drop of its database. Everywhere else the runner is the ticker.
 */
export async function createTestDatabase({ cron = false } = {}): Promise<TestDatabase> {
  const cluster = testCluster()
  const name = cron ? cluster.cronDatabase : `t_${randomBytes(6).toString('hex')}`
  await maintain(cluster.adminUrl, cron ? `create database ${name}` : `create database ${name} template ${TEMPLATE}`)
  const url = cluster.url('postgres', name)
  if (cron) await prepareDatabase({ adminUrl: url, secret: TEST_SECRET, includeCurrent: true }) // makes the extension here

  const admin = new pg.Pool({ connectionString: url, max: 8 })
  admin.on('error', () => {})
  for (const grants of databaseGrants()) await admin.query(grants)
  return {
    name,
    url,
    urlFor: (role) => cluster.url(role, name),
    secret: TEST_SECRET,
    admin,
    sql: async (text, values = []) => (await admin.query(text, values)).rows,
    async drop() {
      const { rows } = await admin
        .query(`select id from app_public.workspaces where id <> 'main'`)
        .catch(() => ({ rows: [] as { id: string }[] }))
      if (cron) {
        // It goes with the cluster. What its schedules still run would hold up every DROP DATABASE: see below.
        await admin.query('select cron.unschedule(jobid) from cron.job')
        await admin.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        )
        return void (await admin.end())
      }
      await admin.end()
      // DROP DATABASE waits until every process of the cluster has taken notice; pg_cron's launcher does not while a job of its
      // runs, which for a schedule in seconds is most of a minute. What is left then goes with the cluster.
      await maintain(cluster.adminUrl, `set statement_timeout = '2s'`, `drop database if exists ${name} with (force)`).catch((error) => {
        if (error.code !== '57014') throw error
      })
      for (const { id } of rows)
        for (const role of [`ws_${id}`, `ws_${id}_reader`, `ws_${id}_direct`, `ws_${id}_direct_ro`])
          await maintain(cluster.adminUrl, `drop role if exists ${pg.escapeIdentifier(role)}`).catch(() => {})
    },
  }
}

/** What the set-up grants on the database itself: a clone has all of its template but that. */
function databaseGrants(): string[] {
  const folder = path.join(import.meta.dirname, '../../migrations/setup')
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readFileSync(path.join(folder, file), 'utf8').match(/^do \$(database|connect)\$[\s\S]*?\$\1\$;/gm) ?? [])
}

async function maintain(adminUrl: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  client.on('error', () => {}) // a DROP that is cut off may be told of twice; whoever asked hears of it from the statement
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
