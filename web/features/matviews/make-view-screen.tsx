// Make a view: /views/new?from=<relation>. When it is made, one sees its rows.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { catalogQuery } from '../../shared/api/use-catalog.ts'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { ReadOnly } from '../../shared/ui/read-only.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { CREATE, createInput, createMatview } from './create-matview.ts'
import { startOf, type Draft } from './draft.ts'
import { ViewForm } from './view-form.tsx'

export function MakeViewScreen() {
  const workspace = useWorkspace()
  const role = useRole()
  const go = useGo()
  const queries = useQueryClient()
  const { from } = useSearch({ strict: false }) as { from?: string }
  const [draft, setDraft] = useState<Draft>(() => ({
    name: from ? `${from}_view`.slice(0, 63) : '',
    definition: startOf(from),
    // A copy of a table has the table's key, until the definition says otherwise.
    key: queries.getQueryData(catalogQuery(workspace).queryKey)?.find(({ name }) => name === from)?.key ?? [],
    schedule: null,
    notifyWhen: 'NOT_EMPTY',
  }))
  const create = useMutation({
    mutationFn: () => createMatview(workspace, draft),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: ['catalog', workspace] })
      await go(relationTo(workspace, name))
    },
  })
  return (
    <div className="tm-page tm-wide">
      <title>Make a view · Tidemark</title>
      <div className="tm-page-head">
        <h1>Make a view</h1>
      </div>
      {role === 'reader' ? (
        <ReadOnly what="what views show" />
      ) : (
        <ViewForm
          draft={draft}
          set={(part) => setDraft((old) => ({ ...old, ...part }))}
          error={create.error}
          busy={create.isPending}
          done="Make the view"
          submit={() => create.mutate()}
          leave={
            <Button
              variant="default"
              size="sm"
              renderRoot={(props) =>
                from ? <AppLink {...relationTo(workspace, from)} {...props} /> : <AppLink to={`/w/${workspace}`} {...props} />
              }
            >
              Cancel
            </Button>
          }
          call={`${CREATE}\n\n${JSON.stringify({ input: createInput(draft) }, null, 2)}`}
          withSchedule
        />
      )}
    </div>
  )
}
