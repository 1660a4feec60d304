/**
 * The order of middleware, as a list: read it from top to bottom. Made by server.ts, which hands in the parts.
 */
import express, { type Express, type Router } from 'express'
import type { Identify } from './auth/caller.ts'
import type { Sockets } from './auth/sockets.ts'
import type { Config } from './config.ts'
import type { Db } from './db.ts'
import type { Listener } from './events/listener.ts'
import { answerErrors, notFound } from './http/error-handler.ts'
import { securityHeaders } from './http/headers.ts'
import { healthRoute } from './http/health.ts'
import { logRequests, requestId } from './http/request-id.ts'
import { webFiles } from './http/web-files.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics/metrics.ts'
import { clockRequests, metricsRoute } from './metrics/route.ts'

export interface Parts {
  config: Config
  log: Log
  db: Db
  listener: Listener
  identify: Identify
  sockets: Sockets
  auth: Router
  graphql: Router
  rest: Router
  events: Router
  /** Streams its own bodies: nothing that parses bodies may come before it. */
  uploads: Router
  metrics: Metrics
  tickerElected: () => boolean
  workerAlive: () => boolean | null
}

export function makeApp(parts: Parts): Express {
  const { config, log, db, listener, auth, graphql, rest, events, uploads, metrics, tickerElected, workerAlive } = parts
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.publicUrl ? 1 : false)
  app.set('query parser', 'simple')

  app.use(requestId)
  app.use(logRequests(log))
  app.use(clockRequests(metrics.request))
  app.use(securityHeaders({ publicUrl: config.publicUrl, imageHosts: config.imageHosts }))
  app.use(healthRoute({ owner: db.owner, listening: () => listener.alive(), tickerElected, workerAlive }))
  app.use(metricsRoute({ metrics, token: config.metricsToken }))
  app.use(auth)
  app.use(uploads)
  app.use(graphql)
  app.use(rest)
  app.use(events)
  app.use(webFiles(config.webRoot, config.imageHosts))
  app.use(notFound)
  app.use(answerErrors(log))
  return app
}
