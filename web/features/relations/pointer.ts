// The mouse in the grid, listened to once for all cells: which cell an event belongs to, and a drag over several of them.
// Called by grid.tsx; writes the Selection.
import type { Cell, Selection } from './selection.ts'

/** The cell under an event; null in the gutter and outside. */
export function cellAt(target: EventTarget | null): Cell | null {
  const cell = (target as Element | null)?.closest?.('[role=gridcell]')
  const row = cell?.closest('[role=row]')
  return cell && row ? { row: Number(row.getAttribute('aria-rowindex')) - 2, col: Number(cell.getAttribute('aria-colindex')) - 2 } : null
}

/** From a press until the button is let go, the cell under the mouse is the other end of the range. */
export function dragRange(selection: Selection): void {
  const onMove = (event: MouseEvent) => {
    const over = cellAt(event.target)
    if (over && (over.row !== selection.active.row || over.col !== selection.active.col)) selection.move(over, true)
  }
  const onUp = () => {
    window.removeEventListener('mousemove', onMove)
    window.removeEventListener('mouseup', onUp)
  }
  window.addEventListener('mousemove', onMove)
  window.addEventListener('mouseup', onUp)
}
