/**
 * Makes a database Tidemark's, or brings it up to date. Called by start.mjs at every start, by the tests for their
 * template, by the db-* scripts. Writes roles, extensions, schemas; never a workspace's rows.
 *
 * In this order: checks (nothing written) -> setup/NN < 50 as the admin (roles, extensions) -> committed migrations, and
 * current ones where asked, as app_owner -> graphile-worker's schema -> setup/NN >= 50 as the admin (what hardens or
 * needs a superuser) -> workspace `main`, if there is none. Each step is idempotent, so a start that was cut off is
 * repaired by the next; when nothing has changed since the last whole run, all of it is skipped. After either:
 * app_private.after_migrate() as app_owner.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Logger, migrate, watch } from 'graphile-migrate'
import pools from 'graphile-migrate/dist/pgReal.js'
import { Logger as WorkerLogger, runMigrations } from 'graphile-worker'
import pg from 'pg'
import { finishWorkspace, provisionWorkspace } from '../server/auth/provision.ts'
import { rolePassword, urlFor } from '../server/db.ts'
import { addressOf, checkServer, connect, type Server } from './migrate/checks.ts'
import { checkHistory } from './migrate/history.ts'
import { fingerprintOf, readFingerprint, sqlFiles, writeFingerprint } from './migrate/fingerprint.ts'
import { setPasswords } from './migrate/passwords.ts'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')

export interface PrepareOptions {
  /** A superuser's URL, or that of a role that may create roles and schemas. */
  adminUrl: string
  /** Derives the passwords of roles reached over TCP. */
  secret: string
  /** Run migrations/current too: tests and development. */
  includeCurrent?: boolean
  migrationsFolder?: string
  /** Progress, for people. */
  say?: (text: string) => void
}

export interface Prepared {
  server: Server
  /** false: everything was as it should be. */
  changed: boolean
}

export async function prepareDatabase(options: PrepareOptions): Promise<Prepared> {
  const { adminUrl, secret, includeCurrent = false, migrationsFolder = path.join(ROOT, 'migrations') } = options
  const admin = await connect(adminUrl)
  try {
    const server = await checkServer(admin)
    const folders = ['setup', 'committed', ...(includeCurrent ? ['current', 'fixtures'] : [])].map((name) =>
      path.join(migrationsFolder, name),
    )
    const fingerprint = fingerprintOf(folders, server, secret)
    await checkHistory(admin, migrationsFolder)
    await pointJobsHere(admin)
    const ownerUrl = urlFor(adminUrl, 'app_owner', secret)
    const changed = (await readFingerprint(admin)) !== fingerprint || !(await mayLogIn(ownerUrl))
    if (changed) await prepare(admin, ownerUrl, options, migrationsFolder)
    await asOwner(ownerUrl, async (owner) => {
      await callIfThere(owner, 'app_private.after_migrate()')
      if (changed) await writeFingerprint(owner, fingerprint)
    })
    return { server, changed }
  } finally {
    await admin.end()
  }
}

/** A restored backup brings the fingerprint along, but passwords are the cluster's: here those of other roles, or none. */
async function mayLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if (/^28/.test((error as pg.DatabaseError).code ?? '')) return false
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}

async function prepare(admin: pg.Client, ownerUrl: string, options: PrepareOptions, migrationsFolder: string): Promise<void> {
  const { adminUrl, secret, includeCurrent = false, say = () => {} } = options
  const setup = sqlFiles(path.join(migrationsFolder, 'setup'))
  const late = (file: string) => Number.parseInt(path.basename(file), 10) >= 50
  const overTcp = new URL(adminUrl).hostname !== ''
  say('roles and extensions')
  for (const file of setup.filter((file) => !late(file))) await runFile(admin, file)
  if (overTcp) await setPasswords(admin, secret)
  await runGraphileMigrate(ownerUrl, adminUrl, migrationsFolder, includeCurrent, say)
  await runMigrations({ connectionString: ownerUrl, logger: new WorkerLogger(() => () => {}) })
  for (const file of setup.filter(late)) await runFile(admin, file)
  await asOwner(ownerUrl, (owner) => ensureMain(owner, overTcp ? rolePassword(secret, 'ws_main') : null))
  if (overTcp) await setPasswords(admin, secret) // an older secret's, of workspaces that exist already
}

/** Every installation has the workspace `main`: the first account's, and that of `npm run token`. */
async function ensureMain(owner: pg.Client, password: string | null): Promise<void> {
  const { rows } = await owner.query(`select to_regclass('app_public.workspaces') is not null as migrated`)
  if (!rows[0].migrated) return // a checkout whose migrations are not committed yet
  const { rowCount } = await owner.query(`select from app_public.workspaces where id = 'main'`)
  if (rowCount === 0) await provisionWorkspace(owner, { id: 'main', name: 'Main', password })
  else await finishWorkspace(owner, 'main') // a start that was cut off between the two transactions
}

