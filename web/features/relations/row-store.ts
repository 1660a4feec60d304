// What it is for: the rows of one live grid, outside React. A Map per index with a version per row; patches are applied at
// once, listeners run once per animation frame and draw the rows whose version moved; one subscription per visible block of 100 rows; the last 60 blocks are
// kept so that scrolling back paints at once (old rows until the block's first payload).
// Called by use-rows.ts (opens blocks) and by grid-body.tsx (subscribe, version, get). Writes nothing outside itself.
//
// A block: closed → (in the window for `throttle` ms) opened → first page replaces its rows → patches → closed when out of
// the window. A payload of a closed block is ignored.
import { applyPatch, type LiveNode, type LivePatch } from '../../shared/live/patch.ts'

export type Row = LiveNode
export type BlockPatch = Pick<LivePatch<Row>, 'upserts' | 'removes'>
type CellMark =
  | { state: 'saving'; value: unknown }
  | { state: 'conflict'; value: unknown; theirs: string | null; at: Date }
  | { state: 'refused'; value: unknown; message: string }

export interface Sink {
  /** The whole block as it is now. */
  page(rows: Row[]): void
  patch(change: BlockPatch): void
  /** Rows got on a quicker way, shown until the first page; too late, they are dropped. */
  early(rows: Row[]): void
}
/** Opens the subscription of one block and returns what closes it. */
type OpenBlock = (first: number, count: number, sink: Sink) => () => void

export const FLASH_MS = 1200
export const keyOf = (row: Row): string => row.nodeId ?? JSON.stringify(row) // a relation without a key has no nodeId, and no patches either

export class RowStore {
  count = 0
  /** Told when rows came or went above the row that the person looks at: the scroller follows. */
  onShift: (rows: number) => void = () => {}
  onFirstRow: () => void = () => {}
  onFlash: () => void = () => {}
  private rows = new Map<number, Row>()
  private indexes = new Map<string, number>()
  private versions = new Map<number, number>()
  private listeners = new Set<() => void>()
  private frames = 0
  private cached = new Map<number, true>() // insertion order = least recently shown first
  private blocks = new Map<number, Row[]>() // of open blocks, as the server last said
  private open = new Map<number, () => void>()
  private dirty = false
  private flashes = new Map<string, Map<string, number>>()
  private marks = new Map<string, Map<string, CellMark>>()
  private markListeners = new Set<() => void>()
  private changes = 0
  private framed = false
  private timer: ReturnType<typeof setTimeout> | undefined
  private window: [number, number] = [0, 0]
  private anchor = 0
  private paused = false
  private readonly openBlock: OpenBlock
  private readonly options: { block: number; keep: number; throttle: number; overscan: number; frame: (run: () => void) => unknown }

  constructor(openBlock: OpenBlock, options: Partial<RowStore['options']> = {}) {
    this.openBlock = openBlock
    this.options = { block: 100, keep: 60, throttle: 40, overscan: 20, frame: (run) => requestAnimationFrame(run), ...options }
  }

  get = (index: number): Row | undefined => this.rows.get(index)
  version = (index: number): number => this.versions.get(index) ?? 0
  /** Up to so many rows of those that are there, in no order. */
  first(most: number): Row[] {
    return [...this.rows.values()].slice(0, most)
  }
  keyAt(index: number): string | null {
    const row = this.rows.get(index)
    return row ? keyOf(row) : null
  }
  indexOf(key: string): number | undefined {
    return this.indexes.get(key)
  }
  /** When its cells changed last, by field. */
  flashesOf(key: string): ReadonlyMap<string, number> | undefined {
    return this.flashes.get(key)
  }
  marksOf(key: string): ReadonlyMap<string, CellMark> | undefined {
    return this.marks.get(key)
  }
  mark(row: Row, field: string): CellMark | undefined {
    return this.marks.get(keyOf(row))?.get(field)
  }
  /** How many rows changed since it was asked last. */
  takeChanges(): number {
    const { changes } = this
    this.changes = 0
    return changes
  }
  /** Every cell that waits for a word of the person. */
  openMarks(): { key: string; field: string; mark: CellMark }[] {
    return [...this.marks]
      .flatMap(([key, fields]) => [...fields].map(([field, mark]) => ({ key, field, mark })))
      .filter(({ mark }) => mark.state !== 'saving')
  }
  onMarks(listener: () => void): () => void {
    this.markListeners.add(listener)
    return () => this.markListeners.delete(listener)
  }
  /** What we know to be stored before the server's patch says so. */
  setLocal(key: string, field: string, value: unknown): void {
    const index = this.indexes.get(key)
    const row = index === undefined ? undefined : this.rows.get(index)
    if (index === undefined || !row) return
    const next = { ...row, [field]: value }
    const block = this.blocks.get(Math.floor(index / this.options.block))
    const at = block?.indexOf(row) ?? -1
    if (block && at >= 0) block[at] = next
    this.set(index, next)
    this.flush()
  }
  setMark(key: string, field: string, mark: CellMark | null): void {
    const ofRow = this.marks.get(key) ?? new Map<string, CellMark>()
    if (mark) ofRow.set(field, mark)
    else ofRow.delete(field)
    if (ofRow.size) this.marks.set(key, ofRow)
    else this.marks.delete(key)
    const index = this.indexes.get(key)
    if (index !== undefined) this.touch(index)
    for (const listener of [...this.markListeners]) listener()
    this.flush()
  }

