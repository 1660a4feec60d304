// Webhooks: where events are sent, how that goes, and what can be done about it. Editors and owners; readers are told why not.
import { Button } from '@mantine/core'
import { IconPlus, IconWebhook } from '@tabler/icons-react'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { SecretOnce } from '../../shared/ui/secret-once.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { NewWebhook } from './new-webhook.tsx'
import { WebhookCard } from './webhook-card.tsx'
import { WEBHOOKS, type Webhook } from './webhooks.ts'
import '../../shared/ui/list.css'
import './webhooks.css'

export function WebhooksScreen() {
  const role = useRole()
  const { open } = useSearch({ strict: false }) as { open?: string }
  const workspace = useWorkspace()
  const live = useLiveQuery<{ webhooksLive: { nodes: Webhook[] } }>(['webhooks', workspace], role === 'reader' ? null : WEBHOOKS)
  const { error, isLoading } = live
  const data = live.data?.webhooksLive.nodes
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const add = (
    <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>
      New webhook
    </Button>
  )
  return (
    <div className="tm-page">
      <title>Webhooks · Tidemark</title>
      <div className="tm-page-head">
        <h1>Webhooks</h1>
        {role !== 'reader' && <LiveDot withWord />}
        <span className="tm-spacer" />
        {data?.length && !adding ? add : null}
      </div>
      <p className="tm-prose">
        Each event is sent by POST, signed with the webhook’s secret, in order, and again and again until it is accepted.
      </p>
      <SecretOnce title="The secret of this webhook" label="secret" secret={secret} close={() => setSecret(null)}>
        The receiver checks the signature of each message with it.
      </SecretOnce>
      {adding && <NewWebhook made={setSecret} close={() => setAdding(false)} />}
      {error && <Problem error={error} />}
      {role === 'reader' && (
        <Empty icon={IconWebhook} title="Webhooks are for editors and owners">
          An address may be a secret in itself. Ask an owner of this workspace to make you an editor.
        </Empty>
      )}
      {isLoading && <Waiting />}
      {data?.length === 0 && !adding && (
        <Empty icon={IconWebhook} title="No webhooks yet" action={add}>
          Give an address: Tidemark calls it when a refresh brought something.
        </Empty>
      )}
      <div className="tm-stack">
        {data?.map((webhook) => (
          <WebhookCard key={webhook.id} webhook={webhook} opened={webhook.id === open} reveal={setSecret} />
        ))}
      </div>
    </div>
  )
}
