// Under a cell that somebody else changed meanwhile: what it holds now, and whose value stays. The same for refused values.
import { Button } from '@mantine/core'
import { useReducer, useEffect } from 'react'
import type { Column } from '../../shared/api/catalog.ts'
import { rawText, type Value } from '../../shared/format/text.ts'
import type { RowStore } from './row-store.ts'
import type { GridColumn } from './use-columns.ts'

interface Props {
  store: RowStore
  columns: GridColumn[]
  offset: number
  rowHeight: number
  /** Where a bar may begin at most, so that it is seen whole. */
  maxLeft: number
  settle: (rowKey: string, column: Column, keep: boolean) => void
}

export function ConflictBars({ store, columns, offset, rowHeight, maxLeft, settle }: Props) {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  useEffect(() => store.onMarks(redraw), [store])
  return (
    <>
      {store.openMarks().map(({ key, field, mark }) => {
        const index = store.indexOf(key)
        const column = columns.find((each) => each.field === field)
        if (index === undefined || !column || mark.state === 'saving') return null
        const mine = mark.value === null ? 'null' : rawText(mark.value as Value)
        return (
          <div
            key={`${key} ${field}`}
            className="tm-conflict"
            data-state={mark.state}
            role="alert"
            style={{ top: 36 + (index + 1) * rowHeight + offset, left: Math.max(64, Math.min(column.x, maxLeft)) }}
          >
            {mark.state === 'conflict' ? (
              <>
                <span>
                  Changed to <b>{mark.theirs ?? 'null'}</b> at {mark.at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}.
                </span>
                <Button size="compact-xs" onClick={() => settle(key, column, true)}>
                  Keep yours ({mine.slice(0, 24)})
                </Button>
                <Button size="compact-xs" variant="default" onClick={() => settle(key, column, false)}>
                  Take theirs
                </Button>
              </>
            ) : (
              <>
                <span>
                  <b>{mine.slice(0, 40)}</b> was not stored: {mark.message}
                </span>
                <Button size="compact-xs" variant="default" onClick={() => store.setMark(key, field, null)}>
                  Put back
                </Button>
              </>
            )}
          </div>
        )
      })}
    </>
  )
}
