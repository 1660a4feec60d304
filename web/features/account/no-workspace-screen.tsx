// Signed in, but in no workspace: make one, or wait for an invite. Called for / when the account has none. POST /auth/workspaces.
import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { requestJson, type ApiError } from '../../shared/api/request.ts'
import { signOut, useSession, type Workspace } from '../../shared/api/session.ts'
import { Problem } from '../../shared/ui/states.tsx'

export function NoWorkspaceScreen() {
  const { account } = useSession()
  const [name, setName] = useState('')
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^\d+/, '')
    .slice(0, 31)
  const create = useMutation<Workspace, ApiError>({
    mutationFn: () => requestJson('/auth/workspaces', { method: 'POST', body: JSON.stringify({ id, name: name.trim() }) }),
    onSuccess: (made) => location.assign(`/w/${made.id}`),
  })
  return (
    <main className="tm-page" style={{ maxWidth: 520 }}>
      <title>Tidemark</title>
      <div className="tm-page-head">
        <h1>You are in no workspace</h1>
      </div>
      <p className="tm-dim">Ask an owner for an invite link for {account.email}, or make a workspace of your own.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <TextInput
          label="Name"
          description={id ? `Its address will be /w/${id}` : 'With at least one letter of a to z'}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          mb={12}
        />
        {create.error && <Problem error={create.error} compact />}
        <Button type="submit" mt={12} mr={8} loading={create.isPending} disabled={!id}>
          Make a workspace
        </Button>
        <Button variant="default" mt={12} onClick={() => void signOut()}>
          Sign out
        </Button>
      </form>
    </main>
  )
}
