// Who is signed in and in which workspaces: GET /auth/me. Called once at start.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { requestJson } from './request.ts'

export type MemberRole = 'owner' | 'editor' | 'reader'

export interface Workspace {
  id: string
  name: string
  role: MemberRole
  archived: boolean
}
export interface Session {
  account: { id: string; email: string; name: string; has_password: boolean; default_workspace: string | null }
  workspaces: Workspace[]
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => requestJson<Session>('/auth/me'),
  staleTime: Infinity,
})

export function useSession(): Session {
  return useQuery(sessionQuery).data!
}

/** The workspace of the address. */
export function useWorkspace(): string {
  return useParams({ strict: false }).workspace ?? 'main'
}

export function useWorkspaceInfo(): Workspace | undefined {
  const id = useWorkspace()
  return useSession().workspaces.find((workspace) => workspace.id === id)
}

/** What the person may do here: readers look, editors change, owners also say who is in. In an archived workspace all are readers. */
export function useRole(): MemberRole {
  const workspace = useWorkspaceInfo()
  return workspace?.archived ? 'reader' : (workspace?.role ?? 'reader')
}

export async function signOut(): Promise<void> {
  await requestJson('/auth/logout', { method: 'POST', body: '{}' })
  location.assign('/login')
}
