/**
 * Puts the parts of auth/ together. Called once by server.ts; everything else takes what it needs as an argument.
 */
import type { Router } from 'express'
import type { Config } from '../config.ts'
import type { Db } from '../db.ts'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import type { Identify } from './caller.ts'
import { sessionCookie } from './cookies.ts'
import { makeDirect } from './direct.ts'
import { makeIdentify } from './identify.ts'
import { makeLimiter } from './limits.ts'
import type { Deliver } from './links.ts'
import { makePasswords } from './passwords.ts'
import { makePeople } from './people.ts'
import { authRoutes } from './routes.ts'
import { makeSessions } from './sessions.ts'
import { makeSockets, type Sockets } from './sockets.ts'
import { makeWorkspaces, reachedOverTcp } from './workspaces.ts'

export interface Auth {
  identify: Identify
  sockets: Sockets
  routes: Router
  /** At the start: ends what a server that died in the middle of making or dropping a workspace has begun. */
  mend(): Promise<void>
  stop(): void
}

interface Deps {
  db: Db
  config: Config
  log: Log
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  deliver?: Deliver
}

/** @param deliver what becomes of a sign-in link; by default it is printed where the server runs. */
export function makeAuth({ db, config, log, listener, deliver = print }: Deps): Auth {
  const { owner } = db
  const { publicUrl } = config
  const sockets = makeSockets(owner, log)
  const identify = makeIdentify({ owner, publicUrl })
  const limiter = makeLimiter(owner)
  const workspaces = makeWorkspaces({ owner, secret: config.secret, overTcp: reachedOverTcp(config.databaseUrl) })
  const sessions = makeSessions({ owner, sockets })
  const people = makePeople({ owner, passwords: makePasswords(), sessions, limiter, workspaces })
  const direct = makeDirect({ db, workspaces })
  const routes = authRoutes({
    owner,
    publicUrl,
    cookie: sessionCookie(publicUrl),
    people,
    sessions,
    workspaces,
    direct,
    limiter,
    identify,
    deliver,
  })

  // Access that ended in another process, or by GraphQL, or in psql; and what was missed while LISTEN was away.
  const changes = listener.subscribe('access_changed')
  void (async () => {
    for await (const _ of changes) void sockets.recheck()
  })().catch((error) => log.error({ error: error.message }, 'access_changed is not heard any more'))
  const forget = listener.onReconnect(() => void sockets.recheck())

  return {
    identify,
    sockets,
    routes,
    async mend() {
      const ids = await workspaces.mend().catch((error) => {
        log.error({ error: error.message }, 'a half-made or half-dropped workspace could not be finished')
        return []
      })
      if (ids.length > 0) log.info({ workspaces: ids }, 'workspaces whose making or dropping was cut off are finished')
    },
    stop() {
      forget()
      void changes.return?.()
      sockets.stop()
    },
  }
}

const print: Deliver = ({ email, url }) => console.log(`Sign-in link for ${email} (works once, for an hour): ${url}`)
