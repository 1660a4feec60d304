// A schedule in words, and when it runs next. Schedules are what the server keeps: five cron fields in UTC, or 'N seconds'.
// Used by features/matviews and features/schedules; writes nothing.
import { Cron } from 'croner'
import cronstrue from 'cronstrue'

const SECONDS = /^\s*(\d{1,4}) ?(?:s|sec|secs|seconds?)\s*$/i

export const PRESETS: { value: string; name: string }[] = [
  { value: '10 seconds', name: 'Every 10 seconds' },
  { value: '* * * * *', name: 'Every minute' },
  { value: '*/5 * * * *', name: 'Every 5 minutes' },
  { value: '0 * * * *', name: 'Every hour' },
  { value: '0 6 * * *', name: 'Every day at 06:00' },
  { value: '0 6 * * 1', name: 'Mondays at 06:00' },
]

/** N of 'N seconds'; null for anything else. */
export function secondsOf(schedule: string): number | null {
  const found = SECONDS.exec(schedule)
  return found ? Number(found[1]) : null
}

/** What is wrong with a schedule, in words; null: nothing that shows here. The server has the last word. */
export function scheduleProblem(schedule: string): string | null {
  const seconds = secondsOf(schedule)
  if (seconds !== null) return seconds >= 1 && seconds <= 59 ? null : 'Seconds go from 1 to 59. For longer, use cron fields.'
  if (schedule.trim().split(/\s+/).length !== 5) return 'Five fields: minute, hour, day of the month, month, day of the week.'
  try {
    cron(schedule)
    return null
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, '')
  }
}

export function scheduleWords(schedule: string | null | undefined): string {
  if (!schedule) return 'By hand only'
  const seconds = secondsOf(schedule)
  if (seconds !== null) return seconds === 1 ? 'Every second' : `Every ${seconds} seconds`
  try {
    const words = cronstrue.toString(schedule, { use24HourTimeFormat: true, verbose: false })
    return words.replace(/^At (\d\d:\d\d)$/, 'Every day at $1')
  } catch {
    return schedule
  }
}

/** The next runs, soonest first; empty when the schedule cannot be read. */
export function nextRuns(schedule: string, count = 3, from = new Date()): Date[] {
  const seconds = secondsOf(schedule)
  if (seconds !== null) return Array.from({ length: count }, (_, k) => new Date(from.getTime() + (k + 1) * seconds * 1000))
  try {
    return cron(schedule).nextRuns(count, from)
  } catch {
    return []
  }
}

/** How long a schedule leaves between two runs, in milliseconds: the shortest of the next few. */
export function periodMs(schedule: string): number | null {
  const runs = nextRuns(schedule, 4)
  return runs.length < 2 ? null : Math.min(...runs.slice(1).map((run, k) => run.getTime() - runs[k]!.getTime()))
}

/** In UTC, as the server counts: 2026-01-02 06:00. */
export const utc = (at: Date, seconds = false): string =>
  at
    .toISOString()
    .slice(0, seconds ? 19 : 16)
    .replace('T', ' ')

// pg_cron writes the last day of a month as $, croner as L.
const cron = (schedule: string) => new Cron(schedule.trim().replace('$', 'L'), { timezone: 'UTC', paused: true })
