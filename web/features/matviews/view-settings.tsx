// Name, key, schedule and announcement of a view, with the button that does it. Called by view-form.tsx, beside the definition.
import { Button, Radio, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { Problem } from '../../shared/ui/states.tsx'
import { NOTIFY, type Draft, type NotifyWhen } from './draft.ts'
import { KeyPicker } from './key-picker.tsx'
import type { Preview } from './preview-matview.ts'
import { SchedulePicker } from './schedule-picker.tsx'

interface Props {
  draft: Draft
  set: (part: Partial<Draft>) => void
  preview: Preview | undefined
  /** There is a relation of this name already. */
  taken: boolean
  withSchedule: boolean
  /** What is wrong, if it is not in the definition. */
  error: unknown
  busy: boolean
  done: string
  leave: ReactNode
}

export function ViewSettings({ draft, set, preview, taken, withSchedule, error, busy, done, leave }: Props) {
  return (
    <div className="tm-card tm-view-settings">
      <TextInput
        label="Name"
        description="How it is called in SQL, GraphQL and REST"
        required
        maxLength={63}
        spellCheck={false}
        value={draft.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={taken ? 'There is a relation of this name already' : undefined}
      />
      <KeyPicker value={draft.key} onChange={(key) => set({ key })} preview={preview} />
      {withSchedule && <SchedulePicker value={draft.schedule} onChange={(schedule) => set({ schedule })} />}
      <Radio.Group
        label="Announce a refresh"
        description="Failures always are."
        value={draft.notifyWhen}
        onChange={(value) => set({ notifyWhen: value as NotifyWhen })}
      >
        {NOTIFY.map(({ value, name, about }) => (
          <Radio key={value} mt={8} size="xs" value={value} label={name} description={about} />
        ))}
      </Radio.Group>
      {error !== null && <Problem error={error} compact />}
      <div className="tm-view-go">
        <Button type="submit" size="sm" loading={busy} disabled={!draft.name.trim() || taken}>
          {done}
        </Button>
        {leave}
      </div>
    </div>
  )
}
