// "Replay from here": sends this event and every later one to a chosen webhook again. Called by event-changes.tsx.
import { Button, Popover, Select } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { useLiveQuery } from '../../shared/live/use-live-query.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Problem } from '../../shared/ui/states.tsx'
import type { RefreshEvent } from './use-events.ts'

interface Hook {
  id: string
  name: string
  matview: string | null
  state: string
}
const HOOKS = 'subscription Hooks { webhooksLive(first: 200, orderBy: [ID_ASC]) { nodes { id name matview state } } }'
const REPLAY = 'mutation Replay($input: ReplayWebhookInput!) { replayWebhook(input: $input) { webhookReplay { queued complete } } }'

export function ReplayFrom({ event }: { event: RefreshEvent }) {
  const workspace = useWorkspace()
  const [opened, setOpened] = useState(false)
  const [chosen, setChosen] = useState<string | null>(null)
  const { data } = useLiveQuery<{ webhooksLive: { nodes: Hook[] } }>(['hooks', workspace], opened ? HOOKS : null)
  const replay = useChange<{ replayWebhook: { webhookReplay: { queued: string; complete: boolean } } }>(REPLAY)
  const hooks = data?.webhooksLive.nodes.filter(({ matview }) => matview === null || matview === event.matviewName)
  const id = chosen ?? hooks?.[0]?.id ?? null
  const told = replay.data?.replayWebhook.webhookReplay
  return (
    <Popover opened={opened} onChange={setOpened} onClose={replay.reset} width={320} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconRepeat size={15} aria-hidden />} onClick={() => setOpened(!opened)}>
          Replay from here
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={`Replay from event ${event.id}`}>
        {hooks?.length === 0 ? (
          <p className="tm-replay-none">
            No webhook hears of {event.matviewName}.{' '}
            <AppLink to="/w/$workspace/webhooks" params={{ workspace }}>
              Make one
            </AppLink>{' '}
            first. A program replays by itself: it asks for events after {String(BigInt(event.id) - 1n)}.
          </p>
        ) : (
          <form
            className="tm-stack"
            onSubmit={(submitted) => {
              submitted.preventDefault()
              replay.mutate({ id, fromEventId: event.id })
            }}
          >
            <Select
              label="Send again to"
              description={`Event ${event.id} and every later one that it hears of, in order, with the ids they had.`}
              data={(hooks ?? []).map(({ id: value, name, state }) => ({
                value,
                label: state === 'ACTIVE' ? name : `${name} (${state.toLowerCase()})`,
              }))}
              value={id}
              onChange={setChosen}
              comboboxProps={{ withinPortal: false }}
              data-autofocus
            />
            {replay.error && <Problem error={replay.error} compact />}
            {told && (
              <p role="status" className="tm-replay-told">
                {told.queued} queued.{!told.complete && ' Older ones are past retention and are gone.'}
              </p>
            )}
            <Button type="submit" loading={replay.isPending} disabled={!id}>
              Send them again
            </Button>
          </form>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}
