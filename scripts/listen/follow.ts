/**
 * What database.ts and server.ts have in common: what they are asked for and what they yield. Used by ../listen.ts.
 */
import type { Reset } from '../../server/events/catch-up.ts'
import type { Mark, MarkWithChanges } from '../../server/events/mark.ts'

export interface Follow {
  /** The id after which to begin; null: now. */
  after: string | null
  workspace: string | null
  matview: string | null
  changes: boolean
  signal: AbortSignal
  /** Says something to the person, not to the program that reads the output. */
  note(text: string): void
}

/** `id`: the position after it, to be remembered once it is handled. */
export type Item =
  | { kind: 'begin'; id: string; kept: boolean }
  | { kind: 'reset'; id: string; reset: Reset }
  | { kind: 'mark'; id: string; mark: Mark | MarkWithChanges }

/** Trying again would not help: the message is for the person. */
export class Fatal extends Error {}

/** Waits, or not: true when the waiting was for nothing because the process ends. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(true)
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(signal.aborted)
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

/** 200 ms, 400 ms … 5 s: how long to wait before the nth try to connect again. */
export const backOff = (tries: number) => Math.min(200 * 2 ** tries, 5000)
