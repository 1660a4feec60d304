// One event as a line that opens. Called by events-screen.tsx.
import { IconChevronRight } from '@tabler/icons-react'
import { duration } from '../../shared/format/text.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { Counts } from '../../shared/ui/counts.tsx'
import { EventChanges } from './event-changes.tsx'
import type { RefreshEvent } from './use-events.ts'

const STATUS: Record<string, { word: string; tone: string }> = {
  NEW: { word: 'new rows', tone: 'ok' },
  UNCHANGED: { word: 'unchanged', tone: '' },
  FAILED: { word: 'failed', tone: 'bad' },
  DROPPED: { word: 'view dropped', tone: 'warn' },
}

interface Props {
  event: RefreshEvent
  open: boolean
  toggle: (id: string | undefined) => void
}

export function EventRow({ event, open, toggle }: Props) {
  const status = STATUS[event.status] ?? { word: event.status.toLowerCase(), tone: '' }
  return (
    <li data-event={event.id}>
      <button type="button" className="tm-event" aria-expanded={open} onClick={() => toggle(open ? undefined : event.id)}>
        <IconChevronRight size={14} aria-hidden />
        <span className="tm-truncate">
          <b>{event.matviewName}</b> <span className="tm-dim">#{event.id}</span>
        </span>
        <span className="tm-badge" data-tone={status.tone}>
          {status.word}
        </span>
        {event.inserted === null ? <span /> : <Counts of={event} />}
        <span className="tm-dim tm-right tm-event-took">{event.durationMs === null ? '' : duration(Number(event.durationMs))}</span>
        <Ago className="tm-dim tm-right" at={event.statusChangeTime} />
      </button>
      {event.error && !open && <div className="tm-event-error">{event.error.split('\n')[0]}</div>}
      {open && <EventChanges event={event} />}
    </li>
  )
}
