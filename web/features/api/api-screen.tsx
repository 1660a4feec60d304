// API: the doors for programs, each with a line to paste, filled in with a relation of this workspace. Also where GraphiQL and OpenAPI are.
import { Button, Select } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import { useState } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { useTokenFill } from '../../shared/ui/token-fill.tsx'
import { examplesOf } from './examples.ts'
import '../../shared/ui/list.css'

export function ApiScreen() {
  const workspace = useWorkspace()
  const { data: relations, error, isLoading, refetch } = useCatalog()
  const { token, fill } = useTokenFill('the API')
  const [chosen, setChosen] = useState<string | null>(null)
  const known = (relations ?? []).filter(({ api }) => api !== null)
  const relation: Relation | undefined = known.find(({ name }) => name === chosen) ?? known[0]
  const query = `workspace=${encodeURIComponent(workspace)}`
  return (
    <div className="tm-page">
      <title>API · Tidemark</title>
      <div className="tm-page-head">
        <h1>API</h1>
        <span className="tm-spacer" />
        <Door href={`/graphiql?${query}`} label="GraphiQL" />
        <Door href={`/rest/?${query}`} label="OpenAPI" />
      </div>
      <p className="tm-prose">
        Everything that this page does goes through these doors; a program can do the same. A token knows its workspace.
      </p>
      {fill}
      {error && <Problem error={error} retry={() => void refetch()} />}
      {isLoading && <Waiting />}
      {known.length > 0 && (
        <Select
          label="Examples with"
          data={known.map(({ name }) => name)}
          value={relation?.name ?? null}
          onChange={setChosen}
          searchable
          w={280}
          mb={16}
          size="xs"
        />
      )}
      {relations && (
        <div className="tm-stack">
          {examplesOf(location.origin, relation, token).map(({ title, text }) => (
            <CopyCard key={title} title={title} label={title} text={text} />
          ))}
        </div>
      )}
    </div>
  )
}

function Door({ href, label }: { href: string; label: string }) {
  return (
    <Button
      component="a"
      href={href}
      target="_blank"
      rel="noreferrer"
      variant="default"
      rightSection={<IconExternalLink size={14} aria-hidden />}
    >
      {label}
    </Button>
  )
}
