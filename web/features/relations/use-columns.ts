// The columns as TanStack Table keeps them: order, widths, visibility and pins, controlled by the person's view. The table
// holds no data: sorting and filtering are the server's work.
import {
  columnOrderingFeature,
  columnPinningFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useMemo } from 'react'
import type { PlacedColumn } from './view-config.ts'

const features = tableFeatures({ columnSizingFeature, columnVisibilityFeature, columnOrderingFeature, columnPinningFeature })
const NO_ROWS: never[] = []
/** The column of row numbers and ticks. */
export const GUTTER = 56

export interface GridColumn extends PlacedColumn {
  /** Place among the visible columns. */
  index: number
  x: number
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
  return useMemo(() => {
    const byName = new Map(columns.map((column) => [column.name, column]))
    let x = GUTTER
    const leaves = table.getVisibleLeafColumns().filter(({ id }) => byName.has(id))
    const ordered = [...leaves.filter((leaf) => byName.get(leaf.id)!.pinned), ...leaves.filter((leaf) => !byName.get(leaf.id)!.pinned)]
    const visible = ordered.map((leaf, index) => {
      const column = { ...byName.get(leaf.id)!, width: state.columnSizing[leaf.id] ?? leaf.getSize(), index, x }
      x += column.width
      return column
    })
    const pinned = visible.filter((column) => column.pinned)
    return { visible, pinnedWidth: GUTTER + pinned.reduce((sum, column) => sum + column.width, 0), width: x }
  }, [columns, state, table])
}
