// One row of the grid. Draws itself again only when its own data, its part of the selection, or the columns change.
import { IconArrowsDiagonal } from '@tabler/icons-react'
import { memo, useCallback, useSyncExternalStore, type CSSProperties } from 'react'
import { CellValue } from '../../shared/format/cell.tsx'
import { isRightAligned } from '../../shared/format/kinds.ts'
import { count, type Value } from '../../shared/format/text.ts'
import { CellEditor } from './cell-editor.tsx'
import type { GridActions } from './grid-types.ts'
import type { Row, RowStore } from './row-store.ts'
import type { Selection } from './selection.ts'
import type { GridColumn } from './use-columns.ts'
import { GUTTER } from './use-columns.ts'

interface Props {
  store: RowStore
  selection: Selection
  index: number
  y: number
  pinned: GridColumn[]
  columns: GridColumn[]
  pinnedWidth: number
  width: number
  rowHeight: number
  actions: GridActions
}

export const GridRow = memo(function GridRow(props: Props) {
  const { store, selection, index, y, pinned, columns, pinnedWidth, width, rowHeight, actions } = props
  useSyncExternalStore(
    useCallback((listener) => store.subscribe(index, listener), [store, index]),
    () => store.version(index),
  )
  const row = store.get(index)
  const key = store.keyAt(index)
  const chosen = useSyncExternalStore(selection.subscribe, () => selection.ofRow(index, key))
  const ticked = chosen.endsWith('|x')
  const cell = (column: GridColumn) => (
    <GridCell
      key={column.name}
      row={row}
      rowKey={key}
      index={index}
      column={column}
      chosen={chosen}
      store={store}
      selection={selection}
      actions={actions}
    />
  )
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={ticked || undefined}
      className="tm-row"
      data-ticked={ticked || undefined}
      style={{ transform: `translateY(${y}px)`, width, height: rowHeight }}
    >
      <div role="presentation" className="tm-pinned" style={{ width: pinnedWidth }}>
        <div role="rowheader" className="tm-gutter" style={{ width: GUTTER }}>
          <span className="tm-gutter-number">{count(index + 1)}</span>
          {row && key !== null && (
            <span className="tm-gutter-tools">
              {actions.canTick && (
                <input
                  type="checkbox"
                  tabIndex={-1}
                  checked={ticked}
                  aria-label={`Select row ${index + 1}`}
                  onChange={() => actions.tick(index)}
                  onMouseDown={(event) => event.stopPropagation()}
                />
              )}
              {actions.open && (
                <button
                  type="button"
                  tabIndex={-1}
                  aria-label={`Open row ${index + 1}`}
                  title="Open the record"
                  onClick={() => actions.open?.(row)}
                  onMouseDown={(event) => event.stopPropagation()}
                >
                  <IconArrowsDiagonal size={13} aria-hidden />
                </button>
              )}
            </span>
          )}
        </div>
        {pinned.map(cell)}
      </div>
      {columns.map(cell)}
    </div>
  )
})

interface CellProps {
  row: Row | undefined
  rowKey: string | null
  index: number
  column: GridColumn
  chosen: string
  store: RowStore
  selection: Selection
  actions: GridActions
}

function GridCell({ row, rowKey, index, column, chosen, store, selection, actions }: CellProps) {
  const [active = '', range = '', editing = ''] = chosen.split('|')
  const isActive = active !== '' && Number(active) === column.index
  const [left, right] = range === '' ? [] : range.split('-').map(Number)
  const inRange = left !== undefined && right !== undefined && column.index >= left && column.index <= right
  const isEditing = editing !== '' && Number(editing.split(':')[0]) === column.index
  const field = column.field!
  const mark = row && rowKey !== null ? store.mark(row, field) : undefined
  const value = (mark ? mark.value : row?.[field]) as Value
  const flash = row && !mark ? store.flash(row, field) : 0
  const link = row && value !== null && value !== undefined ? actions.linkOf(column, row) : null
  const style: CSSProperties = { left: column.x, width: column.width }
  return (
    <div
      role="gridcell"
      id={`c-${index}-${column.index}`}
      aria-colindex={column.index + 2}
      aria-readonly={actions.whyReadOnly(column) !== null || undefined}
      className="tm-cell"
      data-active={isActive || undefined}
      data-range={inRange || undefined}
      data-mark={mark?.state}
      data-right={isRightAligned(column.format, column.base) || undefined}
      style={style}
      aria-selected={isActive || inRange || undefined}
      title={mark?.state === 'refused' ? mark.message : undefined}
      onMouseDown={(event) => actions.press(index, column.index, event)}
      onDoubleClick={() => actions.edit(index, column.index, null)}
    >
      {isEditing ? (
        <CellEditor
          column={column}
          value={selection.editing?.old as Value}
          typed={selection.editing?.typed ?? null}
          commit={(text, move) => actions.commit(index, column, text, move)}
          cancel={actions.cancel}
        />
      ) : row === undefined ? (
        <span className="tm-ghost" aria-hidden />
      ) : (
        <span key={flash} className="tm-cell-in" data-flash={flash ? '' : undefined}>
          <CellValue value={value} format={column.format} type={column.base} />
          {link && (
            <button
              type="button"
              tabIndex={-1}
              className="tm-cell-go"
              aria-label={`Open ${link.label}`}
              title={`Open ${link.label}`}
              onMouseDown={(event) => event.stopPropagation()}
              onClick={link.go}
            >
              ↗
            </button>
          )}
        </span>
      )}
    </div>
  )
}
