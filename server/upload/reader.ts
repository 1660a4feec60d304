// reader.ts: reads ONE record, patiently, and says what was odd about it. The slow sibling of scanner.ts.
// Called by sniff (hypotheses), infer and the scanner's driver for whatever the fast scanner does not take. Pure; browser too.
//
// What it reads beyond RFC 4180: delimiters of several bytes, backslash escapes, quotes that are not escaped at all, spaces
// around quotes, a quote inside an unquoted value (literal), a lone CR. `problem` names what a strict reader would refuse.

import type { Dialect } from './dialect.ts'

const LF = 10,
  CR = 13,
  SPACE = 32,
  BACKSLASH = 92
const PLAIN = 0,
  QUOTED = 1,
  ESCAPED = 2
const utf8 = new TextDecoder()
const encoder = new TextEncoder()

export type Problem = 'text after a closing quote' | 'a quote is never closed' | null

export class Reader {
  count = 0 // fields of the record
  readonly start: number[] = [] // value bytes of field i: [start, end), without its quotes
  readonly end: number[] = []
  readonly kind: number[] = [] // PLAIN, QUOTED, or ESCAPED (its bytes still hold escapes)
  next = 0 // where the following record begins
  lines = 0 // line ends inside and after this record
  terminated = false // a line end was seen
  problem: Problem = null
  problemField = 0
  /** A lone CR ends a record only when it has this many fields (0: always). */
  columns: number
  private readonly delimiter: Uint8Array
  private readonly d0: number
  private readonly quote: number
  private readonly escape: string
  private readonly crEnds: boolean
  private readonly lineByte: number // what counts as the end of a line inside quotes

