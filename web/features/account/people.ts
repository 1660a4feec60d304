// Members, invites and the workspace itself, as the API tells and changes them. Called by the screens of this folder.
import { useWorkspace } from '../../shared/api/session.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'

export type Role = 'OWNER' | 'EDITOR' | 'READER'
export interface Member {
  accountId: string
  role: Role
  createdAt: string
  account: { name: string; email: string } | null
}
export interface Invite {
  id: string
  role: Role
  email: string | null
  expiresAt: string
}
export const ROLES: { value: Role; label: string; about: string }[] = [
  { value: 'READER', label: 'Reader', about: 'looks at everything' },
  { value: 'EDITOR', label: 'Editor', about: 'changes data, views, schedules' },
  { value: 'OWNER', label: 'Owner', about: 'also says who is in' },
]

const MEMBERS = `subscription Members($workspace: String!) {
  membersLive(filter: { workspace: { equalTo: $workspace } }, orderBy: [CREATED_AT_ASC], first: 200) {
    nodes { accountId role createdAt account { name email } }
  }
}`
/** Those that wait; which of them have ended, the page knows by itself. */
export const INVITES = `subscription Invites {
  invitesLive(filter: { acceptedAt: { isNull: true } }, orderBy: [CREATED_AT_DESC], first: 200) { nodes { id role email expiresAt } }
}`

export const INVITE = 'mutation Invite($input: InviteMemberInput!) { inviteMember(input: $input) { newInvite { id path } } }'
export const REVOKE_INVITE = 'mutation Revoke($input: RevokeInviteInput!) { revokeInvite(input: $input) { result } }'
export const CHANGE_ROLE = 'mutation Role($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { accountId } } }'
export const REMOVE = 'mutation Remove($input: RemoveMemberInput!) { removeMember(input: $input) { result } }'
export const LEAVE = 'mutation Leave($input: LeaveWorkspaceInput!) { leaveWorkspace(input: $input) { result } }'
export const RENAME = 'mutation Rename($input: RenameWorkspaceInput!) { renameWorkspace(input: $input) { workspace { name } } }'
export const HAND_OVER = 'mutation HandOver($input: HandOverWorkspaceInput!) { handOverWorkspace(input: $input) { result } }'
export const ARCHIVE = 'mutation Archive($input: ArchiveWorkspaceInput!) { archiveWorkspace(input: $input) { workspace { id } } }'
export const LIMITS = 'mutation Limits($input: SetWorkspaceLimitsInput!) { setWorkspaceLimits(input: $input) { workspace { id } } }'

export function useMembers() {
  const workspace = useWorkspace()
  const live = useLiveQuery<{ membersLive: { nodes: Member[] } }>(['members', workspace], MEMBERS, { workspace })
  return { ...live, data: live.data?.membersLive.nodes }
}
