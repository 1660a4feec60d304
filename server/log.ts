/**
 * The structured log. Made once by main.ts and handed on; a test passes a silent one.
 */
import pino from 'pino'

export type Log = pino.Logger

/** @param level pino's level names; 'silent' writes nothing. */
export function makeLog(level: string): Log {
  return pino({ level, redact: ['req.headers.authorization', 'req.headers.cookie'] })
}
