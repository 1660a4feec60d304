// Events: what refreshes brought, newest first, ticking. The address holds the view, the first id and the event that is open.
// The list stands still while the mouse is over it or when it is paused (WCAG 2.2.2); what came meanwhile is counted.
import { Button, Select } from '@mantine/core'
import { IconBell, IconPlayerPause, IconPlayerPlay, IconPlugConnected, IconStack2 } from '@tabler/icons-react'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { EventRow } from './event-row.tsx'
import { ListenCards } from './listen-cards.tsx'
import { useEvents, useOneEvent } from './use-events.ts'
import '../../shared/ui/list.css'
import './events.css'

type Search = { matview?: string; after?: string; event?: string }

export function EventsScreen() {
  const workspace = useWorkspace()
  const search = useSearch({ strict: false }) as Search
  const go = useGo()
  const reader = useRole() === 'reader'
  const [hovered, setHovered] = useState(false)
  const [paused, setPaused] = useState(false)
  const { data: relations } = useCatalog()
  const { events, isLoading, error, retry, waitingCount, show, more } = useEvents(search.matview, search.after, hovered || paused)
  const older = useOneEvent(isLoading ? undefined : search.event, events)
  const to = (change: Search) => void go({ to: '/w/$workspace/events', params: { workspace }, search: { ...search, ...change } })
  const views = (relations ?? []).filter(({ kind }) => kind === 'matview').map(({ name }) => name)
  if (search.matview && !views.includes(search.matview)) views.unshift(search.matview)
  return (
    <div className="tm-page">
      <title>Events · Tidemark</title>
      <div className="tm-page-head">
        <h1>Events</h1>
        <LiveDot withWord paused={paused} />
        <span className="tm-spacer" />
        {search.after && (
          <Button variant="default" onClick={() => to({ after: undefined })}>
            Only after {search.after}: show all
          </Button>
        )}
        <Button
          variant="default"
          leftSection={paused ? <IconPlayerPlay size={14} aria-hidden /> : <IconPlayerPause size={14} aria-hidden />}
          onClick={() => setPaused(!paused)}
        >
          {paused ? 'Go on' : 'Pause'}
        </Button>
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={14} aria-hidden />}
          onClick={() => document.getElementById('listen')?.scrollIntoView({ block: 'start' })}
        >
          Listen elsewhere
        </Button>
        <Select
          aria-label="View"
          placeholder="All views"
          size="xs"
          data={views}
          value={search.matview ?? null}
          onChange={(matview) => to({ matview: matview ?? undefined, event: undefined })}
          clearable
          searchable
          w={220}
        />
      </div>
      {error && <Problem error={error} retry={retry} />}
      {older && (
        <ul className="tm-card tm-list tm-events tm-events-one" aria-label="The event of this address">
          <EventRow event={older} open toggle={(id) => to({ event: id })} />
        </ul>
      )}
      {isLoading ? (
        <Waiting lines={8} />
      ) : events.length === 0 ? (
        !error && (
          <Empty
            icon={IconBell}
            title="No events yet"
            action={
              !reader &&
              !search.matview && (
                <Button
                  leftSection={<IconStack2 size={15} aria-hidden />}
                  renderRoot={(props) => <AppLink to={`/w/${workspace}/views/new`} {...props} />}
                >
                  Make a view
                </Button>
              )
            }
          >
            {search.matview
              ? `${search.matview} has announced nothing that is still kept.`
              : 'Make a view and give it a schedule: each refresh that changes something leaves an event here.'}
          </Empty>
        )
      ) : (
        // Only a mouse holds: a finger leaves no trace of having left.
        <div
          onPointerEnter={(pointer) => pointer.pointerType === 'mouse' && setHovered(true)}
          onPointerLeave={() => setHovered(false)}
          className="tm-events-hold"
        >
          {waitingCount > 0 && (
            <button type="button" className="tm-events-new" onClick={show}>
              Show {waitingCount} new
            </button>
          )}
          <ul className="tm-card tm-list tm-events" aria-label="Events">
            {events.map((event) => (
              <EventRow key={event.id} event={event} open={search.event === event.id} toggle={(id) => to({ event: id })} />
            ))}
          </ul>
        </div>
      )}
      {more && (
        <Button mt={12} variant="default" onClick={more}>
          Older
        </Button>
      )}
      <ListenCards matview={search.matview} />
    </div>
  )
}
