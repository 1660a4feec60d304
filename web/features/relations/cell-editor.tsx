// The editor inside a cell. Text in, text out: PostgreSQL alone decides what a value means.
// Enter keeps and moves down, Tab keeps and moves right, Esc leaves everything as it was, Shift+Enter is a new line.
import { useEffect, useRef } from 'react'
import { isBoolean, isJson } from '../../shared/format/kinds.ts'
import { rawText, type Value } from '../../shared/format/text.ts'
import type { GridColumn } from './use-columns.ts'

export type Move = 'down' | 'up' | 'right' | 'left' | 'stay'

export function CellEditor({
  column,
  value,
  typed,
  commit,
  cancel,
}: {
  column: GridColumn
  value: Value
  typed: string | null
  commit: (text: string | null, move: Move) => void
  cancel: () => void
}) {
  const old =
    isJson(column.base) && typeof value === 'object' && value !== null
      ? JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ')
      : rawText(value)
  const element = useRef<HTMLTextAreaElement>(null)
  const done = useRef(false)
  useEffect(() => {
    const area = element.current!
    area.focus()
    if (typed === null) area.select()
    else area.setSelectionRange(area.value.length, area.value.length)
  }, [typed])
  const keep = (move: Move) => {
    if (done.current) return
    done.current = true
    const text = element.current!.value
    if (text === old && typed === null) return cancel()
    // An emptied cell that was null, and emptied numbers and dates, are null: '' is a value only for text.
    const textual = /^(text|character|varchar|citext)/.test(column.base)
    commit(text === '' && (!textual || value === null) ? null : text, move)
  }
  const choices = column.values ?? (isBoolean(column.base) ? ['true', 'false'] : null)
  return (
    <>
      <textarea
        ref={element}
        className="tm-editor"
        defaultValue={typed ?? old}
        rows={1}
        aria-label={`${column.title}, editing`}
        spellCheck={false}
        data-long={old.length > 60 || undefined}
        onMouseDown={(event) => event.stopPropagation()}
        onBlur={() => keep('stay')}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Enter' && !event.shiftKey) event.preventDefault(), keep('down')
          else if (event.key === 'Tab') event.preventDefault(), keep(event.shiftKey ? 'left' : 'right')
          else if (event.key === 'Escape') {
            done.current = true
            cancel()
          }
        }}
      />
      {choices && (
        <span className="tm-choices">
          {choices.slice(0, 12).map((choice) => (
            <button
              key={choice}
              type="button"
              tabIndex={-1}
              onMouseDown={(event) => {
                event.preventDefault()
                event.stopPropagation()
                element.current!.value = choice
                keep('stay')
              }}
            >
              {choice}
            </button>
          ))}
        </span>
      )}
    </>
  )
}
