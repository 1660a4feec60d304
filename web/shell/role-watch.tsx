// An owner makes somebody a reader, or archives the workspace: the page of who is concerned knows at once, and shows what may be
// done now. Draws nothing; called by shell.tsx.
import { useQueryClient } from '@tanstack/react-query'
import { sessionQuery, useSession, useWorkspace, useWorkspaceInfo } from '../shared/api/session.ts'
import { useSubscription } from '../shared/live/live-provider.tsx'

interface Answer {
  membersLive: { nodes: { role: string }[] }
}
const LIVE = `subscription MyRole($workspace: String!, $account: BigInt!) {
  membersLive(filter: { workspace: { equalTo: $workspace }, accountId: { equalTo: $account } }, first: 1) { nodes { role } }
}`
const STATE =
  'subscription State($workspace: String!) { workspacesLive(filter: { id: { equalTo: $workspace } }, first: 1) { nodes { name archivedAt } } }'

export function RoleWatch() {
  const workspace = useWorkspace()
  const account = String(useSession().account.id)
  const known = useWorkspaceInfo()
  const queries = useQueryClient()
  const again = () => void queries.invalidateQueries(sessionQuery)
  useSubscription<Answer>(LIVE, { workspace, account }, ({ data }) => {
    const role = data?.membersLive.nodes[0]?.role
    if (data && role?.toLowerCase() !== known?.role) again()
  })
  useSubscription<{ workspacesLive: { nodes: { name: string; archivedAt: string | null }[] } }>(STATE, { workspace }, ({ data }) => {
    const now = data?.workspacesLive.nodes[0]
    if (now && (now.name !== known?.name || (now.archivedAt !== null) !== known.archived)) again()
  })
  return null
}
