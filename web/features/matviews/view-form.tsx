// The form of a view: definition with preview, name, key, schedule, announcement. Called by make-view-screen and edit-view-screen,
// which hold the draft and say what "done" does.
import { Button, Radio, TextInput } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMemo, type ReactNode } from 'react'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { ApiError } from '../../shared/api/request.ts'
import { CopyCard, ShowSql } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { draftSql, NOTIFY, offsetOf, type Draft, type NotifyWhen } from './draft.ts'
import { KeyPicker } from './key-picker.tsx'
import { PreviewRows } from './preview-rows.tsx'
import { SchedulePicker } from './schedule-picker.tsx'
import { SqlEditor } from './sql-editor.tsx'
import { usePreview } from './use-preview.ts'
import './view-form.css'

interface Props {
  draft: Draft
  set: (part: Partial<Draft>) => void
  /** What the server said to the last attempt. */
  error: unknown
  busy: boolean
  done: string
  submit: () => void
  leave: ReactNode
  /** The call behind the button. */
  call: string
  withSchedule: boolean
}

export function ViewForm({ draft, set, error, busy, done, submit, leave, call, withSchedule }: Props) {
  const { data: relations } = useCatalog()
  const preview = usePreview(draft.definition)
  const tables = useMemo(
    () => Object.fromEntries((relations ?? []).map(({ name, columns }) => [name, columns.map((column) => column.name)])),
    [relations],
  )
  const shown = preview.error ?? (error instanceof ApiError && error.more.position ? error : null)
  const at = preview.at ?? (error instanceof ApiError ? offsetOf(draft.definition, error.more.position) : null)
  const text = shown ? (shown as Error).message : ''
  const mark = useMemo(() => (at === null || !text ? null : { at, message: text }), [at, text])
  const taken = relations?.some(({ name }) => name === draft.name.trim()) ?? false
  return (
    <form
      className="tm-view-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <section aria-labelledby="view-definition">
        <div className="tm-view-title">
          <h2 id="view-definition" className="tm-section-title">
            Definition
          </h2>
          <span className="tm-dim tm-small">One SELECT over the tables and views of this workspace</span>
          <span className="tm-spacer" />
          <Button
            variant="default"
            leftSection={<IconPlayerPlay size={14} aria-hidden />}
            onClick={preview.run}
            loading={preview.busy}
            title="Ctrl+Enter"
          >
            Preview
          </Button>
        </div>
        <SqlEditor
          value={draft.definition}
          onChange={(definition) => set({ definition })}
          run={preview.run}
          tables={tables}
          mark={mark}
          {...(shown ? { describedBy: 'view-definition-problem' } : {})}
        />
        {shown !== null && (
          <div id="view-definition-problem">
            <Problem error={shown} compact />
          </div>
        )}
      </section>
      <section aria-label="Preview of the rows" data-old={preview.error ? true : undefined}>
        {preview.preview ? <PreviewRows preview={preview.preview} /> : preview.busy ? <Waiting lines={4} /> : null}
      </section>
      <div className="tm-card tm-view-settings">
        <TextInput
          label="Name"
          description="How it is called in SQL, GraphQL and REST"
          required
          maxLength={63}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={withSchedule && taken ? 'There is a relation of this name already' : undefined}
          data-autofocus
        />
        <KeyPicker value={draft.key} onChange={(key) => set({ key })} preview={preview.preview} />
        {withSchedule && <SchedulePicker value={draft.schedule} onChange={(schedule) => set({ schedule })} />}
        <Radio.Group
          label="Announce a refresh"
          description="Failures always are."
          value={draft.notifyWhen}
          onChange={(value) => set({ notifyWhen: value as NotifyWhen })}
        >
          {NOTIFY.map(({ value, name, about }) => (
            <Radio
              key={value}
              mt={6}
              size="xs"
              value={value}
              label={
                <>
                  <b>{name}</b> <span className="tm-dim">{about}</span>
                </>
              }
            />
          ))}
        </Radio.Group>
      </div>
      {error !== null && error !== shown && <Problem error={error} />}
      <div className="tm-view-go">
        <span className="tm-spacer" />
        {leave}
        <Button type="submit" size="sm" loading={busy} disabled={!draft.name.trim() || (withSchedule && taken)}>
          {done}
        </Button>
      </div>
      <ShowSql sql={draftSql(draft)} />
      <details className="tm-show-sql">
        <summary>Show the API call</summary>
        <CopyCard label="API call" text={call} />
      </details>
    </form>
  )
}
