// Sends past events to a webhook again, from an id on. Called by webhook-card.tsx; an opened event offers the same from itself.
import { Button, NumberInput, Popover } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../shared/api/use-change.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { REPLAY, type Webhook } from './webhooks.ts'

export function Replay({ webhook }: { webhook: Webhook }) {
  const [from, setFrom] = useState<string | number>(Number(webhook.lastEventId ?? 0) + 1)
  const replay = useChange<{ replayWebhook: { webhookReplay: { queued: string; complete: boolean } } }>(REPLAY)
  const told = replay.data?.replayWebhook.webhookReplay
  return (
    <Popover width={280} position="bottom-end" trapFocus returnFocus onClose={replay.reset}>
      <Popover.Target>
        <Button variant="default">Replay</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="tm-stack"
          onSubmit={(event) => {
            event.preventDefault()
            replay.mutate({ id: webhook.id, fromEventId: String(from) })
          }}
        >
          <NumberInput
            label="From event"
            description="Every kept event from this one on is sent again, in order, with the id it had."
            min={0}
            allowDecimal={false}
            required
            value={from}
            onChange={setFrom}
          />
          {replay.error && <Problem error={replay.error} compact />}
          {told && (
            <p role="status" className="tm-webhook-told">
              {told.queued} queued.{!told.complete && ' Older ones are past retention and are gone.'}
            </p>
          )}
          <Button type="submit" loading={replay.isPending} disabled={from === ''}>
            Send them again
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
