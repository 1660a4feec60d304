/**
 * GET /events: the marks of the caller's workspace as Server-Sent Events, for curl, EventSource and every language's HTTP
 * client. GET /events/<id>/changes: the rows that one of them changed, page by page. Mounted by app.ts; writes nothing.
 *
 * ?after= or the header Last-Event-ID (which wins: a browser repeats the address) says where to begin; without either, with
 * what comes from now on. ?matview= only one view. ?changes=1 with the rows. A cursor that cannot be followed is answered
 * with an event `reset` and then all that is kept.
 */
import { type Request, type RequestHandler, Router } from 'express'
import type { ClientBase } from 'pg'
import type { Identify } from '../auth/caller.ts'
import type { Sockets } from '../auth/sockets.ts'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import { beginAt, checkCursor, checkMatview, readChanges, readCursor } from './catch-up.ts'
import { type Hub, sseMessage } from './hub.ts'
import { MARK_COLUMNS, toMark } from './mark.ts'
import { startStream } from './stream.ts'

interface Deps {
  db: Pick<Db, 'asCaller'>
  hub: Hub
  identify: Identify
  sockets: Pick<Sockets, 'track'>
  log: Log
}

export function eventsRoute({ db, hub, identify, sockets, log }: Deps): Router {
  const router = Router()

  const events: RequestHandler = async (request, response) => {
    const caller = await identify(request)
    const matview = one(request, 'matview')
    const changes = ['1', 'true'].includes(one(request, 'changes') ?? '')
    const last = request.headers['last-event-id']
    const given = last ? readCursor(String(last), 'Last-Event-ID') : one(request, 'after')
    const after = given === null ? null : readCursor(given, '`after`')
    const look = async (client: ClientBase) => {
      if (matview !== null) await checkMatview(client, caller.workspace, matview)
      return after === null ? null : checkCursor(client, after)
    }
    const reset = matview === null && after === null ? null : await db.asCaller(caller, look)

    request.socket.setNoDelay(true)
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no', // nginx would hold the events back
    })
    // Everything kept is after this id, so a client that is cut off during the reset begins there again.
    const from = reset === null ? after : beginAt(reset)
    response.write('retry: 2000\n\n')
    if (reset !== null) response.write(sseMessage(from!, reset, 'reset'))
    const stream = startStream({ db, hub, log }, caller, response, { matview, changes }, from === null ? null : BigInt(from))
    response.on('close', sockets.track(caller, stream.end))
  }

  const changesOf: RequestHandler = async (request, response) => {
    const caller = await identify(request)
    const id = readCursor(String(request.params.id), 'What follows /events/')
    const after = Number(readCursor(one(request, 'after') ?? '0', '`after`'))
    const limit = Number(readCursor(one(request, 'limit') ?? '1000', '`limit`'))
    if (limit < 1 || limit > 10_000) throw new AppError('TMLIM', 'A page has 1 to 10,000 changes')
    if (after > 2_147_483_647) throw new AppError('TMARG', '`after` is the seq of a change')
    const answer = await db.asCaller(caller, async (client) => {
      const { rows } = await client.query(
        `select ${MARK_COLUMNS} from app_public.matview_refresh_events e where e.id = $1 and e.workspace = $2`,
        [id, caller.workspace],
      )
      if (!rows[0]) throw new AppError('TMNOF', `There is no event ${id}`, { hint: 'It may be older than what is kept.' })
      const mark = toMark(rows[0])
      const page =
        mark.refresh_id === null
          ? { changes: [], next: null }
          : await readChanges(client, mark.refresh_id, { after, limit, maxBytes: 16 * 1024 * 1024 })
      return { event: mark, changes: page.changes, changes_next: page.next }
    })
    response.set('Cache-Control', 'no-store').json(answer)
  }

  router.get('/events', events)
  router.get('/events/:id/changes', changesOf)
  return router
}

function one(request: Request, name: string): string | null {
  const value = request.query[name]
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') throw new AppError('TMARG', `\`${name}\` is given twice`)
  return value
}
