// The row count over time, as a line of 72 pixels: of a materialized view from its refreshes, of a table from its imports.
// No line while there are fewer than three points: a picture of nothing says nothing.
import { useQuery } from '@tanstack/react-query'
import type { Relation } from '../../shared/api/catalog.ts'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { count } from '../../shared/format/text.ts'

const OF_MATVIEW = `query Runs($name: String!) { matviewRefreshEvents(first: 60, orderBy: [ID_DESC], filter: { matviewName: { equalTo: $name } }) { nodes { rowCount } } }`
const OF_TABLE = `query Imports($name: String!) { uploads(first: 60, orderBy: [ID_DESC], filter: { tableName: { equalTo: $name }, state: { equalTo: DONE } }) { nodes { rows mode } } }`

async function points(workspace: string, relation: Relation): Promise<number[]> {
  if (relation.kind === 'matview') {
    const data = await graphql<{ matviewRefreshEvents: { nodes: { rowCount: string | null }[] } }>(workspace, OF_MATVIEW, {
      name: relation.name,
    })
    return data.matviewRefreshEvents.nodes.flatMap(({ rowCount }) => (rowCount === null ? [] : [Number(rowCount)])).reverse()
  }
  if (relation.kind !== 'table') return []
  const data = await graphql<{ uploads: { nodes: { rows: string; mode: string }[] } }>(workspace, OF_TABLE, { name: relation.name })
  let sum = 0
  return data.uploads.nodes
    .reverse()
    .map(({ rows, mode }) => (sum = mode.toLowerCase() === 'append' || mode.toLowerCase() === 'upsert' ? sum + Number(rows) : Number(rows)))
}

export function RowSparkline({ relation }: { relation: Relation }) {
  const workspace = useWorkspace()
  const { data } = useQuery({
    queryKey: ['row-history', workspace, relation.name],
    queryFn: () => points(workspace, relation),
    staleTime: 20_000,
    retry: false,
  })
  if (!data || data.length < 3) return null
  const low = Math.min(...data)
  const high = Math.max(...data)
  const path = data
    .map(
      (value, index) =>
        `${index ? 'L' : 'M'}${((index / (data.length - 1)) * 70 + 1).toFixed(1)} ${(high === low ? 9 : 16 - ((value - low) / (high - low)) * 14).toFixed(1)}`,
    )
    .join('')
  return (
    <svg
      className="tm-spark"
      width="72"
      height="18"
      role="img"
      aria-label={`Rows over the last ${data.length} ${relation.kind === 'matview' ? 'refreshes' : 'imports'}: from ${count(data[0])} to ${count(data.at(-1)!)}`}
    >
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  )
}
