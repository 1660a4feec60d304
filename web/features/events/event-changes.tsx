// One event, opened: its error, the rows that came, changed and went, to whom it was sent, and again from here.
// Called by events-screen.tsx.
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { graphql } from '../../shared/api/request.ts'
import { useRelation } from '../../shared/api/use-catalog.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { count } from '../../shared/format/text.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { EventDeliveries } from './event-deliveries.tsx'
import { type Change, EventRows } from './event-rows.tsx'
import { ReplayFrom } from './replay-from.tsx'
import type { RefreshEvent } from './use-events.ts'

interface Answer {
  matviewRefreshChanges: { nodes: Change[]; totalCount: number }
}
const QUERY = `query Changes($refresh: BigInt!, $first: Int!) {
  matviewRefreshChanges(filter: { refreshId: { equalTo: $refresh } }, orderBy: [SEQ_ASC], first: $first) {
    totalCount nodes { seq op key old new }
  }
}`

export function EventChanges({ event }: { event: RefreshEvent }) {
  const workspace = useWorkspace()
  const reader = useRole() === 'reader'
  const [first, setFirst] = useState(50)
  const { data, error, isLoading, refetch } = useQuery({
    queryKey: ['event-changes', workspace, event.refreshId, first],
    queryFn: () => graphql<Answer>(workspace, QUERY, { refresh: event.refreshId, first }),
    enabled: event.refreshId !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  })
  const { relation } = useRelation(event.matviewName)
  const changes = data?.matviewRefreshChanges.nodes ?? []
  const total = data?.matviewRefreshChanges.totalCount ?? 0
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
      {changes.length > 0 && <EventRows changes={changes} known={relation?.columns ?? []} />}
      {total > changes.length && first < 1000 && (
        <div>
          <Button variant="default" onClick={() => setFirst((n) => Math.min(1000, n + 200))}>
            More ({count(total - changes.length)} left)
          </Button>
        </div>
      )}
      {!reader && <EventDeliveries event={event.id} />}
      <div className="tm-actions">
        {!reader && <ReplayFrom event={event} />}
        {event.status !== 'DROPPED' && (
          <Button
            variant="default"
            renderRoot={(props) => <AppLink to="/w/$workspace/views/$name" params={{ workspace, name: event.matviewName }} {...props} />}
          >
            About {event.matviewName}
          </Button>
        )}
      </div>
    </div>
  )
}
