// /import: a file is chosen, looked at in the browser within a second, and sent.
import { useQuery } from '@tanstack/react-query'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { graphql } from '../../shared/api/request.ts'
import { bytes, count, relative } from '../../shared/format/text.ts'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { ReadOnly } from '../../shared/ui/read-only.tsx'
import { ChooseFile } from './choose-file.tsx'
import { PreviewPanel } from './preview-panel.tsx'
import { useUploads } from './uploads.tsx'
import './home.css'

interface Past {
  uploads: {
    nodes: {
      id: string
      state: string
      tableName: string | null
      fileName: string | null
      rows: string
      rejected: string
      bytes: string
      startedAt: string
      error: string | null
    }[]
  }
}
const QUERY = '{ uploads(first: 20, orderBy: [ID_DESC]) { nodes { id state tableName fileName rows rejected bytes startedAt error } } }'

export function ImportScreen() {
  const { chosen, choose } = useUploads()
  const reader = useRole() === 'reader'
  return (
    <div className="tm-page">
      <title>Import · Tidemark</title>
      <div className="tm-page-head">
        <h1>Import</h1>
      </div>
      {chosen && !reader ? (
        <PreviewPanel key={`${chosen.name}/${chosen.size}/${chosen.lastModified}`} file={chosen} leave={() => choose(null)} />
      ) : reader ? (
        <ReadOnly what="what was imported" />
      ) : (
        <ChooseFile />
      )}
      {!chosen && <PastUploads />}
    </div>
  )
}

function PastUploads() {
  const workspace = useWorkspace()
  const { data } = useQuery({
    queryKey: ['uploads', workspace],
    queryFn: () => graphql<Past>(workspace, QUERY),
    staleTime: 0,
    retry: false,
  })
  const nodes = data?.uploads.nodes ?? []
  if (!nodes.length) return null
  return (
    <section className="tm-past">
      <h2 className="tm-section-title">Imports so far</h2>
      <ul className="tm-card tm-links">
        {nodes.map(({ id, state, tableName, fileName, rows, rejected, bytes: size, startedAt, error }) => (
          <li key={id}>
            <AppLink {...relationTo(workspace, tableName ?? '')} className="tm-links-row">
              <span className="tm-truncate">{fileName ?? tableName}</span>
              {(state !== 'DONE' || (fileName ?? tableName) !== tableName) && (
                <span className="tm-dim tm-small tm-truncate">{state === 'DONE' ? `→ ${tableName}` : error}</span>
              )}
              <span className="tm-links-end tm-tabular tm-small tm-dim">
                {count(rows)} rows{Number(rejected) ? `, ${count(rejected)} rejected` : ''} · {bytes(size)} · {relative(startedAt)}
              </span>
              <span className="tm-badge" data-tone={state === 'DONE' ? 'ok' : state === 'FAILED' ? 'bad' : undefined}>
                {state.toLowerCase()}
              </span>
            </AppLink>
          </li>
        ))}
      </ul>
    </section>
  )
}
