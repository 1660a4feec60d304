/**
 * A name for every request: in its answer (X-Request-Id), in the log lines about it, and in what a person sends to the
 * operator when something failed. A caller's own id is taken over when it is harmless, so that ids can be followed
 * through a proxy. A line per request leaves out its query, and the secrets that some paths are.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { inRequest, type Log } from '../log.ts'

declare module 'express-serve-static-core' {
  interface Request {
    id: string
  }
}

/** Also of the request that becomes a websocket. */
export function idFor({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID()
}

export const requestId: RequestHandler = (request, response, next) => {
  request.id = idFor(request)
  response.setHeader('X-Request-Id', request.id)
  inRequest(request.id, next)
}

/** A line for every request, when the log's level is debug. */
export function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    if (!log.isLevelEnabled('debug')) return next()
    const began = performance.now()
    const { method, path } = request
    const secret = /^\/(sign-in|invite|setup)\//.exec(path)
    response.once('close', () => {
      const ms = Math.round(performance.now() - began)
      log.debug({ method, path: secret ? `${secret[0]}…` : path.slice(0, 200), status: response.statusCode, ms }, 'request')
    })
    next()
  }
}
