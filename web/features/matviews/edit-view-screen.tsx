// Edit a view: /views/<name>/edit. Its schedule and history stay.
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { ReadOnly } from '../../shared/ui/read-only.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { ALTER, alterInput, alterMatview } from './alter-matview.ts'
import type { Draft } from './draft.ts'
import { matviewQuery, type Matview } from './fetch-matview.ts'
import { ViewForm } from './view-form.tsx'

export function EditViewScreen() {
  const workspace = useWorkspace()
  const { name = '' } = useParams({ strict: false })
  const reader = useRole() === 'reader'
  const { data, error, refetch } = useQuery({ ...matviewQuery(workspace, name), refetchOnWindowFocus: false })
  return (
    <div className="tm-page tm-wide">
      <title>{`Edit ${name} · Tidemark`}</title>
      <div className="tm-page-head">
        <h1>Edit {name}</h1>
      </div>
      {reader ? (
        <ReadOnly what="this view" />
      ) : error ? (
        <Problem error={error} retry={() => void refetch()} />
      ) : data ? (
        <Editor key={data.id} view={data} />
      ) : (
        <Waiting lines={8} />
      )}
    </div>
  )
}

function Editor({ view }: { view: Matview }) {
  const workspace = useWorkspace()
  const go = useGo()
  const queries = useQueryClient()
  const { name, definition, key, schedule, notifyWhen } = view
  const [draft, setDraft] = useState<Draft>({ name, definition, key: key ?? [], schedule, notifyWhen })
  const alter = useMutation({
    mutationFn: () => alterMatview(workspace, name, draft),
    onSuccess: async (altered) => {
      await queries.invalidateQueries({ queryKey: ['catalog', workspace] })
      queries.removeQueries({ queryKey: ['matview', workspace, name] })
      await go({ to: '/w/$workspace/views/$name', params: { workspace, name: altered.name } })
    },
  })
  return (
    <ViewForm
      draft={draft}
      set={(part) => setDraft((old) => ({ ...old, ...part }))}
      error={alter.error}
      busy={alter.isPending}
      done="Save"
      submit={() => alter.mutate()}
      leave={
        <Button
          variant="default"
          size="sm"
          renderRoot={(props) => <AppLink to="/w/$workspace/views/$name" params={{ workspace, name }} {...props} />}
        >
          Cancel
        </Button>
      }
      call={`${ALTER}\n\n${JSON.stringify({ input: alterInput(name, draft) }, null, 2)}`}
      withSchedule={false}
    />
  )
}
