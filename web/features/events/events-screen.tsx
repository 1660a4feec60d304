// Events: what refreshes brought, newest first, ticking. The address holds the view, the first id and the event that is open.
import { Button, Select } from '@mantine/core'
import { IconBell, IconChevronRight } from '@tabler/icons-react'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { count, duration, relative } from '../../shared/format/text.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { EventChanges } from './event-changes.tsx'
import { ListenCards } from './listen-cards.tsx'
import { type RefreshEvent, useEvents } from './use-events.ts'
import '../../shared/ui/list.css'
import './events.css'

type Search = { matview?: string; after?: string; event?: string }
const STATUS: Record<string, { word: string; tone: string }> = {
  NEW: { word: 'new rows', tone: 'ok' },
  UNCHANGED: { word: 'unchanged', tone: '' },
  FAILED: { word: 'failed', tone: 'bad' },
  DROPPED: { word: 'view dropped', tone: 'warn' },
}

export function EventsScreen() {
  const workspace = useWorkspace()
  const search = useSearch({ strict: false }) as Search
  const go = useGo()
  const [held, setHeld] = useState(false)
  const { data: relations } = useCatalog()
  const { events, isLoading, error, retry, waitingCount, more } = useEvents(search.matview, search.after, held)
  const to = (change: Search) => void go({ to: '/w/$workspace/events', params: { workspace }, search: { ...search, ...change } })
  const views = (relations ?? []).filter(({ kind }) => kind === 'matview').map(({ name }) => name)
  if (search.matview && !views.includes(search.matview)) views.unshift(search.matview)
  return (
    <div className="tm-page">
      <title>Events · Tidemark</title>
      <div className="tm-page-head">
        <h1>Events</h1>
        <LiveDot />
        <span className="tm-spacer" />
        {waitingCount > 0 && (
          <span className="tm-badge" data-tone="accent" role="status">
            {waitingCount} new, shown when the mouse leaves
          </span>
        )}
        {search.after && (
          <Button variant="default" onClick={() => to({ after: undefined })}>
            Only after {search.after}: show all
          </Button>
        )}
        <Select
          aria-label="View"
          placeholder="All views"
          data={views}
          value={search.matview ?? null}
          onChange={(matview) => to({ matview: matview ?? undefined, event: undefined })}
          clearable
          searchable
          w={220}
        />
      </div>
      {error && <Problem error={error} retry={retry} />}
      {isLoading ? (
        <Waiting lines={8} />
      ) : events.length === 0 ? (
        !error && (
          <Empty icon={IconBell} title="No events yet">
            {search.matview
              ? `${search.matview} has announced nothing that is still kept.`
              : 'Make a view and give it a schedule: each refresh that changes something leaves an event here.'}
          </Empty>
        )
      ) : (
        <ul className="tm-card tm-list tm-events" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)}>
          {events.map((event) => (
            <Row key={event.id} event={event} open={search.event === event.id} toggle={(id) => to({ event: id })} />
          ))}
        </ul>
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

function Row({ event, open, toggle }: { event: RefreshEvent; open: boolean; toggle: (id: string | undefined) => void }) {
  const status = STATUS[event.status] ?? { word: event.status.toLowerCase(), tone: '' }
  return (
    <li>
      <button type="button" className="tm-event" aria-expanded={open} onClick={() => toggle(open ? undefined : event.id)}>
        <IconChevronRight size={14} aria-hidden />
        <span className="tm-truncate">
          <b>{event.matviewName}</b> <span className="tm-dim">#{event.id}</span>
        </span>
        <span>
          <span className="tm-badge" data-tone={status.tone}>
            {status.word}
          </span>
        </span>
        <span className="tm-event-counts">
          <Count sign="+" tone="ok" word="came" value={event.inserted} />
          <Count sign="~" tone="info" word="changed" value={event.updated} />
          <Count sign="−" tone="bad" word="went" value={event.deleted} />
        </span>
        <span className="tm-dim tm-event-right">{event.durationMs === null ? '' : duration(Number(event.durationMs))}</span>
        <time className="tm-dim tm-event-right" dateTime={event.statusChangeTime} title={new Date(event.statusChangeTime).toLocaleString()}>
          {relative(event.statusChangeTime)}
        </time>
      </button>
      {event.error && !open && <div className="tm-event-error">{event.error.split('\n')[0]}</div>}
      {open && <EventChanges event={event} />}
    </li>
  )
}

function Count({ sign, tone, word, value }: { sign: string; tone: string; word: string; value: string | null }) {
  if (value === null) return null
  return (
    <span data-tone={Number(value) ? tone : undefined}>
      <span aria-hidden>{sign}</span>
      {count(Number(value))} <span className="tm-visually-hidden">{word}</span>
    </span>
  )
}
