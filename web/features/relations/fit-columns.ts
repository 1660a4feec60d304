// Widths by what the first rows hold, once: a number that is cut off looks like another number, and under one another they all look
// the same. Columns whose width a person chose keep it; text and JSON keep theirs, for a beginning of them says something.
// Called by relation-view.tsx when the first rows are there; `known` keeps widths from jumping afterwards.
import { isDate, isRightAligned } from '../../shared/format/kinds.ts'
import { textMaker, type Value } from '../../shared/format/text.ts'
import type { Row } from './row-store.ts'
import type { PlacedColumn } from './view-config.ts'

/** In px of Inter at 13 px: a tabular figure, what else numbers and dates are written with, a cell's padding and border. */
const FIGURE = 8.5
const OTHER = 6
const AROUND = 24
const WIDEST = 320

export function fitColumns(columns: PlacedColumn[], rows: Row[], known: Map<string, number>): PlacedColumn[] {
  return columns.map((column) => {
    if (column.sized || !(isRightAligned(column.format, column.base) || isDate(column.base))) return column
    const name = `${column.name} ${JSON.stringify(column.format)}`
    let width = known.get(name)
    if (width === undefined && rows.length) {
      const text = textMaker(column.format, column.base)
      const longest = Math.max(...rows.map((row) => widthOf(text((row[column.field!] ?? null) as Value))))
      known.set(name, (width = Math.min(WIDEST, Math.ceil(longest + AROUND))))
    }
    return width !== undefined && width > column.width ? { ...column, width } : column
  })
}

const widthOf = (text: string) => [...text].reduce((sum, letter) => sum + (letter >= '0' && letter <= '9' ? FIGURE : OTHER), 0)