/** pg_cron keeps host and port with every job: after a move of the folder or another port, its jobs would find nobody. */
async function pointJobsHere(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query(
    `select to_regclass('cron.job') is not null and (select rolsuper from pg_roles where rolname = current_user) as ours`,
  )
  if (!rows[0].ours) return
  await admin.query(`
    update cron.job set nodename = current_setting('cron.host'), nodeport = current_setting('port')::int
     where current_setting('cron.host', true) like '/%' and (nodename, nodeport) is distinct from (current_setting('cron.host'), current_setting('port')::int)`)
}

/** One file, one transaction. Roles belong to the whole cluster: two databases prepared at once may meet there. */
async function runFile(admin: pg.Client, file: string): Promise<void> {
  const sql = readFileSync(file, 'utf8')
  for (let tries = 0; ; tries++) {
    try {
      await admin.query(sql)
      return
    } catch (error) {
      const { message, code, position, where } = error as pg.DatabaseError
      if (/tuple concurrently (updated|deleted)|duplicate key value .*pg_authid/.test(message) && tries < 5) continue
      const line = position ? `, line ${sql.slice(0, Number(position)).split('\n').length}` : ''
      if (code === '42501')
        throw new Problem(
          `the admin of the database may not do what setup/${path.basename(file)} needs: ${message}.`,
          'put a superuser (or the role that your provider gives for this) in DATABASE_URL.',
          where,
        )
      throw new Problem(`setup/${path.basename(file)}${line} failed: ${message}.`, undefined, where)
    }
  }
}

/** The settings that .gmrc also has; the URLs are ours. */
export function graphileSettings(ownerUrl: string, adminUrl: string, migrationsFolder: string, logger: Logger) {
  const { pgSettings } = JSON.parse(readFileSync(path.join(ROOT, '.gmrc'), 'utf8'))
  return { connectionString: ownerUrl, rootConnectionString: adminUrl, migrationsFolder, pgSettings, logger }
}

async function runGraphileMigrate(
  ownerUrl: string,
  adminUrl: string,
  migrationsFolder: string,
  includeCurrent: boolean,
  say: (text: string) => void,
): Promise<void> {
  const lines: string[] = []
  const logger = new Logger(() => (level, message) => {
    lines.push(message)
    if (level === 'info' && /committed migrations executed/.test(message)) say(message.replace('graphile-migrate: ', ''))
  })
  const settings = graphileSettings(ownerUrl, adminUrl, migrationsFolder, logger)
  const current = includeCurrent && sqlFiles(path.join(migrationsFolder, 'current')).length > 0
  for (let tries = 0; ; tries++) {
    try {
      if (current) await watch(settings, true)
      else await migrate(settings)
      return
    } catch (error) {
      const message = (error as Error).message
      if (message === 'Failed to get exclusive lock' && tries < 50) {
        await new Promise((resolve) => setTimeout(resolve, 200)) // another server is migrating
        continue
      }
      const remedy =
        current && /already exists/.test(message)
          ? 'migrations/current must bear being run again where it has run; or begin anew: npm run db:reset.'
          : undefined
      const said = lines
        .join('\n')
        .split('\n')
        .filter((line) => line.trim() && !/^\s+at /.test(line))
      throw new Problem(`a migration failed on ${addressOf(adminUrl)}: ${message}.`, remedy, said.slice(-15).join('\n'))
    } finally {
      pools.clearAllPools() // it keeps connections for a while, and ends the process when the server closes one of them
    }
  }
}

async function asOwner(ownerUrl: string, work: (owner: pg.Client) => Promise<void>): Promise<void> {
  const owner = await connect(ownerUrl)
  try {
    await work(owner)
  } finally {
    await owner.end()
  }
}

async function callIfThere(owner: pg.Client, signature: string): Promise<void> {
  const { rows } = await owner.query('select to_regprocedure($1) as found', [signature])
  if (rows[0].found) await owner.query(`select ${signature}`)
}

/** `node scripts/migrate.ts [--current]` with DATABASE_URL and TIDEMARK_SECRET: for start.mjs and containers. */
if (import.meta.main) {
  const { values } = parseArgs({ options: { current: { type: 'boolean', default: false } } })
  try {
    const { DATABASE_URL: adminUrl = '', TIDEMARK_SECRET: secret = '' } = process.env
    if (!secret)
      throw new Problem(
        'TIDEMARK_SECRET is not set.',
        'set it to a long random text that stays the same, e.g. the output of: openssl rand -hex 32',
      )
    const { server, changed } = await prepareDatabase({ adminUrl, secret, includeCurrent: values.current, say: console.log })
    const cron = server.cron ? `pg_cron ${server.cron}` : `no pg_cron (${server.whyNoCron}): the server's ticker runs the schedules`
    console.log(`PostgreSQL ${server.versionText}, ${cron}; ${changed ? 'prepared' : 'up to date'}`)
  } catch (error) {
    report(error)
    process.exitCode = 1
  }
}
