/**
 * The structured log: one JSON object per line. Made once by main.ts and handed on; a test passes a silent one.
 *
 * Whatever is logged while a request is answered carries its id (`request_id`), also far from the request, without being
 * handed it: inRequest() is called by http/request-id.ts around everything that follows, and by graphql/socket.ts around each
 * message of a websocket.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import pino from 'pino'

export type Log = pino.Logger

/** Of the process and not of a log: it says where in the program we are, as a stack does. */
const current = new AsyncLocalStorage<string>()

export const inRequest = <T>(id: string, work: () => T): T => current.run(id, work)

/** The id of the request that is being answered here; undefined outside of any. */
export const currentRequest = (): string | undefined => current.getStore()

/** @param level pino's level names; 'silent' writes nothing. */
export function makeLog(level: string): Log {
  return pino({
    level,
    redact: ['req.headers.authorization', 'req.headers.cookie'],
    mixin() {
      const id = current.getStore()
      return id === undefined ? {} : { request_id: id }
    },
  })
}
