// Makes a workspace: its short name, which stays, is made of what people call it. POST /auth/workspaces.
// Called by the people screen and by no-workspace-screen.tsx.
import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type ApiError, requestJson } from '../../shared/api/request.ts'
import type { Workspace } from '../../shared/api/session.ts'
import { Problem } from '../../shared/ui/states.tsx'

export function NewWorkspace() {
  const [name, setName] = useState('')
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^\d+/, '')
    .slice(0, 31)
  const create = useMutation<Workspace, ApiError>({
    mutationFn: () => requestJson('/auth/workspaces', { method: 'POST', body: JSON.stringify({ id, name: name.trim() }) }),
    // A new start: the session knows of one workspace more.
    onSuccess: (made) => location.assign(`/w/${made.id}`),
  })
  return (
    <form
      className="tm-card tm-form"
      aria-label="New workspace"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <TextInput
        label="Name"
        description={id ? `Its address will be /w/${id}` : 'With at least one letter of a to z'}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        style={{ flex: 1, minWidth: 200 }}
      />
      <Button type="submit" size="sm" loading={create.isPending} disabled={!id}>
        Make a workspace
      </Button>
      {create.error && <Problem error={create.error} compact />}
    </form>
  )
}
