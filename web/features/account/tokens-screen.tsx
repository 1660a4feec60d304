// Tokens: keys for programs, of this workspace. One's own; owners see everybody's. The secret is shown once.
import { Button, Select, TextInput } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useState } from 'react'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { relative } from '../../shared/format/text.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { ConfirmButton } from '../../shared/ui/confirm-button.tsx'
import { SecretOnce } from '../../shared/ui/secret-once.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { ROLES } from './people.ts'
import { CREATE_TOKEN, REVOKE_TOKEN, TOKENS, type Token } from './tokens.ts'
import '../../shared/ui/list.css'

const LIVES = [
  { value: '', label: 'Until it is revoked' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
]
const DAY_MS = 86_400_000

export function TokensScreen() {
  const workspace = useWorkspace()
  const live = useLiveQuery<{ apiTokensLive: { nodes: Token[] } }>(['tokens', workspace], TOKENS)
  const { error, isLoading } = live
  const data = live.data?.apiTokensLive.nodes
  const mine = useRole().toUpperCase()
  const allowed = ROLES.slice(0, ROLES.findIndex(({ value }) => value === mine) + 1)
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('READER')
  const [days, setDays] = useState('')
  const [secret, setSecret] = useState<string | null>(null)
  const create = useChange<{ createApiToken: { newApiToken: { secret: string } } }>(CREATE_TOKEN, (made) => {
    setSecret(made.createApiToken.newApiToken.secret)
    setName('')
  })
  const revoke = useChange(REVOKE_TOKEN)
  const problem = create.error ?? revoke.error
  return (
    <div className="tm-page">
      <title>Tokens · Tidemark</title>
      <div className="tm-page-head">
        <h1>Tokens</h1>
        <LiveDot withWord />
      </div>
      <p className="tm-prose">
        A program sends <code>Authorization: Bearer tm_…</code> to GraphQL, REST, uploads and events, and may do what the token’s role may.
      </p>
      <SecretOnce
        title="The token"
        label="token"
        secret={secret}
        close={() => setSecret(null)}
        example={secret ? `curl -H "Authorization: Bearer ${secret}" ${location.origin}/rest/` : undefined}
      />
      <form
        className="tm-card tm-form"
        aria-label="New token"
        onSubmit={(event) => {
          event.preventDefault()
          const expiresAt = days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null
          create.mutate({ name: name.trim(), role, expiresAt })
        }}
      >
        <TextInput
          label="Name"
          placeholder="What it is for"
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          style={{ flex: 1, minWidth: 200 }}
        />
        <Select
          label="Role"
          w={120}
          data={allowed.map(({ value, label }) => ({ value, label }))}
          value={role}
          onChange={(value) => value && setRole(value)}
        />
        <Select label="Good for" w={170} data={LIVES} value={days} onChange={(value) => setDays(value ?? '')} />
        <Button type="submit" size="sm" loading={create.isPending}>
          Make a token
        </Button>
      </form>
      <div className="tm-section">
        {problem && <Problem error={problem} compact />}
        {error && <Problem error={error} />}
        {isLoading && <Waiting />}
        {data?.length === 0 && (
          <Empty icon={IconKey} title="No tokens yet">
            A token is the key of one program. Give it a name above, so that you know later what stops when you revoke it.
          </Empty>
        )}
        {data && data.length > 0 && (
          <ul className="tm-card tm-list" aria-label="Tokens">
            {data.map((token) => (
              <li key={token.id}>
                <span className="tm-list-main">
                  <b>{token.name}</b> <code className="tm-dim">tm_{token.prefix}_…</code>
                  <div className="tm-dim">
                    {token.account?.name ?? 'Made on the server'} ·{' '}
                    {token.lastUsedAt ? (
                      <>
                        last used <Ago at={token.lastUsedAt} />
                      </>
                    ) : (
                      'never used'
                    )}
                    {token.expiresAt && ` · ends ${relative(token.expiresAt)}`}
                  </div>
                </span>
                <span className="tm-badge">{token.role.toLowerCase()}</span>
                <ConfirmButton
                  label="Revoke"
                  question={`What uses ${token.name} is refused at once.`}
                  confirm="Revoke it"
                  loading={revoke.isPending && revoke.variables.id === token.id}
                  onConfirm={() => revoke.mutate({ id: token.id })}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
