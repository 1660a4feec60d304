// People and workspace: who is in it and as what; its name, limits and end. Owners change that; everybody may leave.
import { Select } from '@mantine/core'
import { useRole, useSession } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { Ago } from '../../shared/ui/ago.tsx'
import { ConfirmButton } from '../../shared/ui/confirm-button.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { InviteForm } from './invite-form.tsx'
import { CHANGE_ROLE, LEAVE, REMOVE, ROLES, useMembers } from './people.ts'
import { WorkspaceSettings } from './workspace-settings.tsx'
import '../../shared/ui/list.css'

export function PeopleScreen() {
  const owner = useRole() === 'owner'
  const me = useSession().account.id
  const { data, error, isLoading } = useMembers()
  const changeRole = useChange(CHANGE_ROLE)
  const remove = useChange(REMOVE)
  // A new start: what this page knows is of a workspace that is closed now.
  const leave = useChange(LEAVE, () => location.assign('/'))
  const problem = changeRole.error ?? remove.error ?? leave.error
  return (
    <div className="tm-page">
      <title>People · Tidemark</title>
      <div className="tm-page-head">
        <h1>People and workspace</h1>
        <LiveDot withWord />
      </div>
      {!owner && (
        <p className="tm-prose">
          Owners say who is in and as what. You can see who they are, and leave; everything else about the workspace is theirs.
        </p>
      )}
      {error && <Problem error={error} />}
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
                    {account?.email} · since <Ago at={createdAt} />
                  </div>
                </span>
                {owner ? (
                  <Select
                    size="xs"
                    className="tm-role"
                    aria-label={`Role of ${name}`}
                    data={ROLES.map(({ value, label }) => ({ value, label }))}
                    value={role}
                    disabled={changeRole.isPending}
                    onChange={(value) => value && value !== role && changeRole.mutate({ accountId, role: value })}
                  />
                ) : (
                  <span className="tm-badge">{role.toLowerCase()}</span>
                )}
                <span className="tm-row-do">
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
                </span>
              </li>
            )
          })}
        </ul>
      )}
      {owner && <InviteForm />}
      <WorkspaceSettings />
    </div>
  )
}
