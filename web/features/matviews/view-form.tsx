// The form of a view: definition with preview at the left, name, key, schedule and announcement at the right. Called by make-view-screen
// and edit-view-screen, which hold the draft and say what "done" does.
import { Button } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMemo, type ReactNode } from 'react'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { ApiError } from '../../shared/api/request.ts'
import { CopyCard, ShowSql } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { draftSql, offsetOf, type Draft } from './draft.ts'
import { PreviewRows } from './preview-rows.tsx'
import { SqlEditor } from './sql-editor.tsx'
import { usePreview } from './use-preview.ts'
import { ViewSettings } from './view-settings.tsx'
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
  const taken = withSchedule && (relations?.some(({ name }) => name === draft.name.trim()) ?? false)
  return (
    <form
      className="tm-view-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <div className="tm-view-left">
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
              aria-busy={preview.busy}
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
        <div>
          <ShowSql sql={draftSql(draft)} />
          <details className="tm-show-sql">
            <summary>Show the API call</summary>
            <CopyCard label="API call" text={call} />
          </details>
        </div>
      </div>
      <ViewSettings
        draft={draft}
        set={set}
        preview={preview.preview}
        taken={taken}
        withSchedule={withSchedule}
        error={error === shown ? null : error}
        busy={busy}
        done={done}
        leave={leave}
      />
    </form>
  )
}
