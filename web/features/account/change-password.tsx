// POST /auth/password: a new password, with the one that holds now. Who came by a link and has none sets the first.
import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { requestJson } from '../../shared/api/request.ts'
import { sessionQuery, useSession } from '../../shared/api/session.ts'
import { Section } from './section.tsx'
import { Problem } from '../../shared/ui/states.tsx'

export function ChangePassword() {
  const { account } = useSession()
  const queries = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => requestJson('/auth/password', { method: 'POST', body: JSON.stringify({ current, next }) }),
    onSuccess: () => {
      setCurrent('')
      setNext('')
      return queries.invalidateQueries(sessionQuery)
    },
  })
  return (
    <Section
      title="Password"
      about={account.has_password ? 'A change signs your other browsers out.' : 'You signed in by a link and have none yet.'}
    >
      <form
        className="tm-card tm-stack"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <input type="email" autoComplete="username" value={account.email} readOnly hidden />
        {account.has_password && (
          <PasswordInput
            label="Now"
            maw={340}
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
        )}
        <PasswordInput
          label="New"
          maw={340}
          autoComplete="new-password"
          required
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {change.error && <Problem error={change.error} compact />}
        {change.isSuccess && <p role="status">Changed. Your other sessions are signed out.</p>}
        <div>
          <Button type="submit" loading={change.isPending} disabled={!next || (account.has_password && !current)}>
            {account.has_password ? 'Change the password' : 'Set a password'}
          </Button>
        </div>
      </form>
    </Section>
  )
}
