// One webhook: how it goes in a sentence, what can be done with it, its deliveries when it is opened.
import { Button, Menu, NumberInput, Popover } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useState } from 'react'
import { useChange } from '../../shared/api/use-change.ts'
import { relative } from '../../shared/format/text.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { Deliveries } from './deliveries.tsx'
import { DROP, ENABLE, PAUSE, REPLAY, ROTATE, TEST, type Webhook } from './webhooks.ts'

const STATES = { ACTIVE: { word: 'on', tone: 'ok' }, PAUSED: { word: 'paused', tone: 'warn' }, DISABLED: { word: 'disabled', tone: 'bad' } }

export function WebhookCard({ webhook, reveal }: { webhook: Webhook; reveal: (secret: string) => void }) {
  const { id } = webhook
  const [open, setOpen] = useState(false)
  const [dropping, setDropping] = useState(false)
  const pause = useChange(PAUSE, 'webhooks')
  const enable = useChange(ENABLE, 'webhooks')
  const drop = useChange(DROP, 'webhooks')
  const test = useChange(TEST, 'webhooks', () => setOpen(true))
  const rotate = useChange<{ rotateWebhookSecret: { newWebhook: { secret: string } } }>(ROTATE, 'webhooks', (data) =>
    reveal(data.rotateWebhookSecret.newWebhook.secret),
  )
  const error = [pause, enable, drop, test, rotate].find((change) => change.error)?.error
  const state = STATES[webhook.state]
  return (
    <article className="tm-card" style={{ padding: 16 }}>
      <div className="tm-stack">
        <div style={{ display: 'flex', gap: 8, alignItems: 'center', flexWrap: 'wrap' }}>
          <h2 className="tm-section-title" style={{ margin: 0 }}>
            {webhook.name}
          </h2>
          <span className="tm-badge" data-tone={webhook.state === 'ACTIVE' && webhook.problem ? 'warn' : state.tone}>
            {state.word}
          </span>
          <span className="tm-spacer" />
          {webhook.state === 'ACTIVE' ? (
            <Button variant="default" loading={pause.isPending} onClick={() => pause.mutate({ id })}>
              Pause
            </Button>
          ) : (
            <Button loading={enable.isPending} onClick={() => enable.mutate({ id })}>
              Enable
            </Button>
          )}
          <Button variant="default" disabled={webhook.state === 'DISABLED'} loading={test.isPending} onClick={() => test.mutate({ id })}>
            Send a test
          </Button>
          <Replay webhook={webhook} />
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="subtle" color="gray" aria-label={`More for ${webhook.name}`}>
                <IconDots size={16} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => rotate.mutate({ id })}>New secret (the old one signs too for 24 hours)</Menu.Item>
              <Menu.Item color="red" onClick={() => setDropping(true)}>
                Drop…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
        <div style={{ fontSize: '0.8125rem', overflowWrap: 'anywhere' }}>
          <code>{webhook.url}</code>
          <div className="tm-dim">
            {webhook.matview ? `Events of ${webhook.matview}` : 'Events of all views'}
            {webhook.withChanges && ', with the changed rows'}
            {webhook.lastDeliveredAt ? ` · last delivered ${relative(webhook.lastDeliveredAt)}` : ' · nothing delivered yet'}
          </div>
        </div>
        {webhook.problem && (
          <p className="tm-problem" data-compact style={{ display: 'block', margin: 0 }}>
            {webhook.problem}
          </p>
        )}
        {dropping && (
          <div role="alert" style={{ display: 'flex', gap: 8, alignItems: 'center', flexWrap: 'wrap' }}>
            <span>Drop {webhook.name} with its log? What waits is not sent.</span>
            <Button color="red" loading={drop.isPending} onClick={() => drop.mutate({ id })}>
              Drop it
            </Button>
            <Button variant="default" onClick={() => setDropping(false)}>
              Keep it
            </Button>
          </div>
        )}
        {error && <Problem error={error} compact />}
        <div>
          <Button variant="subtle" size="compact-xs" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide deliveries' : 'Deliveries'}
          </Button>
        </div>
        {open && <Deliveries webhook={id} />}
      </div>
    </article>
  )
}

function Replay({ webhook }: { webhook: Webhook }) {
  const [from, setFrom] = useState<string | number>(Number(webhook.lastEventId ?? 0) + 1)
  const replay = useChange<{ replayWebhook: { webhookReplay: { queued: string; complete: boolean } } }>(REPLAY, 'webhooks')
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
            <p role="status" style={{ margin: 0 }}>
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
