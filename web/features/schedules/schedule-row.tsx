// One schedule: in words, its next run, its last result. Called by schedules-screen.tsx, which aligns the lines (schedules.css).
import type { ReactNode } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { nextRuns, scheduleWords, secondsOf, utc } from '../../shared/format/schedule.ts'
import { duration } from '../../shared/format/text.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Ago } from '../../shared/ui/ago.tsx'
import { Counts } from '../../shared/ui/counts.tsx'
import type { LastRun, Schedule } from './use-schedules.ts'

interface Props {
  schedule: Schedule
  last: LastRun | undefined
  children: ReactNode
}

export function ScheduleRow({ schedule: { schedule, active, runner, matview }, last, children }: Props) {
  const workspace = useWorkspace()
  return (
    <li>
      <div className="tm-row-name">
        {matview ? (
          <AppLink className="tm-truncate" to="/w/$workspace/views/$name" params={{ workspace, name: matview.name }}>
            {matview.name}
          </AppLink>
        ) : (
          'a view'
        )}
        <div className="tm-dim tm-small">
          <span title={`Run by ${runner}`}>{scheduleWords(schedule)}</span> {secondsOf(schedule) === null && <code>{schedule}</code>}
        </div>
      </div>
      <div>
        <Next schedule={schedule} active={active} />
      </div>
      <div className="tm-schedule-last">{last ? <Result run={last} /> : <span className="tm-dim">not yet</span>}</div>
      <div className="tm-row-do">{children}</div>
    </li>
  )
}

function Next({ schedule, active }: { schedule: string; active: boolean }) {
  if (!active)
    return (
      <span className="tm-badge" data-tone="warn">
        paused
      </span>
    )
  if (secondsOf(schedule) !== null) return <>next in seconds</>
  const next = nextRuns(schedule, 1)[0]
  return next ? <time dateTime={next.toISOString()}>next {utc(next)} UTC</time> : <>never again</>
}

const RESULTS = { ANNOUNCED: ['ok', 'announced'], QUIET: [undefined, 'quiet'], FAILED: ['bad', 'failed'] } as const

function Result({ run }: { run: LastRun }) {
  const [tone, word] = RESULTS[run.status]
  return (
    <>
      <span className="tm-badge" data-tone={tone}>
        {word}
      </span>
      {run.status === 'FAILED' ? <span className="tm-bad tm-wrap">{run.error}</span> : <Counts of={run} />}
      <span className="tm-dim tm-small">
        <Ago at={run.startedAt} /> · {duration(Number(run.durationMs))}
      </span>
    </>
  )
}
