// What runs when, and how it went last. Each line leads to its view; here a schedule can only be rested and resumed.
import { Button } from '@mantine/core'
import { IconClockPlay, IconPlayerPause, IconPlayerPlay, IconStack2 } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { pauseSchedule } from '../../shared/api/pause-schedule.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { ReadOnly } from '../../shared/ui/read-only.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { ScheduleRow } from './schedule-row.tsx'
import { type Schedule, useSchedules } from './use-schedules.ts'
import '../../shared/ui/list.css'
import './schedules.css'

export function SchedulesScreen() {
  const workspace = useWorkspace()
  const reader = useRole() === 'reader'
  const { schedules, last, error } = useSchedules()
  return (
    <div className="tm-page">
      <title>Schedules · Tidemark</title>
      <div className="tm-page-head">
        <h1>Schedules</h1>
        <LiveDot withWord />
      </div>
      <ReadOnly what="what runs" />
      {error && <Problem error={error} />}
      {!schedules && !error && <Waiting lines={6} />}
      {schedules?.length === 0 && (
        <Empty
          icon={IconClockPlay}
          title="Nothing runs by itself yet"
          action={
            !reader && (
              <Button
                leftSection={<IconStack2 size={15} aria-hidden />}
                renderRoot={(props) => <AppLink to={`/w/${workspace}/views/new`} {...props} />}
              >
                Make a view
              </Button>
            )
          }
        >
          A view with a schedule refreshes by itself and leaves a mark each time. Make one, or open a view and choose "Schedule".
        </Empty>
      )}
      {schedules && schedules.length > 0 && (
        <ul className="tm-card tm-list tm-schedules" aria-label="Schedules">
          {schedules.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} last={last?.get(schedule.matview?.id ?? '')}>
              {!reader && <PauseButton schedule={schedule} />}
            </ScheduleRow>
          ))}
        </ul>
      )}
    </div>
  )
}

function PauseButton({ schedule: { active, matview } }: { schedule: Schedule }) {
  const workspace = useWorkspace()
  const pause = useMutation({ mutationFn: () => pauseSchedule(workspace, matview!.name, active) })
  const Icon = active ? IconPlayerPause : IconPlayerPlay
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!matview}
        loading={pause.isPending}
        leftSection={<Icon size={14} aria-hidden />}
        aria-label={`${active ? 'Pause' : 'Resume'} ${matview?.name ?? 'this schedule'}`}
        onClick={() => pause.mutate()}
      >
        {active ? 'Pause' : 'Resume'}
      </Button>
      {pause.error && <Problem error={pause.error} compact />}
    </>
  )
}
