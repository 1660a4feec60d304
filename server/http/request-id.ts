/**
 * A name for every request: in its answer (X-Request-Id), in the log lines about it, and in what a person sends to the
 * operator when something failed. A caller's own id is taken over when it is harmless, so that ids can be followed
 * through a proxy.
 */
import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'

declare module 'express-serve-static-core' {
  interface Request {
    id: string
  }
}

export const requestId: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id']
  request.id = typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID()
  response.setHeader('X-Request-Id', request.id)
  next()
}
