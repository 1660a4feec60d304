// Name, kind, count, the mark that says whether it is live, and why it cannot be edited.
import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconLock, IconPlayerPause, IconPlayerPlay, IconSettings, IconStack2 } from '@tabler/icons-react'
import type { Relation } from '../../shared/api/catalog.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { bytes, count } from '../../shared/format/text.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { KIND_WORDS, RelationIcon } from '../../shared/ui/relation-icon.tsx'
import { RowSparkline } from './row-sparkline.tsx'
import { readOnlyReason, tell } from './use-commands.ts'

interface Props {
  relation: Relation
  count: number | null
  exact: boolean
  filtered: boolean
  paused: boolean
  setPaused: (paused: boolean) => void
}

export function RelationHeader({ relation, count: rows, exact, filtered, paused, setPaused }: Props) {
  const workspace = useWorkspace()
  const role = useRole()
  const reason = readOnlyReason(relation, role)
  return (
    <header className="tm-relation-head">
      <RelationIcon kind={relation.kind} size={20} />
      <h1 className="tm-truncate" title={relation.comment ?? undefined}>
        {relation.name}
      </h1>
      <span className="tm-relation-count tm-tabular" aria-live="off">
        {rows === null ? '…' : `${exact ? '' : '~'}${count(rows)} ${filtered ? 'found' : rows === 1 ? 'row' : 'rows'}`}
        {relation.sizeBytes !== null && !filtered && <span className="tm-relation-size"> · {bytes(relation.sizeBytes)}</span>}
      </span>
      <RowSparkline relation={relation} />
      {reason && (
        <Tooltip label={reason} multiline maw={320}>
          <button type="button" className="tm-badge tm-why" onClick={() => tell(reason)}>
            <IconLock size={12} aria-hidden /> Read-only<span className="tm-visually-hidden">: {reason}</span>
          </button>
        </Tooltip>
      )}
      <span className="tm-spacer" />
      <LiveDot paused={paused} withWord />
      <Tooltip label={paused ? 'Follow changes again' : 'Hold still: changes wait until you go on'}>
        <ActionIcon onClick={() => setPaused(!paused)} aria-label={paused ? 'Go on' : 'Pause'} aria-pressed={paused}>
          {paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
        </ActionIcon>
      </Tooltip>
      {relation.kind === 'matview' && (
        <Button
          variant="default"
          aria-label="Definition and runs"
          leftSection={<IconSettings size={15} aria-hidden />}
          renderRoot={(props) => <AppLink to="/w/$workspace/views/$name" params={{ workspace, name: relation.name }} {...props} />}
        >
          Definition and runs
        </Button>
      )}
      {role !== 'reader' && relation.kind !== 'matview' && (
        <Button
          variant="light"
          aria-label="Make a view"
          leftSection={<IconStack2 size={15} aria-hidden />}
          renderRoot={(props) => (
            <AppLink to="/w/$workspace/views/new" params={{ workspace }} search={{ from: relation.name }} {...props} />
          )}
        >
          Make a view
        </Button>
      )}
      <span className="tm-visually-hidden">{KIND_WORDS[relation.kind]}</span>
    </header>
  )
}
