// tap.ts: the typed tap. Drives the fast scanner over a chunk and treats, one by one, the records that it does not take.
// Called by infer (sample; nothing is written) and load (every chunk; what it lets through goes to COPY). Pure; browser too.
//
// A record is good (passed or written anew), blank (dropped), bad (on_error=abort: thrown; skip: kept as a reject), or a
// conflict: its type does not fit the table yet, so the loader has to add a column first. step() then stops before it.

import { CONFLICT, MISFIT, type Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { Output } from './output.ts'
import { Reader } from './reader.ts'
import { repair } from './repair.ts'
import { MORE, ODD, Scanner, type FastPath } from './scanner.ts'
import { SQL } from './types.ts'

export interface BadRecord {
  line: number // of the file, where the record begins
  record: number // counted from 1, header not counted
  column: number | null // index of the field
  value: string | null
  reason: string
  text: string
  loaded: boolean // it was repaired and loaded (skip only)
}
/** Rewrites a value before it is judged: NULL tokens, thousands separators. null = NULL. */
export type Transform = (value: Uint8Array, column: number, quoted: boolean) => Uint8Array | null

export interface TapOptions {
  dialect: Dialect
  columns: Columns
  machine?: FastPath | null // the fast path; the chunks have to lie in its memory
  copyQuote?: number
  skip?: boolean // bad records go to onBad instead of being thrown
  ragged?: 'auto' | 'pad' | 'reject'
  transform?: Transform | null
  numbered?: boolean // each record that is written anew ends with its line and its record
  lines?: number
  isUtf8?: (b: Uint8Array) => boolean
  onBad: (bad: BadRecord) => void
  out?: Output | null
}

/** The patient reader's record is dealt with. (Not 0 to 2: those are MORE, ODD or CONFLICT, STOP or MISFIT.) */
const DONE = 3
const digits = new TextEncoder()
const utf8 = new TextDecoder(),
  strict = new TextDecoder('utf-8', { fatal: true })
const validUtf8 = (b: Uint8Array): boolean => {
  try {
    strict.decode(b)
    return true
  } catch {
    return false
  }
}

export class Tap {
  readonly columns: Columns
  readonly scanner: Scanner
  readonly reader: Reader
  repaired = 0
  rejected = 0
  pos = 0 // after step(): how far the chunk was consumed
  private readonly o: TapOptions
  private readonly isUtf8: (b: Uint8Array) => boolean
  private unclean = false // the chunk holds a NUL or bytes that are not UTF-8
  private blanks = 0 // blank lines of a one-column file, NULL rows if another row follows

  constructor(o: TapOptions) {
    this.o = o
    this.columns = o.columns
    this.isUtf8 = o.isUtf8 ?? validUtf8
    this.reader = new Reader(o.dialect, o.columns.n)
    this.scanner = new Scanner(o.columns, o.dialect, o.copyQuote ?? 34, o.transform ? null : (o.machine ?? null))
    this.scanner.lines = o.lines ?? 0
  }

  get records(): number {
    return this.scanner.records
  }
  get lines(): number {
    return this.scanner.lines
  }

  /** Consumes complete records of b from `pos`. Answers CONFLICT (before a record that needs another column) or MORE. */
  step(b: Uint8Array, pos: number, final: boolean): number {
    const s = this.scanner
    this.unclean = !this.clean(b, pos, b.length, final)
    let to = this.unclean ? pos : b.length
    s.begin(b, pos, to)
    for (;;) {
      if (this.unclean && pos >= to) s.begin(b, pos, (to = this.cleanTo(b, pos)))
      const why = s.scan(b, pos, final && to === b.length)
      if (s.end > pos) {
        if (this.blanks > 0) this.writeBlanks()
        this.o.out?.pass(b, pos, s.end)
      }
      pos = this.pos = s.end
      if (why === MORE && to === b.length) return MORE
      if (why === ODD || why === MORE) {
        const odd = this.odd(b, pos, final)
        if (odd !== DONE) return odd
      } else if (s.verdict === CONFLICT) return CONFLICT
      else {
        // MISFIT: read it again for the message
        this.reader.read(b, pos, b.length, final)
        const i = this.columns.culprit
        this.bad(b, i, utf8.decode(b.subarray(s.fieldStart, s.fieldEnd)), misfit(this.columns.types[i]!))
      }
      pos = this.pos
    }
  }

  /** No NUL, and UTF-8 as far as the bytes can tell. */
  private clean(b: Uint8Array, from: number, to: number, final: boolean): boolean {
    let end = to
    if (!final)
      for (let k = 1; k <= 3 && end - k >= from; k++)
        if (b[end - k]! >= 0xc0) {
          end -= k
          break
        }
    const d = b.subarray(from, end)
    return d.indexOf(0) < 0 && this.isUtf8(d)
  }

  /** A damaged chunk: up to where is it clean, in steps that double? The patient reader judges the record behind. */
  private cleanTo(b: Uint8Array, pos: number): number {
    let to = pos
    for (let size = 1024; to < b.length; size *= 2) {
      const end = Math.min(to + size, b.length)
      if (!this.clean(b, to, end, end === b.length)) break
      to = end
      while (to < b.length && to > pos && (b[to]! & 0xc0) === 0x80) to-- // never inside a character
    }
    return to
  }

  /** One record by the patient reader. DONE: go on scanning. */
  private odd(b: Uint8Array, pos: number, final: boolean): number {
    const { reader: r, columns, o } = this
    if (!r.read(b, pos, b.length, final)) return MORE
    if (r.blank(b) && (columns.n > 1 || r.end[0] === r.start[0])) {
      if (columns.n === 1 && r.terminated) this.blanks++
      this.advance()
      return DONE
    }
    if (final && r.next >= b.length && r.count === 1 && b[pos] === 26 && r.end[0] === pos + 1) {
      this.advance()
      return DONE
    } // Ctrl-Z
    let note: string | null = null
    if (r.problem !== null || r.count !== columns.n) {
      const problem = r.problem ?? `expected ${columns.n} fields, found ${r.count}`
      const field = r.problem !== null ? r.problemField : null
      const fixed = o.skip ? repair(r, b, pos, columns.n, o.ragged ?? 'auto', final) : null
      if (fixed === null) {
        if (o.skip) this.narrow(b, pos)
        this.bad(b, field, field !== null && field < r.count ? r.text(b, field) : null, problem)
        return DONE
      }
      note = fixed === '' ? null : `${problem}: ${fixed}`
    }
    return this.take(b, note)
  }

  /** The record that the reader holds: transform, judge, write. */
  private take(b: Uint8Array, note: string | null): number {
    const { reader: r, columns, o } = this
    const values: (Uint8Array | null)[] = []
    for (let i = 0; i < columns.n; i++) {
      if (i >= r.count) {
        values.push(null)
        continue
      }
      let v: Uint8Array | null = r.value(b, i)
      if (v.length === 0 && !r.isQuoted(i)) v = null
      else {
        if (v.indexOf(0) >= 0) {
          if (!o.skip) {
            this.bad(b, i, utf8.decode(v), 'a NUL byte, which PostgreSQL cannot store')
            return DONE
          }
          v = v.filter((c) => c !== 0)
          note ??= 'NUL bytes: loaded without them'
        }
        if (this.unclean && !this.isUtf8(v)) {
          this.bad(b, i, utf8.decode(v), 'bytes that are not UTF-8')
          return DONE
        }
        if (o.transform) v = o.transform(v, i, r.isQuoted(i))
      }
      values.push(v)
    }
    const before = note === null || columns.settled ? null : columns.clone()
    for (const i of columns.active) {
      const v = values[i]!
      const verdict = v === null || v.length === 0 ? columns.empty(i, v !== null) : columns.value(i, v, 0, v.length, false)
      // a repaired record may not change a type: that would be one broken row deciding for all the good ones
      const strange = note !== null && (verdict !== 0 || (before !== null && before.types[i] !== 0 && before.types[i] !== columns.types[i]))
      if (strange || verdict === MISFIT) {
        if (before) {
          columns.types.set(before.types)
          columns.spell.set(before.spell)
          columns.refresh()
        }
        this.bad(
          b,
          i,
          v === null ? null : utf8.decode(v),
          note ? `${note.split(':')[0]}, and a value is ${misfit(before?.types[i] ?? columns.types[i]!)}` : misfit(columns.types[i]!),
        )
        return DONE
      }
      if (verdict === CONFLICT) return CONFLICT
    }
    if (note !== null) {
      this.repaired++
      o.onBad({ ...this.describe(b, null, null, note), loaded: true })
    }
    if (this.blanks > 0) this.writeBlanks()
    this.write(values)
    this.scanner.records++
    this.advance()
    return DONE
  }

  private writeBlanks(): void {
    for (; this.blanks > 0; this.blanks--) {
      this.write([null])
      this.scanner.records++
      if (this.columns.n === 1) this.columns.empty(0, false)
    }
  }

  private write(values: (Uint8Array | null)[]): void {
    const { lines, records } = this.scanner
    if (this.o.numbered) for (const n of [lines + 1, records + this.rejected + 1]) values.push(digits.encode(String(n)))
    this.o.out?.record(values)
  }

  private advance(): void {
    this.scanner.lines += this.reader.lines
    this.pos = this.reader.next
  }

  /** Broken quoting: only the first line is given up, the reader goes on after it. */
  private narrow(b: Uint8Array, pos: number): void {
    if (this.reader.problem === null) return
    const eol = b.indexOf(10, pos)
    if (eol >= 0 && eol + 1 < this.reader.next) this.reader.read(b, pos, eol + 1, true, true)
  }

  private describe(b: Uint8Array, column: number | null, value: string | null, reason: string): BadRecord {
    const from = this.pos,
      to = Math.min(this.reader.next, from + 8192)
    return {
      line: this.scanner.lines + 1,
      record: this.scanner.records + this.rejected + 1,
      column,
      value: value === null ? null : value.slice(0, 200),
      reason,
      text: utf8
        .decode(b.subarray(from, to))
        .replace(/[\r\n]+$/, '')
        .replaceAll('\0', ''),
      loaded: false,
    }
  }

  private bad(b: Uint8Array, column: number | null, value: string | null, reason: string): void {
    this.o.onBad(this.describe(b, column, value, reason))
    this.rejected++
    this.advance()
  }
}

const misfit = (type: number): string => `not ${/^[aeiou]/.test(SQL[type]!) ? 'an' : 'a'} ${SQL[type]}`
