// What refreshes did to one row of a materialized view: newest first, what each column was and became.
import { useQuery } from '@tanstack/react-query'
import type { Relation } from '../../shared/api/catalog.ts'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { rawText, relative, type Value } from '../../shared/format/text.ts'
import type { Row } from './row-store.ts'

interface Change {
  refreshId: string
  op: string
  createdAt: string
  old: Record<string, unknown> | null
  new: Record<string, unknown> | null
}
const QUERY =
  'query History($matview: String!, $key: JSON!) { rowHistory(matview: $matview, key: $key, first: 30) { nodes { refreshId op createdAt old new } } }'
const WORDS: Record<string, string> = {
  i: 'came',
  insert: 'came',
  INSERT: 'came',
  u: 'changed',
  update: 'changed',
  UPDATE: 'changed',
  d: 'went',
  delete: 'went',
  DELETE: 'went',
}

export function RecordHistory({ relation, row }: { relation: Relation; row: Row }) {
  const workspace = useWorkspace()
  const key = Object.fromEntries(
    (relation.key ?? []).map((name) => [name, row[relation.columns.find((column) => column.name === name)?.field ?? '']]),
  )
  const { data } = useQuery({
    queryKey: ['history', workspace, relation.name, key, row],
    queryFn: () => graphql<{ rowHistory: { nodes: Change[] } }>(workspace, QUERY, { matview: relation.name, key }),
    retry: false,
  })
  const changes = data?.rowHistory.nodes ?? []
  if (!changes.length) return null
  return (
    <section>
      <h2 className="tm-section-title">History</h2>
      <ol className="tm-card tm-history">
        {changes.map((change) => {
          const names = Object.keys(change.new ?? change.old ?? {}).filter(
            (name) => JSON.stringify(change.old?.[name]) !== JSON.stringify(change.new?.[name]),
          )
          return (
            <li key={`${change.refreshId}/${change.op}`}>
              <span className="tm-dim tm-small" title={change.createdAt}>
                {relative(change.createdAt)}
              </span>
              <b>{WORDS[change.op] ?? change.op}</b>
              <span>
                {change.old && change.new
                  ? names
                      .map(
                        (name) =>
                          `${name}: ${rawText(change.old![name] as Value) || 'null'} → ${rawText(change.new![name] as Value) || 'null'}`,
                      )
                      .join(' · ')
                  : null}
              </span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
