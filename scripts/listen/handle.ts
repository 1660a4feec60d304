/**
 * What the listener does with a mark: print it, hand it to a command, remember it. Called by ../listen.ts.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Mark } from '../../server/events/mark.ts'
import { Fatal, pause } from './follow.ts'

/** For people: `#12  sample_now  new  1 row: +1 ~0 -0  3.1 ms  2026-01-02T03:04:05.678Z`. */
export function lineOf(mark: Mark): string {
  const { id, matview_name, status, row_count, inserted, updated, deleted, duration_ms, status_change_time, error } = mark
  const what =
    status === 'failed'
      ? `${error}`
      : status === 'dropped'
        ? 'the view is gone'
        : `${row_count} ${row_count === 1 ? 'row' : 'rows'}: +${inserted} ~${updated} -${deleted}  ${duration_ms} ms`
  return `#${id}  ${matview_name}  ${status}  ${what}  ${status_change_time}`
}

/** null: there is none yet. @throws Fatal when it holds something else. */
export function readCursorFile(file: string): string | null {
  if (!existsSync(file)) return null
  const text = readFileSync(file, 'utf8').trim()
  if (!/^\d{1,18}$/.test(text)) throw new Fatal(`${file} does not hold the id of an event: delete it, or name another file.`)
  return text
}

/** In one step: a process that dies in between leaves the old one. */
export function writeCursorFile(file: string, id: string): void {
  try {
    writeFileSync(`${file}.new`, `${id}\n`)
    renameSync(`${file}.new`, file)
  } catch (error) {
    throw new Fatal(`The cursor cannot be written: ${(error as Error).message}`)
  }
}

/**
 * One run per event, again until it succeeds: the order is kept, and what comes waits in the log, not here.
 * @returns false when the process was told to end before it had succeeded
 */
export async function runCommand(command: string, mark: Mark, signal: AbortSignal, note: (text: string) => void): Promise<boolean> {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 60_000)) {
    const code = await run(command, mark)
    if (code === 0) return true
    note(`event ${mark.id}: the command ended with ${code}; again in ${wait / 1000} s`)
    if (await pause(wait, signal)) return false
  }
}

function run(command: string, mark: Mark): Promise<number | string> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C ends the listener after this event, not in the middle of it.
    const child = spawn('/bin/sh', ['-c', command], {
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
      env: { ...process.env, TIDEMARK_EVENT_ID: mark.id, TIDEMARK_MATVIEW: mark.matview_name, TIDEMARK_STATUS: mark.status },
    })
    child.once('error', reject)
    child.once('close', (code, killed) => resolve(code ?? `${killed}`))
    child.stdin.on('error', () => {}) // it need not read
    child.stdin.end(`${JSON.stringify(mark)}\n`)
  })
}
