// What is in a column: a histogram of numbers and dates, the most frequent values of everything else.
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Relation } from '../../shared/api/catalog.ts'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { count, formatText } from '../../shared/format/text.ts'
import type { PlacedColumn } from './view-config.ts'

interface Distribution {
  rows: number
  nulls: number
  distinct: number
  min: number | null
  max: number | null
  sampled: boolean
  dates: boolean | null
  top: { value: string; count: number }[]
  bins: number[] | null
}

const QUERY = 'query Distribution($relation: String!, $column: String!) { columnDistribution(relation: $relation, column: $column) }'

export function ColumnDistribution({
  relation,
  column,
  filter,
}: {
  relation: Relation
  column: PlacedColumn
  filter: (value: string) => void
}) {
  const workspace = useWorkspace()
  const { data, isError } = useQuery({
    queryKey: ['distribution', workspace, relation.name, column.name],
    queryFn: async () =>
      (await graphql<{ columnDistribution: Distribution }>(workspace, QUERY, { relation: relation.name, column: column.name }))
        .columnDistribution,
    staleTime: 15_000,
    retry: false,
  })
  if (isError) return null
  if (!data) return <Skeleton height={56} mx={12} my={6} width="auto" />
  if (data.rows === 0) return <p className="tm-dist tm-dist-facts">No values yet.</p>
  const share = (part: number) => `${((part / data.rows) * 100).toLocaleString(undefined, { maximumFractionDigits: 1 })} %`
  const end = (value: number) =>
    data.dates
      ? formatText(new Date(value * 1000).toISOString(), { kind: 'date', opt: { time: false } }, 'timestamptz')
      : count(String(Number(value.toPrecision(6))))
  const useBins = data.bins && data.distinct > 8
  return (
    <div className="tm-dist">
      {useBins && data.bins ? (
        <figure style={{ margin: 0 }} role="img" aria-label={`Histogram from ${end(data.min!)} to ${end(data.max!)}`}>
          <div className="tm-dist-bins">
            {data.bins.map((bin, index) => (
              <span
                key={index}
                style={{ height: `${(bin / Math.max(...data.bins!)) * 100}%`, opacity: bin ? 1 : 0.2 }}
                title={count(bin)}
              />
            ))}
          </div>
          <div className="tm-dist-ends">
            <span>{end(data.min!)}</span>
            <span>{end(data.max!)}</span>
          </div>
        </figure>
      ) : (
        <ol aria-label="Most frequent values">
          {data.top.slice(0, 5).map((each) => (
            <li
              key={each.value}
              style={
                {
                  '--share': `${share(each.count)
                    .replace(/[^\d.,]/g, '')
                    .replace(',', '.')}%`,
                } as React.CSSProperties
              }
            >
              <button type="button" className="tm-plain tm-truncate" title={`Show only ${each.value}`} onClick={() => filter(each.value)}>
                {each.value === '' ? <i>empty</i> : each.value}
              </button>
              <span className="tm-tabular">{share(each.count)}</span>
            </li>
          ))}
        </ol>
      )}
      <p className="tm-dist-facts">
        {data.sampled ? '~' : ''}
        {count(data.distinct)} different · {data.nulls ? `${share(data.nulls)} null` : 'no nulls'}
        {data.sampled && ` · sample of ${count(data.rows)}`}
      </p>
    </div>
  )
}
