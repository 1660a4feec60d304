// One view as Tidemark keeps it, with its schedule, live: who else changes or drops it, is seen here. Called by matview-screen.tsx;
// the form of a view asks once instead (fetch-matview.ts), so that nothing moves under the hand.
import { useMemo } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { type Matview, notThere } from './fetch-matview.ts'

type Plain = Omit<Matview, 'schedule' | 'runner' | 'scheduling'>
interface Schedule {
  schedule: string
  runner: string
  active: boolean
}
const VIEW = `subscription Matview($name: String!) {
  matviewsLive(first: 1, filter: { name: { equalTo: $name } }) { nodes { id name definition key notifyWhen createdAt updatedAt } }
}`
const SCHEDULE = `subscription ScheduleOf($id: BigInt!) {
  schedulesLive(first: 1, filter: { matviewId: { equalTo: $id } }) { nodes { schedule runner active } }
}`

export function useMatview(name: string): { view: Matview | undefined; error: unknown } {
  const workspace = useWorkspace()
  const view = useLiveQuery<{ matviewsLive: { nodes: Plain[] } }>(['matview-live', workspace, name], VIEW, { name })
  const found = view.data?.matviewsLive.nodes[0]
  const schedule = useLiveQuery<{ schedulesLive: { nodes: Schedule[] } }>(
    ['schedule-live', workspace, found?.id ?? null],
    found ? SCHEDULE : null,
    { id: found?.id },
  )
  const known = schedule.data?.schedulesLive.nodes
  const whole = useMemo(() => {
    if (!found || !known) return undefined
    const one = known[0]
    return { ...found, schedule: one?.schedule ?? null, runner: one?.runner ?? null, scheduling: one ? { active: one.active } : null }
  }, [found, known])
  const missing = view.data && !found ? notThere(name) : null
  return { view: whole, error: view.error ?? schedule.error ?? missing }
}
