/**
 * /rest/<relation>, /rest/rpc/<function> and /rest/: PostgREST's conventions over the caller's workspace. Mounted by app.ts.
 *
 * The way of a request: who asks -> the catalog of that role -> the query string as a Query -> one SQL text and its values
 * -> PostgreSQL's own json or csv, passed on as it is.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Router } from 'express'
import type { Identify } from '../auth/caller.ts'
import type { Catalogs } from '../catalog/catalogs.ts'
import type { Catalog } from '../catalog/read.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { fromRelation } from './build-read.ts'
import { RestError, toRestAnswer } from './errors.ts'
import { openapi } from './openapi.ts'
import { parseQuery } from './parse-query.ts'
import { readPayload } from './payload.ts'
import { chooseMedia, type Media, parsePreferences, parseRange } from './preferences.ts'
import { type Context, PAGE, read } from './read.ts'
import { call } from './rpc.ts'
import { type Method, write } from './write.ts'

export interface RestDependencies {
  db: Db
  identify: Identify
  catalogs: Catalogs
  log: Log
}

type Request = IncomingMessage & { id?: string }

const READS = ['GET', 'HEAD']
const WRITES = ['POST', 'PATCH', 'PUT', 'DELETE']

export function restRoute(deps: RestDependencies): Router {
  return Router().use('/rest', (request, response) => {
    const place = placeOf(request.url)
    respond(deps, request, response, place).catch((error) => fail(deps.log, request, response, place.name, error))
  })
}

interface Place {
  kind: 'root' | 'relation' | 'function' | 'nowhere'
  name: string
  search: string
}

/** The name is taken from the path undecoded by anybody else: it may hold slashes, percent signs and every alphabet. */
function placeOf(url: string): Place {
  const [path, search = ''] = splitOnce(url, '?')
  const parts = path.replace(/^\/+|\/+$/g, '').split('/')
  let names: string[]
  try {
    names = parts.map(decodeURIComponent)
  } catch {
    return { kind: 'nowhere', name: '', search }
  }
  if (names.length === 1) return { kind: names[0] === '' ? 'root' : 'relation', name: names[0]!, search }
  if (names.length === 2 && names[0] === 'rpc') return { kind: 'function', name: names[1]!, search }
  return { kind: 'nowhere', name: '', search }
}

async function respond(
  { db, identify, catalogs }: RestDependencies,
  request: Request,
  response: ServerResponse,
  place: Place,
): Promise<void> {
  const { headers } = request
  const method = request.method ?? 'GET'
  response.setHeader('Cache-Control', 'no-store')
  if (method === 'OPTIONS') {
    response.setHeader('Allow', [...READS, ...WRITES, 'OPTIONS'].join(', '))
    return void response.end()
  }
  // Without the address: ?workspace= may be a filter here.
  const asked = { headers, method }
  const caller = await identify(asked)
  const catalog = await catalogs.get(caller)
  if (place.kind === 'root') return root(method, headers.accept, response, catalog)
  if (place.kind === 'nowhere')
    throw new RestError('PGRST125', 'Invalid path specified in request URL', { hint: '/rest/<relation>, /rest/rpc/<function>, /rest/' })

  const head = method === 'HEAD'
  const isRead = READS.includes(method)
  const pairs = [...new URLSearchParams(place.search)]
  const relation = place.kind === 'relation' ? catalog.relations.get(place.name) : undefined
  if (place.kind === 'relation' && !relation)
    throw new RestError('PGRST205', `Could not find the relation '${place.name.slice(0, 200)}' in the schema cache`, {
      hint: 'Check the name and the workspace.',
    })
  const context: Context = {
    db,
    caller,
    catalog,
    media: chooseMedia(headers.accept),
    preferences: parsePreferences(headers.prefer),
    response,
    head,
  }

  if (!relation) {
    if (!isRead && method !== 'POST') throw new RestError('PGRST117', `Cannot use the ${method} method on RPC`)
    return call(context, place.name, pairs, isRead ? null : await readPayload(request))
  }
  const parsed = parseQuery(pairs, (name) => relation.columns.has(name))
  if (isRead) return read(context, () => fromRelation(relation), { ...parsed.query, ...pageOf(request, parsed, context.media) })
  if (!WRITES.includes(method)) throw new RestError('PGRST117', `Unsupported HTTP method: ${method.slice(0, 20)}`)
  return write(context, method as Method, relation, parsed, method === 'DELETE' ? null : await readPayload(request))
}

/** limit and offset go before Range; where nothing is said json has a page and csv is whole. */
function pageOf(request: Request, { query, limited }: ReturnType<typeof parseQuery>, { kind }: Media) {
  const { limit, offset } = query
  const range = !limited && offset === 0 ? parseRange(request.headers) : null
  if (range) return range
  return { offset, limit: limit ?? (kind === 'csv' ? null : PAGE) }
}

function root(method: string, accept: string | undefined, response: ServerResponse, catalog: Catalog): void {
  if (!READS.includes(method)) throw new RestError('PGRST117', `Unsupported HTTP method: ${method.slice(0, 20)}`)
  response.setHeader(
    'Content-Type',
    `${/application\/openapi\+json/.test(accept ?? '') ? 'application/openapi+json' : 'application/json'}; charset=utf-8`,
  )
  response.end(method === 'HEAD' ? undefined : JSON.stringify(openapi(catalog)))
}

function fail(log: Log, request: Request, response: ServerResponse, name: string, error: any): void {
  const { status, body, internal } = toRestAnswer(error, name || null)
  if (response.headersSent || response.destroyed) {
    // What has begun to flow cannot become an error: the client sees a transfer that breaks off.
    if (!response.writableFinished) response.destroy()
    return log.warn({ id: request.id, error: error?.message }, 'a read was broken off')
  }
  if (internal)
    log.error(
      {
        id: request.id,
        method: request.method,
        path: request.url,
        error: { code: error?.code, message: error?.message, stack: error?.stack },
      },
      'a REST request failed',
    )
  for (const name of ['Content-Range', 'Preference-Applied']) response.removeHeader(name)
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  if (status === 405) response.setHeader('Allow', [...READS, ...WRITES].join(', '))
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(internal ? { ...body, request_id: request.id } : body))
}

function splitOnce(text: string, sign: string): [string, string?] {
  const at = text.indexOf(sign)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
