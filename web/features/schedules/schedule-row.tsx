// One schedule: in words, its next run, its last result. Called by schedules-screen.tsx.
import type { ReactNode } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { nextRuns, scheduleWords, secondsOf, utc } from '../../shared/format/schedule.ts'
import { count, duration, relative } from '../../shared/format/text.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import type { LastRun, Schedule } from './fetch-schedules.ts'

export function ScheduleRow({
  schedule: { schedule, active, runner, matview, last },
  children,
}: {
  schedule: Schedule
  children: ReactNode
}) {
  const workspace = useWorkspace()
  const next = active ? nextRuns(schedule, 1)[0] : undefined
  return (
    <tr>
      <th scope="row">
        {matview ? (
          <AppLink to="/w/$workspace/views/$name" params={{ workspace, name: matview.name }}>
            {matview.name}
          </AppLink>
        ) : (
          'a view'
        )}
      </th>
      <td>
        {scheduleWords(schedule)}{' '}
        <code className="tm-mono tm-dim" title={`Run by ${runner}`}>
          {schedule}
        </code>
      </td>
      <td>
        {!active ? (
          <span className="tm-badge" data-tone="warn">
            paused
          </span>
        ) : secondsOf(schedule) !== null ? (
          'in seconds'
        ) : next ? (
          utc(next)
        ) : (
          '–'
        )}
      </td>
      <td>{last ? <Result run={last} /> : <span className="tm-dim">not yet</span>}</td>
      {children}
    </tr>
  )
}

function Result({ run }: { run: LastRun }) {
  const when = (
    <span className="tm-dim tm-small" title={run.startedAt}>
      {relative(run.startedAt)} · {duration(Number(run.durationMs))}
    </span>
  )
  if (run.status === 'FAILED')
    return (
      <>
        <span className="tm-badge" data-tone="bad">
          failed
        </span>{' '}
        {when}
        <div className="tm-small tm-schedule-error">{run.error}</div>
      </>
    )
  return (
    <>
      <span className="tm-badge" data-tone={run.status === 'ANNOUNCED' ? 'ok' : undefined}>
        {run.status === 'ANNOUNCED' ? 'announced' : 'quiet'}
      </span>{' '}
      +{count(run.inserted ?? 0)} ~{count(run.updated ?? 0)} −{count(run.deleted ?? 0)} {when}
    </>
  )
}
