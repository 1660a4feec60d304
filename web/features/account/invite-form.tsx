// Owners let people in by a link: it is shown once, works once, and for seven days. Links that wait can be withdrawn.
import { Button, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { relative } from '../../shared/format/text.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { SecretOnce } from '../../shared/ui/secret-once.tsx'
import { Problem } from '../../shared/ui/states.tsx'
import { INVITE, type Invite, INVITES, REVOKE_INVITE, ROLES, type Role } from './people.ts'

export function InviteForm() {
  const workspace = useWorkspace()
  const { data, error } = useLiveQuery<{ invitesLive: { nodes: Invite[] } }>(['invites', workspace], INVITES)
  const invites = data?.invitesLive.nodes.filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now())
  const [role, setRole] = useState<Role>('EDITOR')
  const [email, setEmail] = useState('')
  const [link, setLink] = useState<string | null>(null)
  const invite = useChange<{ inviteMember: { newInvite: { path: string } } }>(INVITE, (data) => {
    setLink(location.origin + data.inviteMember.newInvite.path)
    setEmail('')
  })
  const revoke = useChange(REVOKE_INVITE)
  const problem = invite.error ?? revoke.error ?? error
  return (
    <section className="tm-section">
      <h2 className="tm-section-title">Invite</h2>
      <SecretOnce title="The invite" label="invite link" secret={link} close={() => setLink(null)}>
        Send it to the person yourself. It works once, within seven days.
      </SecretOnce>
      <div className="tm-card">
        <form
          className="tm-form"
          onSubmit={(event) => {
            event.preventDefault()
            invite.mutate({ role, email: email.trim() || null })
          }}
        >
          <TextInput
            label="E-mail (optional)"
            description="Then only this address may use the link"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            style={{ flex: 1, minWidth: 220 }}
          />
          <Select
            label="As"
            data={ROLES.map(({ value, label, about }) => ({ value, label: `${label}: ${about}` }))}
            value={role}
            onChange={(value) => value && setRole(value as Role)}
            w={310}
          />
          <Button type="submit" size="sm" loading={invite.isPending}>
            Make a link
          </Button>
        </form>
        {problem && <Problem error={problem} compact />}
        {invites && invites.length > 0 && (
          <ul className="tm-list" aria-label="Open invites" style={{ borderTop: '1px solid var(--tm-line)' }}>
            {invites.map(({ id, role: as, email: to, expiresAt }) => (
              <li key={id}>
                <span className="tm-list-main">{to ?? 'Whoever has the link'}</span>
                <span className="tm-badge">{as.toLowerCase()}</span>
                <span className="tm-dim">ends {relative(expiresAt)}</span>
                <Button
                  variant="default"
                  size="compact-xs"
                  loading={revoke.isPending && revoke.variables.id === id}
                  onClick={() => revoke.mutate({ id })}
                >
                  Withdraw
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}
