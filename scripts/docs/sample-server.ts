/**
 * A server for as long as something about it is written down, with a token of its own. Called by api.ts and pictures.ts.
 */
import type { Pool } from 'pg'
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { readConfig } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'

export interface SampleServer {
  url: string
  /** As app_owner. */
  owner: Pool
  /** A request as an owner of workspace main; its JSON. @throws on any error */
  ask(to: string, init?: RequestInit): Promise<any>
  graphql(query: string, variables?: Record<string, unknown>): Promise<any>
}

/** @param options.worker with ticker and jobs */
export async function withServer<T>(
  { databaseUrl, secret, worker = false }: { databaseUrl: string; secret: string; worker?: boolean },
  work: (server: SampleServer) => Promise<T>,
): Promise<T> {
  const config = {
    ...readConfig({
      DATABASE_URL: databaseUrl,
      TIDEMARK_SECRET: secret,
      PORT: '0',
      WORKER: worker ? '1' : '0',
      ALLOW_UNPATCHED_POSTGRES: '1',
    }),
    logLevel: 'silent',
  }
  const server = await startServer(config, makeLog('silent'))
  try {
    const { owner } = server.db
    const token = await createToken({ owner, workspaces: makeWorkspaces({ owner, secret, overTcp: false }) })
    const ask: SampleServer['ask'] = async (to, init = {}) => {
      const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` }
      const reply = await fetch(`${server.url}${to}`, { ...init, headers })
      const body = (await reply.json()) as any
      if (!reply.ok || body.errors) throw new Error(`${to}: ${JSON.stringify(body.errors ?? body)}`)
      return body
    }
    return await work({
      url: server.url,
      owner,
      ask,
      graphql: async (query, variables = {}) =>
        (
          await ask('/graphql', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query, variables }),
          })
        ).data,
    })
  } finally {
    await server.close()
  }
}
