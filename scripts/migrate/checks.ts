/**
 * Can Tidemark live in this database? Called by migrate.ts before anything is written; each failure is one sentence
 * with what to do. Writes nothing.
 */
import pg from 'pg'
import { Problem } from '../postgres/problem.mjs'

const OLDEST_SERVER = 14

/** Where a database is, for messages: never its password. */
export function addressOf(url: string): string {
  try {
    const parsed = new URL(url)
    const where = parsed.hostname ? `${parsed.hostname}:${parsed.port || 5432}` : (parsed.searchParams.get('host') ?? 'localhost')
    return `${decodeURIComponent(parsed.pathname.slice(1)) || '?'} on ${where}`
  } catch {
    return 'DATABASE_URL'
  }
}

export function checkUrl(url: string): void {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new Problem(
      'DATABASE_URL cannot be read.',
      'write it as postgres://user:password@host:5432/database, with special characters of the password percent-encoded.',
    )
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol))
    throw new Problem(
      `DATABASE_URL begins with ${parsed.protocol}// and not with postgres://.`,
      'write it as postgres://user:password@host:5432/database.',
    )
  if (parsed.pathname.length < 2)
    throw new Problem('DATABASE_URL names no database.', 'put its name after the last slash: postgres://user:password@host:5432/database.')
}

/** Connects, or says in one sentence why not. */
export async function connect(url: string): Promise<pg.Client> {
  checkUrl(url)
  const client = new pg.Client({ connectionString: url, application_name: 'tidemark migrate', connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw connectionProblem(error as NodeJS.ErrnoException, url)
  }
}

function connectionProblem(error: NodeJS.ErrnoException, url: string): Error {
  const at = addressOf(url)
  const inside = (error as unknown as AggregateError).errors?.[0] as NodeJS.ErrnoException | undefined
  const code = error.code ?? inside?.code ?? ''
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Problem(`the host of the database (${at}) is not known.`, 'correct the host in DATABASE_URL.')
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new Problem(
        `no PostgreSQL answers at the address in DATABASE_URL (${at}).`,
        'start it, or correct host and port in DATABASE_URL; without DATABASE_URL Tidemark brings its own.',
      )
    case '28P01':
    case '28000':
      return new Problem(
        `the database (${at}) refuses the user or the password: ${error.message}.`,
        'correct user and password in DATABASE_URL.',
      )
    case '3D000':
      return new Problem(`the database does not exist (${at}).`, 'create it (createdb), or correct the name in DATABASE_URL.')
    case '53300':
      return new Problem(
        `the database (${at}) has no free connection.`,
        'close other programs, or raise max_connections, then start again.',
      )
  }
  return new Problem(
    `the database cannot be reached (${at}): ${error.message || code || 'no answer'}.`,
    'check DATABASE_URL, and that the server accepts connections from here.',
  )
}

export interface Server {
  /** e.g. 150020 */
  version: number
  versionText: string
  database: string
  superuser: boolean
  /** The version of pg_cron that runs for this database; null: the ticker runs the schedules. */
  cron: string | null
  /** For people: why there is no pg_cron. */
  whyNoCron: string
}

export async function checkServer(admin: pg.Client): Promise<Server> {
  const { rows } = await admin.query(`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text, current_database() as database,
           r.rolsuper as superuser, r.rolcreaterole or r.rolsuper as may_create_roles, current_user as who,
           has_database_privilege(current_database(), 'create') as may_create, pg_is_in_recovery() as standby,
           (select default_version from pg_available_extensions where name = 'pg_cron') as cron
      from pg_roles as r where r.rolname = current_user`)
  const found = rows[0]
  const major = Math.floor(found.version / 10_000)
  if (major < OLDEST_SERVER)
    throw new Problem(
      `the server is PostgreSQL ${found.version_text}, and Tidemark needs ${OLDEST_SERVER} or newer.`,
      'upgrade it, or unset DATABASE_URL: Tidemark then brings its own.',
    )
  if (found.standby) throw new Problem('the database is a read-only standby.', 'point DATABASE_URL to the primary server.')
  if (!found.may_create_roles)
    throw new Problem(
      `the user "${found.who}" may not create roles, and every workspace is a role of its own.`,
      `as a superuser: alter role "${found.who}" createrole; or put another user in DATABASE_URL.`,
    )
  if (!found.may_create)
    throw new Problem(
      `the user "${found.who}" may not create schemas in the database "${found.database}".`,
      `as its owner: grant create on database "${found.database}" to "${found.who}";`,
    )
  const [cron, whyNoCron] = await cronOf(admin, found)
  return { version: found.version, versionText: found.version_text, database: found.database, superuser: found.superuser, cron, whyNoCron }
}

/** cron.* settings are hidden from ordinary users: then the extension's presence must do. */
async function cronOf(admin: pg.Client, found: { cron: string | null; database: string }): Promise<[string | null, string]> {
  if (!found.cron) return [null, 'this server has no pg_cron']
  try {
    const { rows } = await admin.query(`select current_setting('cron.database_name', true) as home`)
    if (!rows[0].home) return [null, "pg_cron is not in the server's shared_preload_libraries"]
    if (rows[0].home !== found.database) return [null, `pg_cron runs for the database "${rows[0].home}" only`]
    return [found.cron, '']
  } catch {
    const { rowCount } = await admin.query(`select from pg_extension where extname = 'pg_cron'`)
    return rowCount ? [found.cron, ''] : [null, 'pg_cron is not enabled in this database']
  }
}
