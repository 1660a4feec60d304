// All schedules of the workspace with the last run of each view, live. Called by schedules-screen.tsx.
import { useQuery } from '@tanstack/react-query'
import { graphql, type ApiError } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'

export interface LastRun {
  id: string
  matviewId: string
  status: 'ANNOUNCED' | 'QUIET' | 'FAILED'
  startedAt: string
  durationMs: string
  inserted: string | null
  updated: string | null
  deleted: string | null
  error: string | null
}
export interface Schedule {
  id: string
  schedule: string
  active: boolean
  runner: string
  matview: { id: string; name: string } | null
}
interface Answer {
  schedulesLive: { nodes: Schedule[] }
}

const LIVE = `subscription Schedules {
  schedulesLive(first: 200, orderBy: [ID_ASC]) { nodes { id schedule active runner matview { id name } } }
}`
const RUN = 'nodes { id matviewId status startedAt durationMs inserted updated deleted error }'
/** Says only that there was another run, announced or not. */
const RUNS = 'subscription NewestRun { runsLive(first: 1, orderBy: [ID_DESC]) { nodes { id } } }'
const NONE = {}

export function useSchedules(): { schedules: Schedule[] | undefined; last: Map<string, LastRun> | undefined; error: ApiError | null } {
  const workspace = useWorkspace()
  const { data, error } = useLiveQuery<Answer>(['schedules', workspace], LIVE)
  const schedules = data?.schedulesLive.nodes
  const ids = (schedules ?? []).flatMap(({ matview }) => matview?.id ?? [])
  const last = useQuery({
    queryKey: ['last-runs', workspace, ids],
    queryFn: () => lastRuns(workspace, ids),
    enabled: ids.length > 0,
    placeholderData: (old) => old,
  })
  useSubscription(RUNS, NONE, () => void last.refetch())
  return { schedules, last: last.data, error: error ?? (last.error as ApiError | null) }
}

/** One document that asks for the newest run of each view: a busy view's runs do not push the others out. */
async function lastRuns(workspace: string, ids: string[]): Promise<Map<string, LastRun>> {
  const found = new Map<string, LastRun>()
  for (let from = 0; from < ids.length; from += 20) {
    const some = ids.slice(from, from + 20)
    const fields = some.map((_, k) => `r${k}: runs(first: 1, orderBy: [ID_DESC], filter: { matviewId: { equalTo: $i${k} } }) { ${RUN} }`)
    const query = `query LastRuns(${some.map((_, k) => `$i${k}: BigInt!`).join(', ')}) { ${fields.join(' ')} }`
    const data = await graphql<Record<string, { nodes: LastRun[] }>>(
      workspace,
      query,
      Object.fromEntries(some.map((id, k) => [`i${k}`, id])),
    )
    for (const { nodes } of Object.values(data)) if (nodes[0]) found.set(nodes[0].matviewId, nodes[0])
  }
  return found
}
