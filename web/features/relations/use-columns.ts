// The columns as TanStack Table keeps them: order, widths, visibility and pins, controlled by the person's view. The table
// holds no data: sorting and filtering are the server's work. What all cells of a column have in common is worked out here,
// once: a grid draws hundreds of cells per frame. useShownColumns: those between the edges, by TanStack Virtual.
import {
  columnOrderingFeature,
  columnPinningFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useMemo, type CSSProperties, type RefObject } from 'react'
import { isRightAligned, isPlainText } from '../../shared/format/kinds.ts'
import { textMaker, type Value } from '../../shared/format/text.ts'
import type { PlacedColumn } from './view-config.ts'

const features = tableFeatures({ columnSizingFeature, columnVisibilityFeature, columnOrderingFeature, columnPinningFeature })
const NO_ROWS: never[] = []
/** The column of row numbers and ticks. */
export const GUTTER = 56

export interface GridColumn extends PlacedColumn {
  /** Place among the visible columns. */
  index: number
  x: number
  style: CSSProperties
  right: boolean
  /** null: drawn by CellValue. */
  text: ((value: Value) => string) | null
}

export function useColumns(
  columns: PlacedColumn[],
  resizing: { name: string; width: number } | null,
): { visible: GridColumn[]; pinnedWidth: number; width: number } {
  const definitions = useMemo(() => columns.map(({ name, title }) => ({ id: name, header: title, accessorFn: () => null })), [columns])
  const state = useMemo(
    () => ({
      columnOrder: columns.map(({ name }) => name),
      columnVisibility: Object.fromEntries(columns.map(({ name, hidden }) => [name, !hidden])),
      columnPinning: { left: columns.filter(({ pinned }) => pinned).map(({ name }) => name), right: [] as string[] },
      columnSizing: Object.fromEntries(columns.map(({ name, width }) => [name, resizing?.name === name ? resizing.width : width])),
    }),
    [columns, resizing],
  )
  const table = useTable({ features, columns: definitions, data: NO_ROWS, state } as never) as unknown as {
    getVisibleLeafColumns(): { id: string; getSize(): number; getIsPinned(): false | 'left' }[]
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: `table` is another object at every render, and with it every row would be drawn anew
  return useMemo(() => {
    const byName = new Map(columns.map((column) => [column.name, column]))
    let x = GUTTER
    const leaves = table.getVisibleLeafColumns().filter(({ id }) => byName.has(id))
    const ordered = [...leaves.filter((leaf) => byName.get(leaf.id)!.pinned), ...leaves.filter((leaf) => !byName.get(leaf.id)!.pinned)]
    const visible = ordered.map((leaf, index) => {
      const placed = byName.get(leaf.id)!
      const width = state.columnSizing[leaf.id] ?? leaf.getSize()
      const column: GridColumn = {
        ...placed,
        width,
        index,
        x,
        style: { left: x, width },
        right: isRightAligned(placed.format, placed.base),
        text: isPlainText(placed.format, placed.base) ? textMaker(placed.format, placed.base) : null,
      }
      x += width
      return column
    })
    const pinned = visible.filter((column) => column.pinned)
    return { visible, pinnedWidth: GUTTER + pinned.reduce((sum, column) => sum + column.width, 0), width: x }
  }, [columns, state])
}

/** The pinned columns, and of the others those on screen with a margin. */
export function useShownColumns(
  element: RefObject<HTMLDivElement | null>,
  visible: GridColumn[],
  pinnedWidth: number,
): { pinned: GridColumn[]; shown: GridColumn[] } {
  const pinned = useMemo(() => visible.filter((column) => column.pinned), [visible])
  const loose = useMemo(() => visible.filter((column) => !column.pinned), [visible])
  const virtual = useVirtualizer({
    horizontal: true,
    count: loose.length,
    getScrollElement: () => element.current,
    estimateSize: (index) => loose[index]?.width ?? 100,
    paddingStart: pinnedWidth,
    overscan: 2,
    // A vertical scroll is none of its business.
    observeElementOffset: (instance: Virtualizer<HTMLDivElement, Element>, notify) => {
      const scroller = instance.scrollElement!
      let known = scroller.scrollLeft
      const onScroll = () => {
        if (scroller.scrollLeft !== known) notify((known = scroller.scrollLeft), false)
      }
      scroller.addEventListener('scroll', onScroll, { passive: true })
      notify(known, false)
      return () => scroller.removeEventListener('scroll', onScroll)
    },
    scrollToFn: () => {},
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other columns have other widths, and it remembers them by index
  useLayoutEffect(() => virtual.measure(), [virtual, loose])
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? -1
  const shown = useMemo(() => loose.slice(first, last + 1), [loose, first, last])
  return { pinned, shown }
}
