// What one refresh did, row by row: what it was, what it became. Asked for when an event is opened.
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { count, rawText, type Value } from '../../shared/format/text.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import type { RefreshEvent } from './use-events.ts'

type Fields = Record<string, unknown>
interface Answer {
  matviewRefreshChanges: {
    nodes: { seq: number; op: string; key: Fields; old: Fields | null; new: Fields | null }[]
    totalCount: number
  }
}
const QUERY = `query Changes($refresh: BigInt!, $first: Int!) {
  matviewRefreshChanges(filter: { refreshId: { equalTo: $refresh } }, orderBy: [SEQ_ASC], first: $first) {
    totalCount nodes { seq op key old new }
  }
}`
const OPS: Record<string, { sign: string; word: string; tone: string }> = {
  insert: { sign: '+', word: 'came', tone: 'ok' },
  update: { sign: '~', word: 'changed', tone: 'info' },
  delete: { sign: '−', word: 'went', tone: 'bad' },
}
const text = (value: unknown) =>
  value === null || value === undefined ? 'null' : rawText((typeof value === 'object' ? JSON.stringify(value) : value) as Value)

export function EventChanges({ event }: { event: RefreshEvent }) {
  const workspace = useWorkspace()
  const [first, setFirst] = useState(50)
  const { data, error, isLoading, refetch } = useQuery({
    queryKey: ['event-changes', workspace, event.refreshId, first],
    queryFn: () => graphql<Answer>(workspace, QUERY, { refresh: event.refreshId, first }),
    enabled: event.refreshId !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
  const changes = data?.matviewRefreshChanges.nodes ?? []
  const total = data?.matviewRefreshChanges.totalCount ?? 0
  const columns = [...new Set(changes.flatMap(({ key, old, new: now }) => Object.keys({ ...key, ...(now ?? old) })))]
  return (
    <div className="tm-event-body tm-stack">
      {event.error && (
        <CopyCard title={`The error (${event.errorCode ?? '?'}); the rows stay as they were`} label="error" text={event.error} />
      )}
      {event.changesTruncated && (
        <p className="tm-badge" data-tone="warn">
          More rows changed than this view keeps: these are the first. Read the view itself for all.
        </p>
      )}
      {isLoading && event.refreshId !== null && <Waiting lines={3} />}
      {error && <Problem error={error} retry={() => void refetch()} compact />}
      {data && !changes.length && !event.error && <p className="tm-dim">No rows are kept of this refresh.</p>}
      {changes.length > 0 && (
        <div className="tm-event-rows" role="region" aria-label="Rows of this refresh" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                {columns.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {changes.map(({ seq, op, key, old, new: now }) => {
                const kind = OPS[op] ?? { sign: '', word: op, tone: '' }
                return (
                  <tr key={seq} data-op={op}>
                    <th scope="row">
                      <span className="tm-badge" data-tone={kind.tone}>
                        {kind.sign} {kind.word}
                      </span>
                    </th>
                    {columns.map((name) => {
                      const was = (old ?? key)[name]
                      const is = (now ?? old ?? key)[name]
                      const changed = op === 'update' && old && JSON.stringify(was) !== JSON.stringify(is)
                      return (
                        <td key={name} data-changed={changed || undefined}>
                          {changed && <del>{text(was)}</del>} {op === 'delete' ? <del>{text(is)}</del> : text(is)}
                        </td>
                      )
                    })}
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
      {total > changes.length && first < 1000 && (
        <div>
          <Button variant="default" onClick={() => setFirst((n) => Math.min(1000, n + 200))}>
            More ({count(total - changes.length)} left)
          </Button>
        </div>
      )}
    </div>
  )
}
