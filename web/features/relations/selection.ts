// Where the person is in a grid: the active cell, a range from an anchor, ticked rows, the cell under edit. Outside React,
// with listeners per row, so that moving the cursor draws two rows and not all of them.
// Called by the grid and its keyboard; writes nothing outside itself.
export interface Cell {
  row: number
  col: number
}
export interface Editing extends Cell {
  /** The row itself: it may move, be scrolled out of sight or be forgotten before the edit is over. */
  key: string
  of: Record<string, unknown>
  /** What the cell held when the person began: what they saw is what the edit is compared with. */
  old: unknown
  /** Typing replaces the value; null: the old value is edited. */
  typed: string | null
}

export class Selection {
  active: Cell = { row: 0, col: 0 }
  anchor: Cell | null = null
  editing: Editing | null = null
  /** Ticked rows by key; the row itself, so that it can be deleted when it is out of sight. */
  ticked = new Map<string, Record<string, unknown>>()
  private version = 0
  private listeners = new Set<() => void>()

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  snapshot = (): number => this.version

  /** What a row must know to draw itself; equal text = nothing to draw. */
  ofRow(row: number, key: string | null): string {
    const range = this.range()
    const inRange = range && row >= range.top && row <= range.bottom ? `${range.left}-${range.right}` : ''
    const active = this.active.row === row ? this.active.col : ''
    const editing = key !== null && this.editing?.key === key ? this.editing.col : ''
    return `${active}|${inRange}|${editing}|${key !== null && this.ticked.has(key) ? 'x' : ''}`
  }

  range(): { top: number; bottom: number; left: number; right: number } | null {
    if (!this.anchor) return null
    return {
      top: Math.min(this.anchor.row, this.active.row),
      bottom: Math.max(this.anchor.row, this.active.row),
      left: Math.min(this.anchor.col, this.active.col),
      right: Math.max(this.anchor.col, this.active.col),
    }
  }

  move(cell: Cell, extend = false): void {
    this.anchor = extend ? (this.anchor ?? this.active) : null
    this.active = cell
    this.editing = null
    this.changed()
  }
  edit(typed: string | null, key: string, of: Record<string, unknown>, old: unknown): void {
    this.editing = { ...this.active, typed, key, of, old }
    this.changed()
  }
  stopEditing(): void {
    if (!this.editing) return
    this.editing = null
    this.changed()
  }
  tick(key: string, row: Record<string, unknown>): void {
    if (!this.ticked.delete(key)) this.ticked.set(key, row)
    this.changed()
  }
  clearTicks(): void {
    this.ticked.clear()
    this.anchor = null
    this.changed()
  }
  /** Rows came or went above: the cursor stays on its row. */
  shift(rows: number): void {
    this.active = { ...this.active, row: Math.max(0, this.active.row + rows) }
    if (this.anchor) this.anchor = { ...this.anchor, row: Math.max(0, this.anchor.row + rows) }
    if (this.editing) this.editing = { ...this.editing, row: Math.max(0, this.editing.row + rows) }
    this.changed()
  }

  private changed(): void {
    this.version++
    for (const listener of [...this.listeners]) listener()
  }
}

export interface Chosen {
  /** Columns; -1: none. */
  active: number
  left: number
  right: number
  editing: number
  ticked: boolean
}
const NOTHING: Chosen = { active: -1, left: -1, right: -1, editing: -1, ticked: false }

/** What ofRow says, for the row that draws it. */
export function readChosen(text: string): Chosen {
  if (text === '|||') return NOTHING
  const [active = '', range = '', editing = '', ticked = ''] = text.split('|')
  const [left, right] = range === '' ? [-1, -1] : range.split('-').map(Number)
  return {
    active: active === '' ? -1 : Number(active),
    left: left!,
    right: right!,
    editing: editing === '' ? -1 : Number.parseInt(editing, 10),
    ticked: ticked === 'x',
  }
}
