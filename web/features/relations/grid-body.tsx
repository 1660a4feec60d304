// The rows on screen. Hears of changed rows and of the selection, and draws anew those rows only to which it matters.
// Called by grid.tsx.
import { useMemo, useRef, useState, useSyncExternalStore, type PointerEvent } from 'react'
import { useFlashes } from './flashes.ts'
import { GridRow } from './grid-row.tsx'
import type { GridActions } from './grid-types.ts'
import type { RowStore } from './row-store.ts'
import type { Selection } from './selection.ts'
import { GUTTER, type GridColumn } from './use-columns.ts'
import type { GridWindow } from './use-window.ts'

interface Props {
  store: RowStore
  selection: Selection
  view: GridWindow
  pinned: GridColumn[]
  columns: GridColumn[]
  all: GridColumn[]
  /** Named columns cannot be edited here, those that lead to other rows have a button. */
  traits: ReadonlyMap<string, { readOnly: boolean; link: boolean }>
  pinnedWidth: number
  width: number
  rowHeight: number
  actions: GridActions
}

export function GridBody(props: Props) {
  const { store, selection, view, pinned, columns, all, traits, pinnedWidth, width, rowHeight, actions } = props
  const body = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState(-1)
  useSyncExternalStore(store.subscribe, store.snapshot)
  useSyncExternalStore(selection.subscribe, selection.snapshot)
  useFlashes(body, store)
  const ghost = useMemo(() => ghostOf([...pinned, ...columns]), [pinned, columns])
  // The row under edit keeps its element wherever it goes, also out of sight: what was typed so far lives in it.
  const { editing } = selection
  const edited = editing ? (store.indexOf(editing.key) ?? editing.row) : -1
  const editedColumns = useMemo(() => {
    const column = editing && all[editing.col]
    return !column || column.pinned || columns.includes(column) ? columns : [...columns, column]
  }, [editing, all, columns])
  const indexes = Array.from({ length: view.last - view.first }, (_, k) => view.first + k)
  if (edited >= 0 && (edited < view.first || edited >= view.last)) indexes.push(edited)
  const rows = indexes.map((index) => {
    const isEdited = index === edited
    const y = index * rowHeight - view.offset
    return (
      <GridRow
        key={isEdited ? 'edited' : index % view.slots}
        store={store}
        selection={selection}
        index={index}
        version={store.version(index)}
        chosen={selection.ofRow(index, isEdited ? editing!.key : store.keyAt(index))}
        hovered={hovered === index}
        // Below the end it would make the scroller longer.
        y={isEdited ? Math.min(y, view.physical - rowHeight) : y}
        pinned={pinned}
        columns={isEdited ? editedColumns : columns}
        traits={traits}
        pinnedWidth={pinnedWidth}
        width={width}
        actions={actions}
      />
    )
  })
  const onPointerOver = (event: PointerEvent) => {
    const row = (event.target as Element).closest('.tm-row')
    setHovered(row ? Number(row.getAttribute('aria-rowindex')) - 2 : -1)
  }
  return (
    <div
      ref={body}
      role="rowgroup"
      className="tm-body"
      style={{ height: Math.max(view.physical, 1), width, '--row': `${rowHeight}px`, '--ghost': ghost } as React.CSSProperties}
      onPointerOver={onPointerOver}
      onPointerLeave={() => setHovered(-1)}
    >
      {rows}
    </div>
  )
}

/** Rows that are still coming: a grey bar where each cell will be, as one background, without an element per cell. */
function ghostOf(columns: GridColumn[]): string {
  return columns
    .slice(0, 24)
    .map(({ x, width, right }) => {
      const long = Math.round((width - 20) * 0.55)
      const left = right ? x + width - 10 - long : Math.max(x, GUTTER) + 10
      return `linear-gradient(var(--tm-sunken), var(--tm-sunken)) ${left}px 50% / ${long}px 8px no-repeat`
    })
    .join(', ')
}
