// One webhook: how it goes in a sentence, what can be done with it, its deliveries when it is opened.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconChevronRight, IconDots } from '@tabler/icons-react'
import { useState } from 'react'
import { useChange } from '../../shared/api/use-change.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { Problem } from '../../shared/ui/states.tsx'
import { Deliveries } from './deliveries.tsx'
import { Replay } from './replay.tsx'
import { DROP, ENABLE, PAUSE, ROTATE, TEST, type Webhook } from './webhooks.ts'

const STATES = {
  ACTIVE: { word: 'on', tone: 'ok' },
  FAILING: { word: 'failing', tone: 'bad' },
  PAUSED: { word: 'paused', tone: 'warn' },
  DISABLED: { word: 'disabled', tone: 'bad' },
}

interface Props {
  webhook: Webhook
  opened: boolean
  reveal: (secret: string) => void
}

export function WebhookCard({ webhook, opened, reveal }: Props) {
  const { id } = webhook
  const [open, setOpen] = useState(opened)
  const [dropping, setDropping] = useState(false)
  const pause = useChange(PAUSE)
  const enable = useChange(ENABLE)
  const drop = useChange(DROP)
  const test = useChange(TEST, () => setOpen(true))
  const rotate = useChange<{ rotateWebhookSecret: { newWebhook: { secret: string } } }>(ROTATE, (data) =>
    reveal(data.rotateWebhookSecret.newWebhook.secret),
  )
  const error = [pause, enable, drop, test, rotate].find((change) => change.error)?.error
  const state = STATES[webhook.state === 'ACTIVE' && webhook.problem ? 'FAILING' : webhook.state]
  return (
    <article className="tm-card tm-webhook" aria-label={webhook.name}>
      <div className="tm-stack">
        <div className="tm-actions">
          <h2 className="tm-section-title">{webhook.name}</h2>
          <span className="tm-badge" data-tone={state.tone}>
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
              <ActionIcon variant="default" size={30} aria-label={`More for ${webhook.name}`}>
                <IconDots size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => rotate.mutate({ id })}>New secret (the old one signs too for 24 hours)</Menu.Item>
              <Menu.Item color="red" onClick={() => setDropping(true)}>
                Drop…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
        <div className="tm-webhook-about">
          <code>{webhook.url}</code>
          <div className="tm-dim">
            {webhook.matview ? `Events of ${webhook.matview}` : 'Events of all views'}
            {webhook.withChanges && ', with the changed rows'}
            {webhook.lastDeliveredAt ? (
              <>
                {' · last delivered '}
                <Ago at={webhook.lastDeliveredAt} />
              </>
            ) : (
              ' · nothing delivered yet'
            )}
          </div>
        </div>
        {webhook.problem && (
          <p className="tm-problem tm-webhook-problem" data-compact>
            {webhook.problem}
          </p>
        )}
        {dropping && (
          <div role="alert" className="tm-actions">
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
          <Button
            variant="subtle"
            size="compact-sm"
            ml={-8}
            aria-expanded={open}
            leftSection={<IconChevronRight size={14} aria-hidden className="tm-chevron" />}
            onClick={() => setOpen(!open)}
          >
            Deliveries
          </Button>
        </div>
        {open && <Deliveries webhook={id} />}
      </div>
    </article>
  )
}
