// scanner.ts: the fast path. One pass over raw bytes: finds the records, checks every typed field, changes no byte.
// Called by tap.ts for every chunk; accepted bytes go to COPY as they stand. Pure; browser too.
//
// It accepts only what COPY (format csv) reads in the same way. Anything else stops it with ODD, and the patient reader looks
// at that one record: wrong field count, blank line, a quote inside an unquoted value (COPY would open a quote there), text
// after a closing quote, another line end than the usual one, a lone \. (ends the COPY before version 18), a backslash escape,
// bytes that are not UTF-8. Chunks end anywhere: what is not a complete record is left for the next call.

import { CONFLICT, MISFIT, type Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { T } from './types.ts'
import { spelling } from './validators.ts'

export const MORE = 0,
  ODD = 1,
  STOP = 2
const LF = 10,
  CR = 13,
  BACKSLASH = 92
const OTHER = 1,
  STOPS = 2,
  DELIMITER = 2,
  LINE_END = 3,
  QUOTE = 4
const QUOTED = 1,
  DOUBLED = 2,
  DIGITS = 4

export class Scanner {
  records = 0 // accepted so far
  lines = 0 // line ends before the next record
  verdict = 0 // after STOP: CONFLICT or MISFIT; columns.culprit says where
  end = 0 // where the accepted records end
  readonly columns: Columns
  /** Set when the chunk holds a NUL or bytes that are not UTF-8: then every record is asked for by itself. */
  verify: ((b: Uint8Array, s: number, e: number) => boolean) | null = null
  /** False: every record is odd (two-byte delimiter, unescaped quotes, values that have to be rewritten). */
  readonly fast: boolean
  private readonly delimiter: number
  private readonly quote: number
  private readonly quoting: boolean
  private readonly backslash: boolean
  private readonly eol: number // 10 = LF, 13 = CR, 23 = CRLF
  /** What a byte ends: 0 nothing; else delimiter, line end, quote. Otherwise a digit or not: see DIGIT. */
  private readonly kinds = new Uint8Array(256)
  private readonly starts: Int32Array
  private readonly ends: Int32Array
  private readonly flags: Uint8Array // QUOTED, DOUBLED, and DIGITS when the value has nothing else
  fieldStart = 0 // after STOP: the culprit's bytes
  fieldEnd = 0

  /** `quote` is the byte that COPY is told: a control character when the dialect has none. */
  constructor(columns: Columns, d: Dialect, copyQuote: number, rewriteAll: boolean) {
    this.columns = columns
    this.delimiter = d.delimiter.charCodeAt(0)
    this.quote = copyQuote
    this.quoting = d.quote !== ''
    this.backslash = d.escape === 'backslash'
    this.eol = d.line_end === '\n' ? 10 : d.line_end === '\r' ? 13 : 23
    this.fast = !rewriteAll && d.delimiter.length === 1 && this.delimiter < 128 && d.escape !== 'none'
    this.starts = new Int32Array(columns.n)
    this.ends = new Int32Array(columns.n)
    this.flags = new Uint8Array(columns.n)
    this.kinds.fill(OTHER)
    for (let c = 48; c < 58; c++) this.kinds[c] = 0
    this.kinds[this.delimiter] = DELIMITER
    this.kinds[LF] = this.kinds[CR] = LINE_END
    this.kinds[this.quote] = QUOTE
  }

  /** Checks complete records of b from `pos` on. Sets `end`; answers why it stopped there. */
  scan(b: Uint8Array, pos: number, final: boolean): number {
    this.end = pos
    if (!this.fast) return pos < b.length ? ODD : MORE
    const { columns, starts, ends, flags, kinds, quoting, backslash, verify } = this
    const N = columns.n,
      D = this.delimiter,
      Q = this.quote,
      eol = this.eol,
      len = b.length
    let i = pos
    while (i < len) {
      const start = i
      let col = 0,
        inner = 0
      for (;;) {
        let s = i
        if (i < len && b[i] === Q) {
          if (!quoting) return ODD
          let flag = QUOTED
          s = ++i
          for (;;) {
            const near = Math.min(i + 64, len) // short values: byte loop; long ones: native indexOf
            while (i < near && b[i] !== Q) {
              if (b[i] === LF) inner++
              i++
            }
            if (i < len && b[i] !== Q) {
              const j = b.indexOf(Q, i),
                to = j < 0 ? len : j
              for (let k = b.indexOf(LF, i); k >= 0 && k < to; k = b.indexOf(LF, k + 1)) inner++
              i = to
            }
            if (i === len) return final ? ODD : MORE
            if (i + 1 === len) {
              if (!final) return MORE
              break
            }
            if (b[i + 1] !== Q) break
            flag = QUOTED | DOUBLED
            i += 2
          }
          if (backslash && hasByte(b, s, i, BACKSLASH)) return ODD
          if (col < N) {
            starts[col] = s
            ends[col] = i
            flags[col] = flag
          }
          i++
          if (i < len) {
            const c = b[i]
            if (c !== D && c !== LF && c !== CR) return ODD
          }
        } else {
          let seen = 0,
            kind = 0
          while (i < len) {
            kind = kinds[b[i]!]!
            if (kind >= STOPS) break
            seen |= kind
            i++
          }
          if (i === len) {
            if (!final) return MORE
          } else if (kind === QUOTE) return ODD
          if (col < N) {
            starts[col] = s
            ends[col] = i
            flags[col] = seen === 0 ? DIGITS : 0
          }
          if (i < len && kind === DELIMITER) {
            // most fields end here
            col++
            i++
            if (i === len && !final) return MORE
            continue
          }
        }
        col++
        if (i < len && b[i] === D) {
          i++
          if (i === len && !final) return MORE
          continue
        }
        break
      }
      if (col !== N) return i === len && !final ? MORE : ODD
      if (i < len) {
        let kind = b[i]!
        if (kind === CR) {
          if (i + 1 === len) {
            if (!final) return MORE
          } else if (b[i + 1] === LF) {
            kind = 23
            i++
          }
        }
        i++
        if (kind !== eol) return ODD
      }
      if (N === 1 && (flags[0]! & QUOTED) === 0 && (ends[0] === starts[0] || (ends[0]! - starts[0]! === 2 && b[start] === BACKSLASH)))
        return ODD
      if (verify !== null && !verify(b, start, i)) return ODD
      // the record has its fields: now judge them
      const active = columns.active,
        types = columns.types,
        spell = columns.spell,
        empties = columns.empties
      for (let a = 0; a < active.length; a++) {
        const k = active[a]!,
          s = starts[k]!,
          e = ends[k]!,
          f = flags[k]!
        let v: number
        if (s === e) {
          const bit = f & QUOTED ? 2 : 1
          if ((empties[k]! & bit) !== 0) continue
          v = columns.empty(k, bit === 2)
        } else {
          const t = types[k]!
          // up to nine digits without a leading zero: an integer, nothing more to ask
          if (f === DIGITS && t <= T.FLOAT && t >= T.INT4 && e - s < 10 && (b[s] !== 48 || e - s === 1)) continue
          const r = spelling(t, b, s, e, (f & DOUBLED) !== 0)
          if (r !== 0 && (spell[k]! & r) === spell[k] && (e - s <= 15 || t > T.NUM)) continue
          v = columns.value(k, b, s, e, (f & DOUBLED) !== 0)
        }
        if (v !== 0) {
          this.verdict = v
          this.fieldStart = s
          this.fieldEnd = e
          return STOP
        }
      }
      this.records++
      this.lines += inner + 1
      this.end = i
    }
    return MORE
  }
}
function hasByte(b: Uint8Array, s: number, e: number, c: number): boolean {
  for (let i = s; i < e; i++) if (b[i] === c) return true
  return false
}
export { CONFLICT, MISFIT }
