// What belongs to the workspace as a whole: name, limits, how long events are kept, handing it over, archiving, dropping.
// Called by people-screen.tsx. Owners change it; the others see the limits that hold for them.
import { useQuery } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'
import { useRole, useWorkspace, useWorkspaceInfo } from '../../shared/api/session.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { NewWorkspace } from './new-workspace.tsx'
import { Section } from './section.tsx'
import { WorkspaceEnd } from './workspace-end.tsx'
import { type Limits, WorkspaceLimits } from './workspace-limits.tsx'
import { WorkspaceName } from './workspace-name.tsx'

const LIVE = `subscription Limits($id: String!) {
  workspacesLive(filter: { id: { equalTo: $id } }, first: 1) {
    nodes { refreshTimeoutMs connectionLimit tempFileLimitBytes storageQuotaBytes maxMatviewRows }
  }
}`

export function WorkspaceSettings() {
  const id = useWorkspace()
  const owner = useRole() === 'owner'
  const mayRestore = useWorkspaceInfo()?.role === 'owner'
  const { data, error } = useLiveQuery<{ workspacesLive: { nodes: Limits[] } }>(['limits', id], LIVE, { id })
  const retention = useQuery({
    queryKey: ['retention', id],
    queryFn: () => graphql<{ retentionDays: number }>(id, '{ retentionDays }'),
    staleTime: Infinity,
  })
  const limits = data?.workspacesLive.nodes[0]
  return (
    <div className="tm-section">
      {error && <Problem error={error} compact />}
      {owner && (
        <Section title="Workspace" about="What people call it. The short name in addresses and in PostgreSQL stays.">
          <div className="tm-card">
            <WorkspaceName />
          </div>
        </Section>
      )}
      <Section
        title="Limits"
        about="They keep one workspace from slowing the others down. The operator of this server says how high they may go."
      >
        {limits && <WorkspaceLimits key={JSON.stringify(limits)} limits={limits} editable={owner} />}
      </Section>
      <Section title="History" about="Events with their rows, runs of views, and deliveries of webhooks.">
        <div className="tm-card tm-stack">
          <p>
            Kept for <b>{retention.data ? `${retention.data.retentionDays} days` : '…'}</b>. The operator sets it for all workspaces:{' '}
            <code>update app_private.settings set retention_days = …</code>
          </p>
        </div>
      </Section>
      {mayRestore && <WorkspaceEnd />}
      <Section title="Another workspace" about="A place of its own for data, people and tokens; nothing is shared between two.">
        <NewWorkspace />
      </Section>
    </div>
  )
}
