// The keys of the grid (the list that `?` shows): moving, selecting, editing, and nothing that a browser needs itself.
import type { KeyboardEvent } from 'react'
import type { GridActions, GridCommands } from './grid-types.ts'
import type { RowStore } from './row-store.ts'
import type { Selection } from './selection.ts'
import type { GridColumn } from './use-columns.ts'

interface Context {
  selection: Selection
  store: RowStore
  columns: GridColumn[]
  count: number
  pageRows: number
  move(row: number, col: number, extend?: boolean): void
  actions: GridActions
  commands: GridCommands
  openMenu(column: GridColumn, anchor: HTMLElement): void
}

export function onGridKey(event: KeyboardEvent, context: Context): void {
  const { selection, store, columns, count, pageRows, move, actions, commands } = context
  if (selection.editing || event.defaultPrevented || (event.target as HTMLElement).closest('textarea, input, [role=menu]')) return
  const { row, col } = selection.active
  const ctrl = event.ctrlKey || event.metaKey
  const shift = event.shiftKey
  const take = (act: () => void) => {
    event.preventDefault()
    act()
  }
  const range = selection.range() ?? { top: row, bottom: row, left: col, right: col }

  if (event.altKey) {
    const column = columns[col]
    if (event.key === 'ArrowDown' && column) {
      const anchor =
        document.getElementById(`h-${col}`)?.querySelector<HTMLElement>('.tm-head-menu') ?? (event.currentTarget as HTMLElement)
      // After this event: Mantine's menu closes at any key pressed outside it, also the one that opened it.
      take(() => setTimeout(() => context.openMenu(column, anchor)))
    }
    return
  }
  switch (event.key) {
    case 'ArrowDown':
      return take(() => move(ctrl ? count - 1 : row + 1, col, shift))
    case 'ArrowUp':
      return take(() => move(ctrl ? 0 : row - 1, col, shift))
    case 'ArrowRight':
      return take(() => move(row, ctrl ? columns.length - 1 : col + 1, shift))
    case 'ArrowLeft':
      return take(() => move(row, ctrl ? 0 : col - 1, shift))
    case 'Home':
      return take(() => move(ctrl ? 0 : row, 0, shift))
    case 'End':
      return take(() => move(ctrl ? count - 1 : row, columns.length - 1, shift))
    case 'PageDown':
      return take(() => move(row + pageRows, col, shift))
    case 'PageUp':
      return take(() => move(row - pageRows, col, shift))
    case 'Enter':
    case 'F2': {
      const current = store.get(row)
      const column = columns[col]
      if (!current || !column) return
      if (actions.open && (ctrl || (event.key === 'Enter' && actions.whyReadOnly(column) !== null)))
        return take(() => actions.open?.(current))
      return take(() => actions.edit(row, col, null))
    }
    case 'Escape':
      return take(() => (selection.ticked.size ? selection.clearTicks() : move(row, col)))
    case ' ':
      return take(() => (actions.canTick ? actions.tick(row) : undefined))
    case 'Delete':
    case 'Backspace':
      return take(() => commands.clear([range.top, range.bottom], columns.slice(range.left, range.right + 1)))
  }
  if (ctrl) {
    const key = event.key.toLowerCase()
    if (key === 'z') return take(shift ? commands.redo : commands.undo)
    if (key === 'y') return take(commands.redo)
    if (key === 'g') return take(commands.askRow)
    if (key === 'a') return take(() => (move(0, 0), move(count - 1, columns.length - 1, true)))
    return
  }
  // Typing replaces the cell; ? and / keep their meaning everywhere (Enter first, to write them into a cell).
  const column = columns[col]
  if (event.key === '?' || event.key === '/') return
  if (event.key.length === 1 && column && actions.whyReadOnly(column) === null) take(() => actions.edit(row, col, event.key))
}
