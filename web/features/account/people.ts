// Members, invites and the workspace's name, as the API tells and changes them. Called by the people screen.
import { queryOptions } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'

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

const MEMBERS = `query Members($workspace: String!) {
  members(filter: { workspace: { equalTo: $workspace } }, orderBy: [CREATED_AT_ASC], first: 500) {
    nodes { accountId role createdAt account { name email } }
  }
}`
const INVITES = `query Invites($now: Datetime!) {
  invites(filter: { acceptedAt: { isNull: true }, expiresAt: { greaterThan: $now } }, orderBy: [CREATED_AT_DESC]) {
    nodes { id role email expiresAt }
  }
}`

export const membersQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['people', workspace, 'members'],
    queryFn: async () => (await graphql<{ members: { nodes: Member[] } }>(workspace, MEMBERS, { workspace })).members.nodes,
  })
export const invitesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['people', workspace, 'invites'],
    queryFn: async () =>
      (await graphql<{ invites: { nodes: Invite[] } }>(workspace, INVITES, { now: new Date().toISOString() })).invites.nodes,
  })

export const INVITE = 'mutation Invite($input: InviteMemberInput!) { inviteMember(input: $input) { newInvite { id path } } }'
export const REVOKE_INVITE = 'mutation Revoke($input: RevokeInviteInput!) { revokeInvite(input: $input) { result } }'
export const CHANGE_ROLE = 'mutation Role($input: ChangeMemberRoleInput!) { changeMemberRole(input: $input) { member { accountId } } }'
export const REMOVE = 'mutation Remove($input: RemoveMemberInput!) { removeMember(input: $input) { result } }'
export const LEAVE = 'mutation Leave($input: LeaveWorkspaceInput!) { leaveWorkspace(input: $input) { result } }'
export const RENAME = 'mutation Rename($input: RenameWorkspaceInput!) { renameWorkspace(input: $input) { workspace { name } } }'
