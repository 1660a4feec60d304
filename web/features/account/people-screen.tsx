// People: who is in the workspace and as what. Owners change that, invite and rename; everybody may leave.
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRole, useSession, useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { relative } from '../../shared/format/text.ts'
import { ConfirmButton } from '../../shared/ui/confirm-button.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { InviteForm } from './invite-form.tsx'
import { CHANGE_ROLE, LEAVE, membersQuery, REMOVE, ROLES } from './people.ts'
import { WorkspaceName } from './workspace-name.tsx'
import '../../shared/ui/list.css'

export function PeopleScreen() {
  const workspace = useWorkspace()
  const owner = useRole() === 'owner'
  const me = useSession().account.id
  const { data, error, isLoading, refetch } = useQuery(membersQuery(workspace))
  const changeRole = useChange(CHANGE_ROLE, 'people')
  const remove = useChange(REMOVE, 'people')
  // A new start: what this page knows is of a workspace that is closed now.
  const leave = useChange(LEAVE, 'left', () => location.assign('/'))
  const problem = changeRole.error ?? remove.error ?? leave.error
  return (
    <div className="tm-page">
      <title>People · Tidemark</title>
      <div className="tm-page-head">
        <h1>People</h1>
      </div>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {problem && <Problem error={problem} compact />}
      {isLoading && <Waiting />}
      {data && (
        <ul className="tm-card tm-list" aria-label="Members">
          {data.map(({ accountId, role, createdAt, account }) => {
            const name = account?.name ?? `Account ${accountId}`
            return (
              <li key={accountId}>
                <span className="tm-list-main">
                  <b>{name}</b> {String(accountId) === String(me) && <span className="tm-badge">you</span>}
                  <div className="tm-dim">
                    {account?.email} · since {relative(createdAt)}
                  </div>
                </span>
                {owner ? (
                  <Select
                    size="xs"
                    w={110}
                    aria-label={`Role of ${name}`}
                    data={ROLES.map(({ value, label }) => ({ value, label }))}
                    value={role}
                    disabled={changeRole.isPending}
                    onChange={(value) => value && value !== role && changeRole.mutate({ accountId, role: value })}
                  />
                ) : (
                  <span className="tm-badge">{role.toLowerCase()}</span>
                )}
                {String(accountId) === String(me) ? (
                  <ConfirmButton
                    label="Leave"
                    question="You will see nothing of this workspace until an owner invites you again."
                    confirm="Leave the workspace"
                    loading={leave.isPending}
                    onConfirm={() => leave.mutate({})}
                  />
                ) : (
                  owner && (
                    <ConfirmButton
                      label="Remove"
                      question={`${name} is signed out of this workspace at once, and so are their tokens.`}
                      confirm={`Remove ${name}`}
                      loading={remove.isPending && remove.variables.accountId === accountId}
                      onConfirm={() => remove.mutate({ accountId })}
                    />
                  )
                )}
              </li>
            )
          })}
        </ul>
      )}
      {owner && <InviteForm />}
      {owner && <WorkspaceName />}
    </div>
  )
}
