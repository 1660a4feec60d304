/**
 * What a demo does to the server, as any program could: upload, GraphQL, events. Used by the stories beside it. Its token is made
 * from the machine (as npm run token does), lives for a day, and is revoked at the end.
 */
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces, reachedOverTcp } from '../../server/auth/workspaces.ts'
import { openDb } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { fromServer } from '../listen/server.ts'

export type Client = Awaited<ReturnType<typeof openClient>>

export async function openClient(env: NodeJS.ProcessEnv) {
  const { DATABASE_URL: databaseUrl = '', TIDEMARK_SECRET: secret = '', TIDEMARK_URL: url = '' } = env
  const db = openDb({ databaseUrl, secret, poolSize: 1 }, makeLog('silent'))
  const workspaces = makeWorkspaces({ owner: db.owner, secret, overTcp: reachedOverTcp(databaseUrl) })
  const token = await createToken({ owner: db.owner, workspaces }, { name: 'demo', days: 1 })
  const authorization = `Bearer ${token}`
  const began = Date.now()
  const stopping = new AbortController()

  async function graphql<T = any>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const reply = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await reply.json()) as { data: T; errors?: { message: string; extensions?: Record<string, string> }[] }
    if (errors)
      throw Object.assign(new Error([errors[0]!.message, errors[0]!.extensions?.hint].filter(Boolean).join('. ')), errors[0]!.extensions)
    return data
  }

  return {
    url,
    owner: db.owner,
    graphql,
    say: (text: string) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`),
    async upload(table: string, name: string, content: string | Uint8Array, options: Record<string, string> = {}) {
      const form = new FormData()
      for (const [option, value] of Object.entries({ table, ...options })) form.append(option, value)
      form.append('file', new Blob([content as BlobPart], { type: 'text/csv' }), name)
      const reply = await fetch(`${url}/upload-file`, { method: 'POST', headers: { authorization }, body: form })
      const body = (await reply.json()) as any
      if (!reply.ok) throw new Error(`${name}: ${body.message}. ${body.hint ?? ''}`)
      return body as { table: string; rows: number; columns: { name: string; type: string }[]; duration_ms: number }
    },
    /** What an earlier run has left. */
    async clear(table: string, view: string) {
      await graphql(`mutation ($name: String!) { dropMatview(input: { name: $name }) { clientMutationId } }`, { name: view }).catch(
        (error) => {
          if (error.code !== 'TMNOF') throw error
        },
      )
      await db.asWorkspace('main', (own) => own.query(`drop table if exists ws_main.${table}`))
    },
    events: (matview: string, after: string | null = null) =>
      fromServer(url, token, {
        after,
        workspace: null,
        matview,
        changes: true,
        signal: stopping.signal,
        note: (text) => console.error(text),
      }),
    async close() {
      stopping.abort()
      await db.owner.query('delete from app_public.api_tokens where prefix = $1', [token.split('_')[1]]).catch(() => {})
      await db.close()
    },
  }
}
