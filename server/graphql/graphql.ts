/**
 * The GraphQL room, put together: schemas, HTTP route, websocket, subscriptions. Made once by server.ts.
 */
import type { Server } from 'node:http'
import type { Identify } from '../auth/caller.ts'
import type { Sockets } from '../auth/sockets.ts'
import type { Db } from '../db.ts'
import type { Follower } from '../events/follow.ts'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import { makeContexts } from './execute.ts'
import { LiveFieldsPlugin } from './live-fields.ts'
import { type LiveRequest, makeLiveOperations } from './live-operations.ts'
import { makeMarksPlugin } from './marks.ts'
import { makeMatviewPlugin, type MatviewWork } from './matviews.ts'
import { RelationsPlugin } from './relations.ts'
import { graphqlRoute } from './route.ts'
import { type Fingerprints, makeSchemas } from './schemas.ts'
import { graphqlSocket, type LivePayload } from './socket.ts'
import { makeTablesPlugin, type TableWork } from './tables.ts'

interface Deps {
  db: Db
  listener: Listener
  identify: Identify
  sockets: Pick<Sockets, 'track'>
  matviews: MatviewWork
  tables: TableWork
  marks: Follower
  live: {
    subscribe(request: LiveRequest): AsyncIterableIterator<LivePayload>
    schemaChanged(workspace: string): void
    personal(relation: string): Promise<boolean>
  }
  log: Log
  /** Plugins of other rooms. */
  plugins?: GraphileConfig.Plugin[]
}

export function makeGraphql({ db, listener, identify, sockets, matviews, tables, marks, live, log, plugins = [] }: Deps) {
  const schemas = makeSchemas({
    pool: db.api,
    listener,
    log,
    plugins: [LiveFieldsPlugin, RelationsPlugin, makeMatviewPlugin(matviews), makeTablesPlugin(tables), makeMarksPlugin(marks), ...plugins],
    async fingerprints(workspaces) {
      const {
        rows: [found],
      } = await db.owner.query<Fingerprints>('select told, seen from app_private.schema_fingerprints($1)', [
        ['app_public', ...workspaces.map((id) => `ws_${id}`)],
      ])
      const { told, seen } = found!
      return { told, seen: Object.fromEntries(workspaces.map((id) => [id, `${seen.app_public} ${seen[`ws_${id}`]}`])) }
    },
  })
  schemas.onRebuilt((workspace) => live.schemaChanged(workspace))
  const contexts = makeContexts(db.api)
  const { router, release } = graphqlRoute({ schemas, contexts, identify, log })
  const liveRequest = makeLiveOperations({ schemas, contexts, personal: live.personal, log })
  const socket = graphqlSocket({ schemas, contexts, identify, sockets, liveRequest, live, log })

  return {
    router,
    schemas,
    attach: (server: Server) => socket.attach(server),
    connections: socket.connections,
    /** Builds the APIs that clients of a server that has just died will ask for in a moment. Who asks for another waits for one build at most. */
    async warm() {
      const { rows } = await db.owner.query<{ id: string }>(
        `select distinct substr(workspace, 4) as id from app_private.live_watches where workspace like 'ws\\_%' and until > now() limit 5`,
      )
      await Promise.all(rows.map(({ id }) => schemas.get(id)))
    },
    async close() {
      socket.close()
      await schemas.close()
      await release()
    },
  }
}
