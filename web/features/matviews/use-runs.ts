// The last runs of a view, announced or not. An event says at once that there is another; quiet runs are seen within ten seconds.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'

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
const QUERY = `query Runs($id: BigInt!) {
  runs(first: 50, orderBy: [ID_DESC], filter: { matviewId: { equalTo: $id } }) {
    nodes { id reason status startedAt durationMs rowCount inserted updated deleted eventId errorCode error }
  }
}`
const LIVE = 'subscription Refreshed($matview: String) { matviewRefreshed(matview: $matview) { event { id } } }'

export function useRuns(id: string, name: string) {
  const workspace = useWorkspace()
  const queries = useQueryClient()
  const runs = useQuery({
    queryKey: ['runs', workspace, id],
    queryFn: async () => (await graphql<{ runs: { nodes: Run[] } }>(workspace, QUERY, { id })).runs.nodes,
    refetchInterval: 10_000,
    retry: false,
  })
  const refused = useSubscription(LIVE, { matview: name }, () => {
    void runs.refetch()
    void queries.invalidateQueries({ queryKey: ['matview', workspace, name] })
  })
  return { runs: runs.data, error: runs.error ?? refused, again: () => void runs.refetch() }
}