  constructor(dialect: Pick<Dialect, 'delimiter' | 'quote' | 'escape' | 'line_end'>, columns = 0) {
    this.delimiter = encoder.encode(dialect.delimiter)
    this.d0 = this.delimiter[0] ?? 44
    this.quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0)
    this.escape = dialect.escape
    this.crEnds = dialect.line_end === '\r' || columns === 0
    this.lineByte = dialect.line_end === '\r' ? CR : LF
    this.columns = columns
  }

  /** Length of the delimiter at i, or 0. */
  private at(b: Uint8Array, i: number, len: number): number {
    if (b[i] !== this.d0 || i >= len) return 0
    const d = this.delimiter
    for (let k = 1; k < d.length; k++) if (i + k >= len || b[i + k] !== d[k]) return 0
    return d.length
  }

  /**
   * Reads the record at `pos` of b[0..len). False: more bytes are needed (never when `final`).
   * `loose`: a quote closes only before a delimiter or line end, doubled or not; an open quote is an ordinary character.
   */
  read(b: Uint8Array, pos: number, len: number, final: boolean, loose = false): boolean {
    this.count = 0
    this.lines = 0
    this.problem = null
    this.terminated = false
    let i = pos
    for (;;) {
      let j = i
      while (j < len && b[j] === SPACE && this.d0 !== SPACE) j++
      if (j === len && !final) return false
      let done = -1
      if (this.quote >= 0 && j < len && b[j] === this.quote) {
        done = this.quoted(b, j + 1, len, final, loose, j > i)
        if (done === -2) return false
      }
      if (done === -1) {
        done = this.plain(b, i, len, final)
        if (done === -2) return false
      }
      i = done
      const d = this.at(b, i, len)
      if (d > 0) {
        i += d
        if (i === len && !final) return false
        continue
      }
      if (i < len) {
        if (b[i] === CR && i + 1 === len && !final) return false
        this.terminated = true
        this.lines++
        if (b[i] === CR && b[i + 1] === LF && i + 1 < len) i++
        i++
      }
      this.next = i
      return true
    }
  }

  /** A quoted field whose first character is at s. Answers where it ends, -1 (read it as a plain field), -2 (more bytes). */
  private quoted(b: Uint8Array, s: number, len: number, final: boolean, loose: boolean, spaced: boolean): number {
    const Q = this.quote,
      lines = this.lines
    let i = s,
      kind = QUOTED,
      stray = false
    for (;;) {
      while (i < len && b[i] !== Q && !(b[i] === BACKSLASH && this.escape === 'backslash')) {
        if (b[i] === this.lineByte) this.lines++
        i++
      }
      if (i >= len) {
        if (!final) return -2
        this.lines = lines
        if (loose || spaced) return -1
        this.problem = 'a quote is never closed'
        this.problemField = this.count
        this.push(s, len, stray ? ESCAPED : kind)
        for (let k = s; k < len; k++) if (b[k] === this.lineByte) this.lines++
        return len
      }
      if (b[i] === BACKSLASH) {
        if (i + 1 >= len) {
          if (!final) return -2
          i++
          continue
        }
        if (b[i + 1] === this.lineByte) this.lines++
        i += 2
        kind = ESCAPED
        continue
      }
      if (i + 1 >= len && !final) return -2
      const doubled = i + 1 < len && b[i + 1] === Q
      if (doubled && this.escape !== 'none' && !loose) {
        i += 2
        kind = ESCAPED
        continue
      }
      // does the quote close the field? spaces may follow it
      let k = i + 1
      while (k < len && b[k] === SPACE && this.d0 !== SPACE) k++
      if (k === len && !final) return -2
      if (k === len || b[k] === LF || b[k] === CR || this.at(b, k, len) > 0) {
        this.push(s, i, loose && kind === ESCAPED ? ESCAPED : kind)
        return k
      }
      if (this.delimiter.length > 1 && !final && len - k < this.delimiter.length) return -2
      if (spaced) {
        this.lines = lines
        return -1
      } // ` "a" b`: the quotes belong to the text
      if (this.escape !== 'none' && !loose && this.problem === null) {
        this.problem = 'text after a closing quote'
        this.problemField = this.count
      }
      // quotes that are not escaped at all may stand inside a value, but then the value ends on its line
      if (stray && this.escape === 'none' && this.lines > lines && this.problem === null) {
        this.problem = 'text after a closing quote'
        this.problemField = this.count
      }
      stray = true
      i++
    }
  }

  private plain(b: Uint8Array, s: number, len: number, final: boolean): number {
    let i = s
    for (;;) {
      while (i < len && b[i] !== this.d0 && b[i] !== LF && b[i] !== CR) i++
      if (i >= len) {
        if (!final) return -2
        break
      }
      if (b[i] === LF) break
      if (b[i] === CR && b[i] !== this.d0) {
        if (i + 1 >= len && !final) return -2
        if (b[i + 1] === LF && i + 1 < len) break
        if (this.crEnds || this.count + 1 >= this.columns) break
        i++
        continue
      }
      if (this.at(b, i, len) > 0) break
      if (!final && len - i < this.delimiter.length) return -2
      i++
    }
    this.push(s, i, PLAIN)
    return i
  }

  private push(s: number, e: number, kind: number): void {
    this.start[this.count] = s
    this.end[this.count] = e
    this.kind[this.count] = kind
    this.count++
  }

  isQuoted(i: number): boolean {
    return this.kind[i] !== PLAIN
  }

  /** The value's bytes with its escapes undone. */
  value(b: Uint8Array, i: number): Uint8Array {
    const s = this.start[i]!,
      e = this.end[i]!
    if (this.kind[i] !== ESCAPED) return b.subarray(s, e)
    const Q = this.quote,
      out = new Uint8Array(e - s),
      backslash = this.escape === 'backslash'
    let n = 0
    for (let k = s; k < e; k++) {
      const c = b[k]!
      if (backslash && c === BACKSLASH && k + 1 < e && (b[k + 1] === Q || b[k + 1] === BACKSLASH)) k++
      else if (c === Q && k + 1 < e && b[k + 1] === Q) k++
      out[n++] = b[k]!
    }
    return out.subarray(0, n)
  }

  text(b: Uint8Array, i: number): string {
    return utf8.decode(this.value(b, i))
  }
  /** All values. Decoded once per record where that can be: one by one they took half of the time of a sample. */
  texts(b: Uint8Array): string[] {
    const from = this.start[0]!,
      to = this.end[this.count - 1]!
    const whole = utf8.decode(b.subarray(from, to))
    const aligned = whole.length === to - from // every character is one byte
    return Array.from({ length: this.count }, (_, i) =>
      aligned && this.kind[i] !== ESCAPED ? whole.slice(this.start[i]! - from, this.end[i]! - from) : this.text(b, i),
    )
  }
  /** A line with nothing on it, or only spaces. */
  blank(b: Uint8Array): boolean {
    if (this.count !== 1 || this.kind[0] !== PLAIN) return false
    for (let k = this.start[0]!; k < this.end[0]!; k++) if (b[k] !== SPACE && b[k] !== 9) return false
    return true
  }
}
