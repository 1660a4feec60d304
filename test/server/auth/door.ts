/**
 * The door alone on a real database: auth/ behind a bare express, and a client that keeps cookies as a browser does. Used
 * by the tests of this folder and of test/security.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { makeAuth } from '../../../server/auth/auth.ts'
import { createSetupLink } from '../../../server/auth/links.ts'
import { type Config, readConfig } from '../../../server/config.ts'
import { openDb } from '../../../server/db.ts'
import { answerErrors } from '../../../server/http/error-handler.ts'
import { securityHeaders } from '../../../server/http/headers.ts'
import { requestId } from '../../../server/http/request-id.ts'
import { makeLog } from '../../../server/log.ts'
import { createTestDatabase } from '../../support/database.ts'

export interface Reply {
  status: number
  headers: Headers
  json: any
  text: string
}

export type Door = Awaited<ReturnType<typeof openDoor>>

export const PASSWORD = 'correct horse battery staple'

export async function openDoor({ publicUrl = null }: { publicUrl?: string | null } = {}) {
  const database = await createTestDatabase()
  const config: Config = { ...readConfig({ DATABASE_URL: database.url, TIDEMARK_SECRET: database.secret }), publicUrl, poolSize: 4 }
  const log = makeLog(process.env.TEST_LOG ?? 'silent')
  const db = openDb(config, log)
  const links: { email: string; url: string }[] = []
  // What the one LISTEN connection would say, said by hand.
  let say: (() => void) | undefined
  const listener = {
    subscribe: () => ({
      next: () => new Promise<IteratorResult<unknown>>((resolve) => (say = () => resolve({ done: false, value: {} }))),
      return: async () => ({ done: true as const, value: undefined }),
      [Symbol.asyncIterator]() {
        return this
      },
    }),
    onReconnect: () => () => {},
  }
  const auth = makeAuth({ db, config, log, listener, deliver: (link) => void links.push(link) })
  const app = express()
  app.set('query parser', 'simple')
  app.use(requestId, securityHeaders({ publicUrl }), auth.routes)
  app.get('/who', async (request, response) => void response.json(await auth.identify(request)))
  app.post('/who', async (request, response) => void response.json(await auth.identify(request)))
  app.use(answerErrors(log))
  const server = http.createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  /** A client with a cookie jar of its own. `origin` is what a browser would send with unsafe methods. */
  function visitor(origin: string | null = url) {
    let cookie = ''
    async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
      const form = body instanceof URLSearchParams
      const reply = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(cookie ? { cookie } : {}),
          ...(origin && method !== 'GET' ? { origin } : {}),
          ...(body === undefined || form ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
      })
      for (const line of reply.headers.getSetCookie()) cookie = line.slice(0, line.indexOf(';')).replace(/=$/, '=gone')
      const text = await reply.text()
      return {
        status: reply.status,
        headers: reply.headers,
        text,
        json: reply.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null,
      }
    }
    return {
      send,
      get: (path: string, headers?: Record<string, string>) => send('GET', path, undefined, headers),
      post: (path: string, body: unknown = {}, headers?: Record<string, string>) => send('POST', path, body, headers),
      signIn: (email: string, password = PASSWORD) => send('POST', '/auth/login', { email, password }),
      get cookie() {
        return cookie
      },
      set cookie(text: string) {
        cookie = text
      },
    }
  }

  let first: Promise<ReturnType<typeof visitor>> | undefined
  return {
    url,
    db,
    database,
    auth,
    links,
    visitor,
    sayAccessChanged: () => say?.(),
    setupToken: async () => new URL((await createSetupLink(db.owner, url)) ?? 'http://none').searchParams.get('token'),
    /** The owner of main; made once. */
    owner: () =>
      (first ??= (async () => {
        const token = new URL((await createSetupLink(db.owner, url))!).searchParams.get('token')
        const one = visitor()
        await one.post('/setup', { token, email: 'owner@example.org', name: 'Olga Owner', password: PASSWORD })
        return one
      })()),
    /** Somebody with an account who is a member of `workspace`, signed in. */
    async member(email: string, role: string, workspace = 'main') {
      await this.owner()
      const { rows } = await db.owner.query('insert into app_public.accounts (email, name) values ($1, $1) returning id', [email])
      await db.owner.query(
        'insert into app_private.account_secrets (account_id, password_hash) select $1, password_hash from app_private.account_secrets limit 1',
        [rows[0].id],
      )
      if (workspace)
        await db.owner.query('insert into app_public.members (workspace, account_id, role) values ($1, $2, $3)', [
          workspace,
          rows[0].id,
          role,
        ])
      const one = visitor()
      await one.signIn(email)
      return Object.assign(one, { accountId: rows[0].id as string })
    },
    /** SQL as this visitor would run it through the API. */
    async as(one: { cookie: string }, sql: string, values: unknown[] = [], headers: Record<string, string> = {}) {
      const caller = await auth.identify({ headers: { cookie: one.cookie, ...headers } })
      return db.asCaller(caller, async (client) => (await client.query(sql, values)).rows)
    },
    async close() {
      auth.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await db.close()
      await database.drop()
    },
  }
}
