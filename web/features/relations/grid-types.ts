// What the parts of the grid ask of each other: rows and keys of the grid, the grid of the screen around it.
import type { Column } from '../../shared/api/catalog.ts'
import type { Move } from './cell-editor.tsx'
import type { Row } from './row-store.ts'
import type { GridColumn } from './use-columns.ts'

/** What rows and keys may do; stable between renders. */
export interface GridActions {
  canTick: boolean
  whyReadOnly(column: Column): string | null
  edit(row: number, col: number, typed: string | null): void
  commit(row: number, column: GridColumn, text: string | null, move: Move): void
  cancel(): void
  tick(row: number): void
  open: ((row: Row) => void) | null
  linkOf(column: Column, row: Row): { label: string; go: () => void } | null
}
/** What the screen does with data. */
export interface GridCommands {
  canTick: boolean
  whyReadOnly(column: Column): string | null
  sayReadOnly(column: Column): void
  write(row: Row, column: GridColumn, text: string | null, old: unknown): void
  clear(rows: [number, number], columns: GridColumn[]): void
  copy(rows: [number, number], columns: GridColumn[]): void
  paste(row: number, columns: GridColumn[], text: string): void
  undo(): void
  redo(): void
  open(row: Row): void
  linkOf(column: Column, row: Row): { label: string; go: () => void } | null
  askRow(): void
}