  /** Told once per frame in which rows changed; which ones, their versions say. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  snapshot = (): number => this.frames

  /** Rows [first, last) are on screen; `anchor` is the one that must stay where it is. */
  setWindow(first: number, last: number, anchor: number): void {
    this.window = [first, last]
    this.anchor = anchor
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.sync()
    }, this.options.throttle)
  }

  setCount(count: number): void {
    if (count < this.count) for (const index of this.rows.keys()) if (index >= count) this.set(index, undefined)
    this.count = count
    this.flush()
    this.sync()
  }

  /** Sort, filter or columns changed. `keep`: old rows stay on screen until the first payload replaces them. */
  reset(keep = true): void {
    for (const close of this.open.values()) close()
    this.open.clear()
    this.blocks.clear()
    this.cached.clear()
    if (!keep) for (const index of [...this.rows.keys()]) this.set(index, undefined)
    this.flashes.clear()
    this.flush()
    this.sync()
  }

  /** Paused: blocks are closed and the rows stay as they are. */
  setPaused(paused: boolean): void {
    if (this.paused === paused) return
    this.paused = paused
    if (paused) {
      for (const close of this.open.values()) close()
      this.open.clear()
    } else this.sync()
  }

  close(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (const close of this.open.values()) close()
    this.open.clear()
  }

  private sync(): void {
    if (this.paused) return
    const { block, overscan, keep } = this.options
    const first = Math.floor(Math.max(0, this.window[0] - overscan) / block)
    const end = this.count > 0 ? Math.min(this.count, this.window[1] + overscan) : this.window[1]
    const last = Math.floor(Math.max(0, end - 1) / block)
    for (const [at, close] of this.open)
      if (at < first || at > last) {
        this.open.delete(at)
        close()
      }
    for (let at = first; at <= last; at++) {
      this.cached.delete(at)
      this.cached.set(at, true)
      if (!this.open.has(at)) this.openOne(at)
    }
    for (const at of this.cached.keys()) {
      if (this.cached.size <= keep) break
      if (this.open.has(at)) continue
      this.cached.delete(at)
      for (let index = at * block; index < (at + 1) * block; index++) this.set(index, undefined)
    }
  }

  private openOne(at: number): void {
    const { block } = this.options
    let alive = true
    const show = (rows: Row[]) => {
      const known = this.blocks.get(at)
      if (known) this.noteChanges(known, rows)
      this.blocks.set(at, rows)
      const anchorKey = this.keyAt(this.anchor)
      for (let k = 0; k < block; k++) this.set(at * block + k, rows[k])
      this.follow(anchorKey, at)
      this.flush()
      this.onFirstRow()
    }
    const close = this.openBlock(at * block, block, {
      page: (rows) => {
        if (alive) show(rows)
      },
      early: (rows) => {
        if (!alive || this.blocks.has(at)) return
        rows.forEach((row, k) => this.set(at * block + k, row))
        this.flush()
      },
      patch: (change) => {
        const known = this.blocks.get(at)
        if (alive && known) show(applyPatch(known, change))
      },
    })
    this.open.set(at, () => {
      alive = false
      this.blocks.delete(at)
      close()
    })
  }

  /** Keeps the row at the top of the window where it is when others come or go above it; not at the very top. */
  private follow(anchorKey: string | null, at: number): void {
    if (anchorKey === null || this.anchor === 0) return
    const now = this.indexes.get(anchorKey)
    if (now === undefined || now === this.anchor || Math.floor(now / this.options.block) !== at) return
    const moved = now - this.anchor
    this.anchor = now
    this.onShift(moved)
  }

  private noteChanges(before: Row[], after: Row[]): void {
    const old = new Map(before.map((row) => [keyOf(row), row]))
    const added = after.filter((row) => !old.has(keyOf(row)))
    const now = performance.now()
    const pushedIn = after.length === before.length && added.length === before.length
    for (const row of after) {
      const was = old.get(keyOf(row))
      if (was === row || pushedIn) continue
      const fields = was ? Object.keys(row).filter((field) => !same(was[field], row[field])) : Object.keys(row)
      if (!fields.length) continue
      this.changes++
      const ofRow = this.flashes.get(keyOf(row)) ?? new Map<string, number>()
      for (const field of fields) ofRow.set(field, now)
      this.flashes.delete(keyOf(row))
      this.flashes.set(keyOf(row), ofRow)
      this.onFlash()
    }
    for (const key of this.flashes.keys()) {
      if (this.flashes.size <= 500) break
      this.flashes.delete(key)
    }
  }

  private set(index: number, row: Row | undefined): void {
    const was = this.rows.get(index)
    if (was === row) return
    if (was && this.indexes.get(keyOf(was)) === index) this.indexes.delete(keyOf(was))
    if (row === undefined) this.rows.delete(index)
    else {
      this.rows.set(index, row)
      this.indexes.set(keyOf(row), index)
    }
    this.touch(index)
  }

  private touch(index: number): void {
    this.versions.set(index, (this.versions.get(index) ?? 0) + 1)
    this.dirty = true
  }

  private flush(): void {
    if (this.framed || !this.dirty) return
    this.framed = true
    this.options.frame(() => {
      this.framed = false
      this.dirty = false
      this.frames++
      for (const listener of [...this.listeners]) listener()
    })
  }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && a !== null && JSON.stringify(a) === JSON.stringify(b))
}
