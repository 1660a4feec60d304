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
  logLevel: string
}

/** @throws Error with one sentence for the operator when a setting cannot be read. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  if (!env.DATABASE_URL) throw new Error('DATABASE_URL is not set: run `npm start`, which finds or makes a database and sets it.')
  return {
    databaseUrl: env.DATABASE_URL,
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
    logLevel: env.LOG_LEVEL ?? 'info',
  }
}

function integer(env: NodeJS.ProcessEnv, name: string, standard: number): number {
  const text = env[name]
  if (text === undefined || text === '') return standard
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}".`)
  return Number(text)
}
