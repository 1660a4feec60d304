/**
 * The settings of a server process: the only reader of process.env.
 *
 * Called by main.ts and the scripts. Everything else takes a Config as an argument, so that a test can start
 * several servers with different settings in one process. `.env` is read by the launcher, not here.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'

export interface Config {
  /** Where the database is. Only its address is used: the server logs in as the app_* roles, never as this URL's user. */
  databaseUrl: string
  /** The same database behind a transaction pooler, for short transactions; null: they go straight there as well (server/db.ts). */
  poolUrl: string | null
  /** Derives the passwords of the database roles where they are reached over TCP (server/db.ts). */
  secret: string
  host: string
  port: number
  /** Where strangers reach the server, e.g. https://live.example.org; null: http://localhost:<port>. Decides about cookies. */
  publicUrl: string | null
  /** The built web app. */
  webRoot: string
  /** Runs jobs (webhooks, upkeep) and the ticker in this process. */
  worker: boolean
  /** Connections of the API's pool. */
  poolSize: number
  /** Largest upload in bytes after decompression; null: only the workspace's quota counts. */
  maxUploadBytes: number | null
  /** Webhooks may reach private addresses. */
  allowPrivateWebhooks: boolean
  /** People's SQL also on a PostgreSQL with known holes. */
  allowUnpatchedPostgres: boolean
  /** GET /metrics from elsewhere than this machine needs it as a bearer token; null: from nowhere else. */
  metricsToken: string | null
  /** A refresh that takes so long is warned of. */
  slowRefreshMs: number
  /** Hosts whose pictures a cell may show (columns formatted as images); host or *.host, with a port or without. */
  imageHosts: string[]
  logLevel: string
}

/** Who looks at a setting: a server process, the commands around it, docker compose, or only who develops. */
type By = 'server' | 'npm start' | 'docker compose' | 'development'

/**
 * Every setting there is, for people: docs/settings.md is made of it, and .env.example names those that an operator sets.
 * Those by `server` are read below and nowhere else.
 */
export const SETTINGS: Record<string, { by: By; standard: string; what: string }> = {
  PUBLIC_URL: {
    by: 'server',
    standard: 'http://localhost:PORT',
    what: 'Where strangers reach the server; decides about links and cookies. With it, the X-Forwarded-For of the one proxy before it is believed.',
  },
  PORT: { by: 'server', standard: '5000', what: 'The port of the server. npm start takes the next free one when it is not set.' },
  HOST: { by: 'server', standard: '127.0.0.1', what: 'The address that it listens on; 0.0.0.0 for all.' },
  DATABASE_URL: {
    by: 'server',
    standard: 'a PostgreSQL of its own',
    what: 'A PostgreSQL of yours (14 or newer), as a superuser, for the migrations; who may only create roles and schemas gets no views (OPERATIONS.md). The server uses its address alone and logs in as roles of its own. Special characters of the password percent-encoded.',
  },
  DATABASE_POOL_URL: {
    by: 'server',
    standard: 'DATABASE_URL',
    what: 'The same database behind a pooler in transaction mode (PgBouncer), for short transactions. What must keep its connection (LISTEN, elections, the worker, people’s SQL) goes to DATABASE_URL all the same.',
  },
  TIDEMARK_SECRET: {
    by: 'server',
    standard: 'made once, kept in the folder of data',
    what: 'Derives the passwords of the database roles. Servers that share a database share it. openssl rand -hex 32',
  },
  WORKER: { by: 'server', standard: '1', what: '0: a process for the web only, without webhooks, upkeep and the ticker.' },
  POOL_SIZE: { by: 'server', standard: '20', what: "Connections of the API's pool, per process." },
  MAX_UPLOAD_BYTES: {
    by: 'server',
    standard: 'none',
    what: "Largest upload in bytes, after decompression. Without it only the workspace's quota counts.",
  },
  ALLOW_PRIVATE_WEBHOOKS: { by: 'server', standard: '0', what: '1: webhooks may reach private addresses.' },
  ALLOW_UNPATCHED_POSTGRES: {
    by: 'server',
    standard: '0',
    what: "1: people's SQL also on a PostgreSQL with known holes (SECURITY.md). For who alone uses their server.",
  },
  TIDEMARK_METRICS_TOKEN: {
    by: 'server',
    standard: 'none',
    what: 'Lets a Prometheus on another machine read /metrics, as a bearer token (docs/metrics.md). Without it only this machine may.',
  },
  SLOW_REFRESH_MS: { by: 'server', standard: '10000', what: 'A refresh that takes so long is warned of in the log.' },
  TIDEMARK_IMAGE_HOSTS: {
    by: 'server',
    standard: 'none',
    what: "Hosts whose pictures columns formatted as images may show, by https: images.example.org, *.cdn.example.org. Every viewer's browser asks them, so name those only that may know who looks.",
  },
  LOG_LEVEL: { by: 'server', standard: 'info', what: 'trace, debug, info, warn, error or silent.' },
  WEB_ROOT: { by: 'server', standard: 'web/dist', what: 'The built web app.' },
  TIDEMARK_DATA: { by: 'npm start', standard: './.data', what: 'The folder of data: the private PostgreSQL, its packages, the secret.' },
  POSTGRES_PASSWORD: { by: 'docker compose', standard: 'none, needed', what: "The database's superuser. openssl rand -hex 24" },
  TIDEMARK_NO_SYSTEM_POSTGRES: { by: 'development', standard: '0', what: '1: as if the system had no PostgreSQL.' },
  TIDEMARK_NO_APT: { by: 'development', standard: '0', what: "1: as if there were no Debian packages; npm's PostgreSQL is fetched." },
  TEST_LOG: { by: 'development', standard: 'silent', what: 'LOG_LEVEL of the servers under test.' },
  CHROMIUM: { by: 'development', standard: '/usr/bin/chromium', what: 'The browser of the tests and of the pictures.' },
}

