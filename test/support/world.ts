/**
 * A whole running server on a database of its own: what a story stands on. Called in beforeAll; close() in afterAll.
 */
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import type { MemberRole } from '../../server/auth/caller.ts'
import type { Config } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { type RunningServer, startServer } from '../../server/server.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export interface World {
  db: TestDatabase
  server: RunningServer
  url: string
  config: Config
  /** A token of workspace main (or another) as owner, editor or reader. */
  token(options?: { workspace?: string; role?: MemberRole }): Promise<string>
  /** A GraphQL operation; the data, or an error with `code` and the other fields of the body. */
  graphql<T = any>(query: string, variables?: Record<string, unknown>, token?: string): Promise<T>
  /** A file by POST /upload-file as raw body. */
  upload(name: string, body: string | Uint8Array, options?: Record<string, string>, token?: string): Promise<{ status: number; body: any }>
  /** Another server process' worth on the same database. */
  another(settings?: Partial<Config>): Promise<RunningServer>
  close(): Promise<void>
}

export async function startWorld({ cron = false, ...settings }: Partial<Config> & { cron?: boolean } = {}): Promise<World> {
  const db = await createTestDatabase({ cron })
  const config: Config = {
    databaseUrl: db.url,
    poolUrl: null,
    secret: db.secret,
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
    webRoot: new URL('../../web/dist', import.meta.url).pathname,
    worker: true,
    poolSize: 10,
    maxUploadBytes: null,
    allowPrivateWebhooks: true,
    imageHosts: [],
    allowUnpatchedPostgres: process.env.ALLOW_UNPATCHED_POSTGRES === '1', // to try the suite on another PostgreSQL
    metricsToken: null,
    slowRefreshMs: 10_000,
    logLevel: process.env.TEST_LOG ?? 'silent',
    ...settings,
  }
  const servers: RunningServer[] = []
  const start = async (more: Partial<Config> = {}) => {
    const server = await startServer({ ...config, ...more }, makeLog(config.logLevel))
    servers.push(server)
    return server
  }
  const server = await start().catch(async (error) => {
    await db.drop()
    throw error
  })
  const token = ({ workspace = 'main', role = 'owner' }: { workspace?: string; role?: MemberRole } = {}) =>
    createToken(
      { owner: server.db.owner, workspaces: makeWorkspaces({ owner: server.db.owner, secret: config.secret, overTcp: false }) },
      { workspace, role },
    )
  const owner = await token()

  return {
    db,
    server,
    url: server.url,
    config,
    token,
    async graphql(query, variables = {}, bearer = owner) {
      const reply = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await reply.json()) as any
      if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions, { errors })
      return data
    },
    async upload(name, body, options = {}, bearer = owner) {
      const reply = await fetch(`${server.url}/upload-file?${new URLSearchParams({ table: name, ...options })}`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv', authorization: `Bearer ${bearer}` },
        body: body as BodyInit,
      })
      return { status: reply.status, body: await reply.json() }
    },
    another: start,
    async close() {
      await Promise.all(servers.map((one) => one.close()))
      await db.drop()
    },
  }
}
