// One row of the grid. Draws itself again only when its version, its part of the selection, its place or the columns change.
// Cells are bare elements: a grid draws hundreds per frame, so what a column's cells share comes ready (use-columns.ts), and
// the mouse is listened to by the grid (pointer.ts).
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid is one tab stop; aria-activedescendant says which of its cells is meant.
import { IconArrowsDiagonal } from '@tabler/icons-react'
import { memo } from 'react'
import { CellValue } from '../../shared/format/cell.tsx'
import { count, type Value } from '../../shared/format/text.ts'
import { CellEditor } from './cell-editor.tsx'
import type { GridActions } from './grid-types.ts'
import { FLASH_MS, type Row, type RowStore } from './row-store.ts'
import { readChosen, type Selection } from './selection.ts'
import { GUTTER, type GridColumn } from './use-columns.ts'

interface Props {
  store: RowStore
  selection: Selection
  index: number
  /** Moves when the row has changed. */
  version: number
  chosen: string
  hovered: boolean
  y: number
  pinned: GridColumn[]
  columns: GridColumn[]
  traits: ReadonlyMap<string, { readOnly: boolean; link: boolean }>
  pinnedWidth: number
  width: number
  actions: GridActions
}

const GUTTER_STYLE = { width: GUTTER }
/** Where nothing hovers, the row of the cursor shows its tools. */
const TOUCH = matchMedia('(hover: none)').matches

export const GridRow = memo(function GridRow(props: Props) {
  const { store, selection, index, chosen, hovered, y, pinned, columns, traits, pinnedWidth, width, actions } = props
  const row = store.get(index)
  const key = store.keyAt(index)
  const marks = key === null ? undefined : store.marksOf(key)
  const fresh = key === null ? undefined : store.flashesOf(key)
  const now = fresh ? performance.now() : 0
  const { active, left, right, editing, ticked } = readChosen(chosen)

  const cell = (column: GridColumn) => {
    const field = column.field!
    const mark = marks?.get(field)
    const at = mark ? undefined : fresh?.get(field)
    const value = (mark ? mark.value : row?.[field]) as Value
    const isActive = active === column.index
    const inRange = column.index >= left && column.index <= right
    const blank = row !== undefined && (value === null || value === undefined || value === '')
    const trait = traits.get(column.name)
    return (
      <div
        key={column.name}
        role="gridcell"
        id={isActive ? `c-${index}-${column.index}` : undefined}
        aria-colindex={column.index + 2}
        aria-readonly={trait?.readOnly || undefined}
        aria-selected={isActive || inRange || undefined}
        className="tm-cell"
        data-active={isActive || undefined}
        data-range={inRange || undefined}
        data-mark={mark?.state}
        data-right={column.right || undefined}
        data-null={blank || undefined}
        data-editing={editing === column.index || undefined}
        data-flash={at !== undefined && now - at < FLASH_MS ? Math.round(at) : undefined}
        style={column.style}
      >
        {editing === column.index ? (
          <CellEditor
            column={column}
            value={selection.editing?.old as Value}
            typed={selection.editing?.typed ?? null}
            commit={(text, move) => actions.commit(index, column, text, move)}
            cancel={actions.cancel}
          />
        ) : row === undefined ? (
          ''
        ) : blank ? (
          value === '' ? (
            'empty'
          ) : (
            'null'
          )
        ) : trait?.link ? (
          <Linked text={column.text?.(value) ?? <CellValue value={value} format={column.format} type={column.base} />}>
            {actions.linkOf(column, row)}
          </Linked>
        ) : column.text ? (
          column.text(value)
        ) : (
          <CellValue value={value} format={column.format} type={column.base} />
        )}
      </div>
    )
  }
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={ticked || undefined}
      className="tm-row"
      data-ticked={ticked || undefined}
      data-ghost={row === undefined || undefined}
      data-editing={editing >= 0 || undefined}
      style={{ transform: `translateY(${y}px)`, width }}
    >
      <div role="presentation" className="tm-pinned" style={{ width: pinnedWidth }}>
        <div role="rowheader" className="tm-gutter" style={GUTTER_STYLE}>
          {row && key !== null && (hovered || ticked || (TOUCH && active >= 0)) ? (
            <Tools row={row} index={index} ticked={ticked} actions={actions} />
          ) : (
            count(index + 1)
          )}
        </div>
        {pinned.map(cell)}
      </div>
      {columns.map(cell)}
    </div>
  )
})

/** In place of the row's number. */
function Tools({ row, index, ticked, actions }: { row: Row; index: number; ticked: boolean; actions: GridActions }) {
  return (
    <span className="tm-gutter-tools">
      {actions.canTick && (
        <input type="checkbox" tabIndex={-1} checked={ticked} aria-label={`Select row ${index + 1}`} onChange={() => actions.tick(index)} />
      )}
      {actions.open && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={`Open row ${index + 1}`}
          title="Open the record"
          onClick={() => actions.open?.(row)}
        >
          <IconArrowsDiagonal size={13} aria-hidden />
        </button>
      )}
    </span>
  )
}

/** A value that leads to a row of another table. */
function Linked({ text, children: link }: { text: React.ReactNode; children: { label: string; go: () => void } | null }) {
  if (!link) return <>{text}</>
  return (
    <span className="tm-cell-linked">
      <span className="tm-truncate">{text}</span>
      <button
        type="button"
        tabIndex={-1}
        className="tm-cell-go"
        aria-label={`Open ${link.label}`}
        title={`Open ${link.label}`}
        onClick={link.go}
      >
        ↗
      </button>
    </span>
  )
}
