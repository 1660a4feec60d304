/**
 * The database of a start: the one in DATABASE_URL, or a cluster of our own. Called by start.mjs and dev.mjs.
 */
import net from 'node:net'
import { startCluster } from '../postgres/cluster.mjs'
import { Problem } from '../postgres/problem.mjs'
import { findPrograms } from '../postgres/programs.mjs'
import { linkSocket } from './state.mjs'

/**
 * @returns {Promise<{ adminUrl: string, serverUrl: string, cluster: object | null }>}
 *   `adminUrl` is for migrations only; `serverUrl` is the same address without a user's password
 */
export async function openDatabase(place, say, env = process.env) {
  if (env.DATABASE_URL) {
    const url = await reachable(env.DATABASE_URL)
    say(`database: ${url.pathname.slice(1)} on ${url.host || url.searchParams.get('host')}, since DATABASE_URL is set`)
    return { adminUrl: env.DATABASE_URL, serverUrl: withoutUser(url), cluster: null }
  }
  const programs = await findPrograms(place, say, env)
  say(
    `database: PostgreSQL ${programs.version}${programs.cron ? ' with pg_cron' : ', schedules run by the ticker'}, from ${programs.from} (DATABASE_URL is not set; ${programs.why})`,
  )
  const cluster = await startCluster(place, programs, { say, port: Number(env.TIDEMARK_DB_PORT) || undefined })
  linkSocket(place, cluster)
  say(`PostgreSQL is up: port ${cluster.port}, data in ${place.pg}`)
  return { adminUrl: cluster.url('postgres'), serverUrl: cluster.url('app_authenticator'), cluster }
}

/** What can be known without a driver, before minutes go into an installation: the form, the host, an open port. */
async function reachable(text) {
  let url
  try {
    url = new URL(text)
  } catch {
    throw new Problem(
      'DATABASE_URL cannot be read.',
      'write it as postgres://user:password@host:5432/database, with special characters of the password percent-encoded.',
    )
  }
  if (!/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2)
    throw new Problem(
      'DATABASE_URL is not the address of a PostgreSQL database.',
      'write it as postgres://user:password@host:5432/database; without it Tidemark brings its own.',
    )
  if (!url.hostname) return url // a socket: the driver will say
  const failure = await new Promise((resolve) => {
    const socket = net.connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 5432, timeout: 10_000 })
    socket
      .once('connect', () => resolve(null))
      .once('error', resolve)
      .once('timeout', () => resolve(new Error('no answer within 10 seconds')))
    socket.once('connect', () => socket.destroy()).once('timeout', () => socket.destroy())
  })
  if (failure)
    throw new Problem(
      `no PostgreSQL answers at ${url.hostname}:${url.port || 5432}, the address in DATABASE_URL (${failure.code ?? failure.message}).`,
      'start it, or correct DATABASE_URL; without DATABASE_URL Tidemark brings its own.',
    )
  return url
}

/** The server logs in as roles of its own (server/db.ts): it need not know the admin. */
function withoutUser(url) {
  const bare = new URL(url)
  if (bare.hostname) bare.username = bare.password = ''
  else bare.searchParams.set('user', 'app_authenticator')
  return bare.href
}
