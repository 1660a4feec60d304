// What the workspace is called. Its id, which is in addresses and in PostgreSQL, stays.
import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { sessionQuery, useSession, useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { RENAME } from './people.ts'

export function WorkspaceName() {
  const id = useWorkspace()
  const queries = useQueryClient()
  const now = useSession().workspaces.find((workspace) => workspace.id === id)?.name ?? id
  const [name, setName] = useState(now)
  const rename = useChange(RENAME, () => void queries.invalidateQueries(sessionQuery))
  return (
    <form
      className="tm-form"
      onSubmit={(event) => {
        event.preventDefault()
        rename.mutate({ name: name.trim() })
      }}
    >
      <TextInput
        label="Name"
        description={`In addresses and in PostgreSQL it stays ${id}`}
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        style={{ flex: 1, minWidth: 220 }}
      />
      <Button type="submit" size="sm" loading={rename.isPending} disabled={!name.trim() || name.trim() === now}>
        Rename
      </Button>
      {rename.error && <Problem error={rename.error} compact />}
    </form>
  )
}
