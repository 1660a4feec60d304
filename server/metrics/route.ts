/**
 * GET /metrics in Prometheus' text format, and the clock of every request. Mounted by app.ts; writes nothing.
 *
 * Who may read: whoever is on this machine and comes without a proxy, and who sends TIDEMARK_METRICS_TOKEN as a bearer token. For
 * everybody else it is not there.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Request, type RequestHandler, Router } from 'express'
import { AppError } from '../errors.ts'
import type { Metrics } from './metrics.ts'

export function metricsRoute({ metrics, token }: { metrics: Pick<Metrics, 'registry'>; token: string | null }): Router {
  return Router().get('/metrics', async (request, response) => {
    if (!mayRead(request, token)) {
      if (token === null) throw new AppError('TMNOF')
      throw new AppError('TMAUT', 'The metrics need the token of TIDEMARK_METRICS_TOKEN')
    }
    response
      .set('Cache-Control', 'no-store')
      .type(metrics.registry.contentType)
      .send(await metrics.registry.metrics())
  })
}

function mayRead(request: Request, token: string | null): boolean {
  const { authorization = '' } = request.headers
  if (token !== null && same(authorization, `Bearer ${token}`)) return true
  // What a proxy on this machine hands on comes from here too, but not from the operator.
  const proxied = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'].some((name) => request.headers[name] !== undefined)
  return !proxied && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '')
}

/** In a time that does not tell how much of it was right. */
function same(given: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(right))
}

const CLASSES: [RegExp, string][] = [
  [/^\/upload-file$/, 'upload'],
  [/^\/export\//, 'export'],
  [/^\/graphql$/, 'graphql'],
  [/^\/graphiql/, 'graphiql'],
  [/^\/rest(\/|$)/, 'rest'],
  [/^\/events(\/|$)/, 'events'],
  [/^\/(auth|login|setup|sign-in|invite)(\/|$)/, 'auth'],
  [/^\/healthz$/, 'health'],
  [/^\/metrics$/, 'metrics'],
]
/** A few words for all addresses there are: people's table names are no labels. */
export const routeClass = (path: string): string => CLASSES.find(([pattern]) => pattern.test(path))?.[1] ?? 'web'

export function clockRequests(observe: Metrics['request']): RequestHandler {
  return (request, response, next) => {
    const began = performance.now()
    const { path } = request // routers cut it while they work
    response.once('close', () => {
      // A stream lasts as long as its reader stays; 499, as nginx has it: the client went away before there was an answer.
      if (path === '/events' && response.statusCode === 200) return
      observe(routeClass(path), response.headersSent ? response.statusCode : 499, (performance.now() - began) / 1000)
    })
    next()
  }
}
