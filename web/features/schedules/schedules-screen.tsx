// What runs when, and how it went last. Each line leads to its view; here a schedule can only be rested and resumed.
import { Button } from '@mantine/core'
import { IconClockPlay, IconPlayerPause, IconPlayerPlay, IconStack2 } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { schedulesQuery } from './fetch-schedules.ts'
import { pauseSchedule } from './pause-schedule.ts'
import { ScheduleRow } from './schedule-row.tsx'
import './schedules.css'

const NONE = {}

export function SchedulesScreen() {
  const workspace = useWorkspace()
  const reader = useRole() === 'reader'
  const { data, error, refetch } = useQuery({ ...schedulesQuery(workspace), refetchInterval: 15_000 })
  useSubscription('subscription { matviewRefreshed { event { id } } }', NONE, () => void refetch())
  const pause = useMutation({
    mutationFn: ({ name, paused }: { name: string; paused: boolean }) => pauseSchedule(workspace, name, paused),
    onSettled: () => refetch(),
  })
  return (
    <div className="tm-page">
      <title>Schedules · Tidemark</title>
      <div className="tm-page-head">
        <h1>Schedules</h1>
        <LiveDot withWord />
      </div>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {pause.error && <Problem error={pause.error} />}
      {!data && !error && <Waiting lines={6} />}
      {data?.length === 0 && (
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
      {data && data.length > 0 && (
        <div className="tm-card tm-schedules" role="region" aria-label="Schedules" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">View</th>
                <th scope="col">Refreshes</th>
                <th scope="col">Next (UTC)</th>
                <th scope="col">Last result</th>
                {!reader && (
                  <th scope="col">
                    <span className="tm-visually-hidden">Pause or resume</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {data.map((schedule) => (
                <ScheduleRow key={schedule.id} schedule={schedule}>
                  {!reader && (
                    <td>
                      <Button
                        variant="subtle"
                        color="gray"
                        disabled={!schedule.matview}
                        loading={pause.isPending && pause.variables.name === schedule.matview?.name}
                        leftSection={schedule.active ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}
                        aria-label={`${schedule.active ? 'Pause' : 'Resume'} ${schedule.matview?.name ?? 'this schedule'}`}
                        onClick={() => schedule.matview && pause.mutate({ name: schedule.matview.name, paused: schedule.active })}
                      >
                        {schedule.active ? 'Pause' : 'Resume'}
                      </Button>
                    </td>
                  )}
                </ScheduleRow>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}
