// The last runs of a view, announced or not, live. Called by matview-screen.tsx.
import { useWorkspace } from '../../shared/api/session.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'

export interface Run {
  id: string
  reason: string
  status: 'ANNOUNCED' | 'QUIET' | 'FAILED'
  startedAt: string
  durationMs: string
  rowCount: string | null
  inserted: string | null
  updated: string | null
  deleted: string | null
  eventId: string | null
  errorCode: string | null
  error: string | null
}
const LIVE = `subscription Runs($id: BigInt!) {
  runsLive(first: 50, orderBy: [ID_DESC], filter: { matviewId: { equalTo: $id } }) {
    nodes { id reason status startedAt durationMs rowCount inserted updated deleted eventId errorCode error }
  }
}`

export function useRuns(id: string) {
  const workspace = useWorkspace()
  const { data, error } = useLiveQuery<{ runsLive: { nodes: Run[] } }>(['runs', workspace, id], LIVE, { id })
  return { runs: data?.runsLive.nodes, error }
}