/** @throws Error with one sentence for the operator when a setting cannot be read. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  if (!env.DATABASE_URL) throw new Error('DATABASE_URL is not set: run `npm start`, which finds or makes a database and sets it.')
  return {
    databaseUrl: env.DATABASE_URL,
    poolUrl: env.DATABASE_POOL_URL || null,
    secret: env.TIDEMARK_SECRET ?? randomBytes(32).toString('hex'),
    host: env.HOST ?? '127.0.0.1',
    port: integer(env, 'PORT', 5000),
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    webRoot: env.WEB_ROOT ?? path.join(import.meta.dirname, '../web/dist'),
    worker: env.WORKER !== '0',
    poolSize: integer(env, 'POOL_SIZE', 20),
    maxUploadBytes: env.MAX_UPLOAD_BYTES ? integer(env, 'MAX_UPLOAD_BYTES', 0) : null,
    allowPrivateWebhooks: env.ALLOW_PRIVATE_WEBHOOKS === '1',
    allowUnpatchedPostgres: env.ALLOW_UNPATCHED_POSTGRES === '1',
    metricsToken: env.TIDEMARK_METRICS_TOKEN || null,
    slowRefreshMs: integer(env, 'SLOW_REFRESH_MS', 10_000),
    imageHosts: hosts(env, 'TIDEMARK_IMAGE_HOSTS'),
    logLevel: env.LOG_LEVEL ?? 'info',
  }
}

function integer(env: NodeJS.ProcessEnv, name: string, standard: number): number {
  const text = env[name]
  if (text === undefined || text === '') return standard
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}".`)
  return Number(text)
}

/** They end up in a header: nothing but hosts may stand there. */
function hosts(env: NodeJS.ProcessEnv, name: string): string[] {
  const all = (env[name] ?? '').split(/[\s,]+/).filter(Boolean)
  const odd = all.find((host) => !/^(\*\.)?([a-z0-9-]+\.)*[a-z0-9-]+(:\d{1,5})?$/i.test(host))
  if (odd) throw new Error(`${name} must be a list of hosts like images.example.org or *.example.org, not "${odd}".`)
  return all.map((host) => host.toLowerCase())
}
