/**
 * One running server: makes every part once, hands each what it needs, and ends them in the opposite order. Called by
 * main.ts and by the tests, which start several in one process.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeApp } from './app.ts'
import { makeAuth } from './auth/auth.ts'
import { makeCatalogs } from './catalog/catalogs.ts'
import type { Config } from './config.ts'
import { type Db, openDb } from './db.ts'
import { makeFollower } from './events/follow.ts'
import { makeHub } from './events/hub.ts'
import { makeListener } from './events/listener.ts'
import { eventsRoute } from './events/sse.ts'
import { makeGraphql } from './graphql/graphql.ts'
import { bootCheck } from './http/boot-check.ts'
import { setTimers } from './http/idle.ts'
import { startLive } from './live/live.ts'
import type { Log } from './log.ts'
import { createChecked } from './matviews/define.ts'
import { makeMatviews } from './matviews/matviews.ts'
import { startTicker } from './matviews/ticker.ts'
import { databaseMetrics } from './metrics/database.ts'
import { makeMetrics } from './metrics/metrics.ts'
import { followRuns } from './metrics/runs.ts'
import { makeTables } from './tables/tables.ts'
import { restRoute } from './rest/route.ts'
import { uploadRoute } from './upload/route.ts'
import { startWorker } from './webhooks/worker.ts'

export interface RunningServer {
  live: ReturnType<typeof startLive>
  events: { waiting(): number }
  url: string
  port: number
  db: Db
  /** What the operator should be told at once; null: nothing. */
  advice: string | null
  close(): Promise<void>
}

/** @throws when the database does not answer or the port is taken. */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  const db = openDb(config, log)
  const metrics = makeMetrics()
  const listener = makeListener(db.login('app_authenticator'), log)
  await db.owner.query('select app_private.roll_partitions()')
  await listener.ready

  const { allowed, advice } = await bootCheck({ owner: db.owner, allowUnpatched: config.allowUnpatchedPostgres, log })
  const auth = makeAuth({ db, config, log, listener })
  await auth.mend()
  const { identify, sockets } = auth
  const matviews = makeMatviews({ db, allowed })
  const tables = makeTables({ db, createChecked })
  const live = startLive({ db, listener, log })
  const hub = makeHub({ db, listener, log, announced: metrics.announced })
  const marks = makeFollower({ db, hub, log })
  const graphql = makeGraphql({ db, listener, identify, sockets, matviews, tables, marks, live, log })
  graphql.warm().catch((error: Error) => log.warn({ error: error.message }, 'the APIs in use are not built ahead'))
  const events = eventsRoute({ db, hub, identify, sockets, log })
  const catalogs = makeCatalogs({ owner: db.owner, listener })
  const rest = restRoute({ db, identify, catalogs, log })
  const ticker = config.worker ? startTicker({ db, log }) : null
  const worker = config.worker
    ? await startWorker({ db, listener, log, allowPrivate: config.allowPrivateWebhooks, delivered: metrics.delivered })
    : null

  databaseMetrics(metrics.registry, db.owner)
  metrics.look({
    pools: { api: db.api, owner: db.owner },
    live() {
      const { entries, subscribers, ...rest } = live.stats()
      return { ...rest, queries: entries, clients: subscribers }
    },
    streams: hub.size,
    sockets: graphql.connections,
    listening: listener.alive,
    leads: () => ({ pump: live.pumping(), ticker: ticker?.elected() ?? false }),
  })
  const runs = followRuns({ registry: metrics.registry, owner: db.owner, log, warns: live.pumping, slowMs: config.slowRefreshMs })

  const app = makeApp({
    config,
    log,
    db,
    listener,
    identify,
    sockets,
    auth: auth.routes,
    graphql: graphql.router,
    rest,
    events,
    uploads: uploadRoute({ db, identify, log, maxBytes: config.maxUploadBytes, uploaded: metrics.uploaded }),
    metrics,
    tickerElected: () => ticker?.elected() ?? false,
    workerAlive: () => worker?.alive() ?? null,
  })
  const server = http.createServer(app)
  setTimers(server)
  graphql.attach(server)
  server.listen(config.port, config.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  let closing: Promise<void> | undefined
  return {
    url: `http://localhost:${port}`,
    port,
    db,
    live,
    events: { waiting: hub.size },
    advice,
    close: () => (closing ??= stop()),
  }

  async function stop() {
    await runs.stop()
    await worker?.stop()
    await ticker?.stop()
    await graphql.close()
    await hub.close()
    await catalogs.close()
    await live.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    auth.stop()
    await listener.release()
    await db.close()
  }
}
