// Where this account is signed in: GET /auth/sessions, and ending one, this one or all.
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { requestJson } from '../../shared/api/request.ts'
import { signOut } from '../../shared/api/session.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { ConfirmButton } from '../../shared/ui/confirm-button.tsx'
import { browserName } from './browser-name.ts'
import { Section } from './section.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import '../../shared/ui/list.css'

interface OneSession {
  id: string
  user_agent: string | null
  ip: string | null
  last_seen_at: string
  current: boolean
}

export function Sessions() {
  const queries = useQueryClient()
  const { data, error, isLoading } = useQuery({ queryKey: ['sessions'], queryFn: () => requestJson<OneSession[]>('/auth/sessions') })
  const end = useMutation({
    mutationFn: (id: string) => requestJson(`/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  })
  const leave = useMutation({ mutationFn: signOut })
  const everywhere = useMutation({
    mutationFn: () => requestJson('/auth/logout-everywhere', { method: 'POST', body: '{}' }),
    onSuccess: () => location.assign('/login'),
  })
  const problem = error ?? end.error ?? leave.error ?? everywhere.error
  return (
    <Section title="Signed in" about="Where this account is open. Tokens of programs are on their own page.">
      {problem && <Problem error={problem} compact />}
      {isLoading && <Waiting lines={2} />}
      <ul className="tm-card tm-list" aria-label="Sessions" hidden={!data}>
        {data?.map((session) => (
          <li key={session.id}>
            <span className="tm-list-main">
              <span title={session.user_agent ?? undefined}>{browserName(session.user_agent)}</span>
              <div className="tm-dim">
                {session.ip} · <Ago at={session.last_seen_at} />
              </div>
            </span>
            {session.current ? (
              <span className="tm-badge" data-tone="ok">
                here
              </span>
            ) : (
              <Button
                variant="default"
                size="compact-xs"
                loading={end.isPending && end.variables === session.id}
                onClick={() => end.mutate(session.id)}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      <div className="tm-actions">
        <Button variant="default" loading={leave.isPending} onClick={() => leave.mutate()}>
          Sign out here
        </Button>
        <ConfirmButton
          label="Sign out everywhere"
          size="xs"
          question="Every browser of this account is signed out, this one too. Tokens stay."
          confirm="Sign out everywhere"
          loading={everywhere.isPending}
          onConfirm={() => everywhere.mutate()}
        />
      </div>
    </Section>
  )
}
