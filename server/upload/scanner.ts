// scanner.ts: the fast path. Drives the compiled loop (wasm/scan.ts) over a chunk and answers its questions about single values.
// Called by tap.ts; what it accepts goes to COPY as it stands. Pure; in the browser, without a machine, it takes nothing.
//
// It accepts only what COPY (format csv) reads in the same way. Anything else stops it with ODD, and the patient reader looks
// at that one record: wrong field count, blank line, a quote inside an unquoted value (COPY would open a quote there), text
// after a closing quote, another line end than the usual one, a lone \. (ends the COPY before version 18), a backslash escape.
// Chunks end anywhere: what is not a complete record is left for the next call.

import { CONFLICT, MISFIT, type Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'

export const MORE = 0,
  ODD = 1,
  STOP = 2
/** The machine's answer: it is not sure of some values of a record. */
const ASK = 2
const QUOTED = 1,
  DOUBLED = 2
// where the machine keeps what it knows of the columns (wasm/scan.ts)
const MAX_COLUMNS = 4096,
  TYPES = 4096,
  EMPTIES = TYPES + MAX_COLUMNS,
  WIDE = EMPTIES + MAX_COLUMNS,
  SPELL = WIDE + MAX_COLUMNS,
  ASKS = SPELL + 4 * MAX_COLUMNS
const NOT_LOOKED_AT = 255

/** What wasm/scan.ts exports. */
export interface Calls {
  setup(delimiter: number, quote: number, quoting: number, backslash: number, eol: number, columns: number): void
  begin(from: number, to: number): void
  scan(from: number, final: number): number
  end: WebAssembly.Global
  records: WebAssembly.Global
  lines: WebAssembly.Global
  asks: WebAssembly.Global
  recordEnd: WebAssembly.Global
  recordLines: WebAssembly.Global
}
/** machine.ts, where there is one. */
export interface FastPath {
  readonly memory: WebAssembly.Memory
  readonly calls: Calls
}

/** Can COPY read this dialect? If not, every record is written anew. */
export const passable = (d: Pick<Dialect, 'delimiter' | 'escape'>): boolean =>
  d.delimiter.length === 1 && d.delimiter.charCodeAt(0) < 128 && d.escape !== 'none'

export class Scanner {
  records = 0 // accepted so far
  lines = 0 // line ends before the next record
  verdict = 0 // after STOP: CONFLICT or MISFIT; columns.culprit says where
  end = 0 // where the accepted records end
  fieldStart = 0 // after STOP: the culprit's bytes
  fieldEnd = 0
  private readonly columns: Columns
  private readonly machine: FastPath | null
  private readonly tables: { types: Uint8Array; empties: Uint8Array; wide: Uint8Array; spell: Int32Array; asks: Int32Array } | null = null
  private readonly dialect: Parameters<Calls['setup']> = [0, 0, 0, 0, 0, 0]
  private base = 0 // the chunk's address, -1 when it lies elsewhere

  /** `quote` is the byte that COPY is told: a control character when the dialect has none. */
  constructor(columns: Columns, d: Dialect, copyQuote: number, machine: FastPath | null) {
    this.columns = columns
    this.machine = machine !== null && passable(d) && columns.n <= MAX_COLUMNS ? machine : null
    if (this.machine === null) return
    const memory = this.machine.memory.buffer
    this.tables = {
      types: new Uint8Array(memory, TYPES, columns.n),
      empties: new Uint8Array(memory, EMPTIES, columns.n),
      wide: new Uint8Array(memory, WIDE, columns.n),
      spell: new Int32Array(memory, SPELL, columns.n),
      asks: new Int32Array(memory, ASKS, 4 * columns.n),
    }
    const eol = d.line_end === '\n' ? 10 : d.line_end === '\r' ? 13 : 23
    this.dialect = [d.delimiter.charCodeAt(0), copyQuote, d.quote === '' ? 0 : 1, d.escape === 'backslash' ? 1 : 0, eol, columns.n]
  }

  /** The chunk b[pos..to) is new. */
  begin(b: Uint8Array, pos: number, to: number): void {
    this.base = this.machine !== null && b.buffer === this.machine.memory.buffer ? b.byteOffset : -1
    if (this.base < 0) return
    this.machine!.calls.setup(...this.dialect) // a load's taps share one machine
    this.machine!.calls.begin(this.base + pos, this.base + to)
  }

  /** Checks complete records of the chunk from `pos` on. Sets `end`; answers why it stopped there. */
  scan(b: Uint8Array, pos: number, final: boolean): number {
    this.end = pos
    if (this.base < 0) return pos < b.length ? ODD : MORE
    const calls = this.machine!.calls
    this.tell()
    for (;;) {
      const answer = calls.scan(this.base + this.end, final ? 1 : 0)
      this.end = (calls.end.value as number) - this.base
      this.records += calls.records.value as number
      this.lines += calls.lines.value as number
      if (answer !== ASK) return answer
      if (!this.judge(b)) return STOP
      this.records++
      this.lines += calls.recordLines.value as number
      this.end = (calls.recordEnd.value as number) - this.base
    }
  }

  /** The machine knows the columns as we do. */
  private tell(): void {
    const { types, empties, wide, spell } = this.tables!
    const { columns } = this
    types.fill(NOT_LOOKED_AT)
    for (const i of columns.active) types[i] = columns.types[i]!
    empties.set(columns.empties)
    wide.set(columns.wide)
    spell.set(columns.spell)
  }

  /** The values that the machine was not sure of, by the recognisers. */
  private judge(b: Uint8Array): boolean {
    const { columns } = this,
      { asks, types, empties, wide, spell } = this.tables!
    const n = this.machine!.calls.asks.value as number
    for (let k = 0; k < n; k++) {
      const i = asks[4 * k]!,
        s = asks[4 * k + 1]! - this.base,
        e = asks[4 * k + 2]! - this.base,
        flags = asks[4 * k + 3]!
      const verdict = s === e ? columns.empty(i, (flags & QUOTED) !== 0) : columns.value(i, b, s, e, (flags & DOUBLED) !== 0)
      if (verdict !== 0) {
        this.verdict = verdict
        this.fieldStart = s
        this.fieldEnd = e
        return false
      }
      types[i] = columns.types[i]!
      empties[i] = columns.empties[i]!
      wide[i] = columns.wide[i]!
      spell[i] = columns.spell[i]!
    }
    return true
  }
}
export { CONFLICT, MISFIT }
