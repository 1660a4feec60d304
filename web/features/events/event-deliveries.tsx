// To which webhooks an event was sent, and how that went; live. Called by event-changes.tsx for editors and owners.
import { useWorkspace } from '../../shared/api/session.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Problem } from '../../shared/ui/states.tsx'

interface Delivery {
  id: string
  reason: string
  status: 'PENDING' | 'DELIVERED' | 'FAILED'
  attempts: number
  responseStatus: number | null
  error: string | null
  webhook: { id: string; name: string } | null
}
const LIVE = `subscription DeliveriesOf($event: BigInt!) {
  deliveriesLive(first: 50, orderBy: [ID_ASC], filter: { eventId: { equalTo: $event } }) {
    nodes { id reason status attempts responseStatus error webhook { id name } }
  }
}`
const STATES = { PENDING: ['info', 'waiting'], DELIVERED: ['ok', 'delivered'], FAILED: ['bad', 'given up'] } as const

export function EventDeliveries({ event }: { event: string }) {
  const workspace = useWorkspace()
  const { data, error } = useLiveQuery<{ deliveriesLive: { nodes: Delivery[] } }>(['event-deliveries', workspace, event], LIVE, { event })
  const all = data?.deliveriesLive.nodes
  return (
    <section className="tm-event-deliveries" aria-label="Deliveries of this event">
      <h3 className="tm-section-title">Sent to</h3>
      {error && <Problem error={error} compact />}
      {all?.length === 0 && <span className="tm-dim">No webhook asked for it.</span>}
      {all?.map((delivery) => {
        const [tone, word] = STATES[delivery.status]
        return (
          <div key={delivery.id}>
            <span className="tm-badge" data-tone={tone}>
              {word}
            </span>{' '}
            <AppLink to="/w/$workspace/webhooks" params={{ workspace }} search={{ open: delivery.webhook?.id }}>
              {delivery.webhook?.name ?? 'a webhook'}
            </AppLink>{' '}
            <span className="tm-dim">
              {[
                delivery.reason === 'replay' && 'replayed',
                delivery.reason === 'again' && 'sent again',
                delivery.attempts > 1 && `${delivery.attempts} attempts`,
                delivery.responseStatus && `answered ${delivery.responseStatus}`,
                delivery.status === 'DELIVERED' ? null : delivery.error,
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </div>
        )
      })}
    </section>
  )
}
