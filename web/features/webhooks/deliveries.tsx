// The log of one webhook, live: what was sent, what was answered, and again. Called by webhook-card.tsx.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { duration } from '../../shared/format/text.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { type Attempt, ATTEMPTS, DELIVERIES, type Delivery, RESEND } from './webhooks.ts'

const TONES = { PENDING: 'info', DELIVERED: 'ok', FAILED: 'bad' } as const
const WORDS = { PENDING: 'waiting', DELIVERED: 'delivered', FAILED: 'given up' } as const
const REASONS = { event: '', replay: 'replay', again: 'sent again', test: '' } as const

export function Deliveries({ webhook }: { webhook: string }) {
  const workspace = useWorkspace()
  const [first, setFirst] = useState(20)
  const [open, setOpen] = useState<string | null>(null)
  const live = useLiveQuery<{ deliveriesLive: { nodes: Delivery[]; pageInfo: { hasNextPage: boolean } } }>(
    ['deliveries', workspace, webhook, first],
    DELIVERIES,
    { webhook, first },
    true,
  )
  const { error, isLoading } = live
  const data = live.data?.deliveriesLive
  const resend = useChange(RESEND)
  if (isLoading) return <Waiting lines={3} />
  return (
    <div className="tm-stack">
      {error && <Problem error={error} compact />}
      {resend.error && <Problem error={resend.error} compact />}
      {data?.nodes.length === 0 && <p className="tm-dim">Nothing was sent yet. “Send a test” sends something now.</p>}
      <ul className="tm-list tm-card" hidden={!data?.nodes.length}>
        {data?.nodes.map((delivery) => (
          <li key={delivery.id}>
            <span className="tm-badge tm-delivery-state" data-tone={TONES[delivery.status]}>
              {WORDS[delivery.status]}
            </span>
            <span className="tm-list-main">
              {delivery.eventId ? (
                <AppLink to="/w/$workspace/events" params={{ workspace }} search={{ event: delivery.eventId }}>
                  Event {delivery.eventId}
                </AppLink>
              ) : (
                'Test'
              )}{' '}
              <span className="tm-dim">{REASONS[delivery.reason]}</span>
              <div className="tm-dim tm-small">{outcome(delivery)}</div>
            </span>
            <Ago className="tm-dim tm-small" at={delivery.createdAt} />
            <Button
              variant="subtle"
              size="compact-xs"
              aria-expanded={open === delivery.id}
              onClick={() => setOpen(open === delivery.id ? null : delivery.id)}
            >
              Details
            </Button>
            <Button
              variant="default"
              size="compact-xs"
              disabled={delivery.status === 'PENDING'}
              loading={resend.isPending && resend.variables.id === delivery.id}
              onClick={() => resend.mutate({ id: delivery.id })}
            >
              Send again
            </Button>
            {open === delivery.id && <Attempts delivery={delivery.id} />}
          </li>
        ))}
      </ul>
      {data?.pageInfo.hasNextPage && (
        <div>
          <Button variant="default" onClick={() => setFirst((n) => Math.min(500, n + 50))}>
            Older
          </Button>
        </div>
      )}
    </div>
  )
}

function outcome({ attempts, responseStatus, durationMs, error }: Delivery): string {
  if (attempts === 0) return 'not tried yet'
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`
  return [tries, responseStatus && `answered ${responseStatus}`, durationMs && duration(Number(durationMs)), error]
    .filter(Boolean)
    .join(' · ')
}

function Attempts({ delivery }: { delivery: string }) {
  const workspace = useWorkspace()
  const live = useLiveQuery<{ deliveryAttemptsLive: { nodes: Attempt[] } }>(['attempts', workspace, delivery], ATTEMPTS, { delivery })
  const { error, isLoading } = live
  const data = live.data?.deliveryAttemptsLive.nodes
  return (
    <div className="tm-stack" style={{ flexBasis: '100%' }}>
      {isLoading && <Waiting lines={2} />}
      {error && <Problem error={error} compact />}
      {data?.length === 0 && <p className="tm-dim">Not tried yet.</p>}
      {data?.map((attempt) => {
        const headers = Object.entries(attempt.requestHeaders).map(([name, value]) => `${name}: ${value}`)
        const answer = attempt.error ?? `${attempt.responseStatus ?? ''}\n${attempt.responseBody ?? ''}`
        return (
          <section key={attempt.attempt} className="tm-stack">
            <h3 className="tm-section-title">
              Attempt {attempt.attempt}, <Ago at={attempt.startedAt} />, {duration(Number(attempt.durationMs))}
            </h3>
            <CopyCard
              title="Request"
              label={`request of attempt ${attempt.attempt}`}
              text={[...headers, '', attempt.requestBody].join('\n')}
            />
            <CopyCard title="Answer" label={`answer of attempt ${attempt.attempt}`} text={answer.trim() || 'empty'} />
          </section>
        )
      })}
    </div>
  )
}
