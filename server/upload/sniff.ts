// sniff.ts: from the first bytes of a file, how it is to be read: encoding, dialect, preamble, header, column names.
// Called by load (server) with decoded bytes and by the web preview with the first megabyte of the file. Pure; browser too.
//
// Every hypothesis (delimiter × quote × escape) reads the same sample with the patient reader; the one wins whose records
// agree on their number of fields and whose cells look like whole values. Whatever is given in `known` is not guessed.

import { RFC4180, type Dialect } from './dialect.ts'
import { guessEncoding } from './encoding.ts'
import { guessHeader } from './header.ts'
import { columnNames } from './names.ts'
import { Reader } from './reader.ts'
import { classify } from './validators.ts'
import { T } from './types.ts'

export interface Row {
  cells: string[]
  quoted: boolean[]
  types: number[]
  start: number
  line: number
  odd: boolean
}
export interface Sniffed {
  dialect: Dialect
  names: string[] // column names, as they will be in the table
  header: string[] | null // the header's cells as the file has them
  dataStart: number // byte offset (after the BOM, in UTF-8) and lines before the first data record
  dataLine: number
  confidence: number // 0..1: how far the best reading is ahead of the next
}
export type Known = Partial<Dialect>

const SAMPLE = 256 << 10,
  ROWS = 400
const utf8 = new TextDecoder(),
  encoder = new TextEncoder()

/** The first bytes of a file as UTF-8 without BOM: what the rest of the pipeline reads. For the browser and for small files. */
export function toUtf8(b: Uint8Array, final: boolean, known?: Dialect['encoding']): { bytes: Uint8Array; encoding: Dialect['encoding'] } {
  const guess = guessEncoding(b, final)
  const encoding = known ?? guess.encoding
  const body = b.subarray(guess.bom)
  return { encoding, bytes: encoding === 'utf-8' ? body : encoder.encode(new TextDecoder(encoding).decode(body, { stream: !final })) }
}

/** The records of a sample under one dialect; an unfinished last record is left out unless the sample is the whole file. */
export function sampleRows(b: Uint8Array, d: Dialect, final: boolean, limit = ROWS): Row[] {
  const r = new Reader(d),
    rows: Row[] = []
  let pos = 0,
    line = 1
  while (pos < b.length && rows.length < limit) {
    if (!r.read(b, pos, b.length, final)) break
    if (r.problem === 'a quote is never closed' && r.lines > 1) {
      // read the line alone: one bad quote must not eat the sample
      const eol = b.indexOf(10, pos)
      r.read(b, pos, eol < 0 ? b.length : eol + 1, true, true)
      if (r.next === pos) break
    }
    const types: number[] = [],
      quoted: boolean[] = []
    for (let i = 0; i < r.count; i++) {
      const v = trimmed(r.value(b, i))
      types.push(v.length === 0 ? T.NULL : v.length > 400 ? T.TEXT : classify(v, 0, v.length, false))
      quoted.push(r.isQuoted(i))
    }
    rows.push({ cells: r.texts(b), quoted, types, start: pos, line, odd: r.problem !== null })
    line += Math.max(r.lines, 1)
    pos = r.next
  }
  return rows
}
function trimmed(v: Uint8Array): Uint8Array {
  let s = 0,
    e = v.length
  while (s < e && v[s] === 32) s++
  while (e > s && v[e - 1] === 32) e--
  return v.subarray(s, e)
}

const isBlank = (r: Row): boolean => r.cells.length === 1 && !r.quoted[0] && r.cells[0]!.trim() === ''

/** The most frequent number of fields; a larger one wins a tie, one field loses against any other that half the rows share. */
function usualCount(rows: readonly Row[]): number {
  const n = new Map<number, number>()
  for (const r of rows) if (!isBlank(r)) n.set(r.cells.length, (n.get(r.cells.length) ?? 0) + 1)
  let best = 1,
    votes = 0
  for (const [count, v] of n) {
    const weight = count === 1 ? v * 0.5 : v
    if (weight > votes || (weight === votes && count > best)) {
      best = count
      votes = weight
    }
  }
  return best
}

const BIAS: Record<string, number> = {
  ',': 1,
  '\t': 1,
  ';': 0.99,
  ', ': 1.001,
  '|': 0.98,
  '||': 0.98,
  '\x01': 0.95,
  '\x1f': 0.95,
  '^': 0.8,
  '~': 0.8,
  ':': 0.55,
  ' ': 0.55,
}

function score(rows: readonly Row[], d: Dialect): number {
  const filled = rows.filter((r) => !isBlank(r))
  if (filled.length === 0) return 0
  const n = usualCount(filled)
  let same = 0,
    odd = 0,
    quality = 0,
    cells = 0
  for (const r of filled) {
    if (r.cells.length === n) same++
    if (r.odd) odd++
    if (r.cells.length === n || n === 1)
      for (let i = 0; i < r.cells.length; i++) {
        quality += cellQuality(r, i, d)
        cells++
      }
  }
  const agree = same / filled.length,
    clean = 1 - odd / filled.length
  let typed = 0,
    quoted = 0
  for (const r of filled)
    for (let i = 0; i < r.cells.length; i++) {
      if (r.quoted[i]) quoted++
      else if (r.types[i] !== T.TEXT && r.types[i] !== T.NULL) typed++
    }
  // one column of whole values (times, quoted texts) is a table, one column of unknown text rather a wrong delimiter
  const width = n === 1 ? ((typed + quoted) / filled.length > 0.6 ? 0.8 : 0.12) : (n - 0.7) / n
  // spaces and colons are in every text: they separate only where values stand between them, on more than one line
  const loose = d.delimiter === ' ' || d.delimiter === ':'
  const alone = loose && (filled.length === 1 || typed + quoted < cells0(filled) * 0.2 || agree < 0.8) ? 0.1 : 1
  return (
    agree ** 2 *
    width *
    (cells ? quality / cells : 0) *
    (0.3 + 0.7 * clean) *
    (loose && alone === 1 && n > 2 && agree > 0.95 ? 0.95 : (BIAS[d.delimiter] ?? 0.9)) *
    alone
  )
}

const cells0 = (rows: readonly Row[]): number => rows.reduce((n, r) => n + r.cells.length, 0)

function cellQuality(r: Row, i: number, d: Dialect): number {
  const c = r.cells[i]!
  if (c === '') return 0.95
  if (r.types[i] !== T.TEXT && r.types[i] !== T.NULL) return 1
  if (r.quoted[i]) return 1
  const q = c.trimStart()[0]
  if (q === '"' || (q === "'" && c.trimEnd().endsWith("'") && c.length > 1)) return d.quote === q ? 0.2 : 0.15
  if (c.endsWith('"') && !/\d"$/.test(c)) return 0.3
  if (/[\t|;\x01\x1f]/.test(c)) return d.delimiter === ' ' || d.delimiter === ':' ? 0.3 : 0.5
  if (d.delimiter !== ' ' && c[0] === ' ') return 0.75
  if (c.includes(',') && d.delimiter !== ',') return 0.8
  return 0.9
}

function hypotheses(text: string, known: Known): Dialect[] {
  const delimiters =
    known.delimiter !== undefined
      ? [known.delimiter]
      : [',', ';', '\t', '|', ', ', '||', ':', ' ', '^', '~', '\x01', '\x1f'].filter(
          (c) => text.includes(c) && !(c === '|' && text.includes('||') && !/(^|[^|])\|([^|]|$)/.test(text)),
        )
  if (delimiters.length === 0) delimiters.push(',')
  const quotes = known.quote !== undefined ? [known.quote] : ['"']
  // ' counts as a quote only where it both opens and closes values
  if (known.quote === undefined && /(^|[,;\t|:\n\r] ?)'/.test(text) && /'( ?[,;\t|:\n\r]|$)/.test(text)) quotes.push("'")
  if (known.quote === undefined && text.includes('"')) quotes.push('')
  const out: Dialect[] = []
  for (const delimiter of delimiters)
    for (const quote of quotes)
      for (const escaping of known.escape ? [known.escape] : escapes(text, quote))
        out.push({ ...RFC4180, ...known, delimiter, quote, escape: escaping })
  return out
}
function escapes(text: string, quote: string): Dialect['escape'][] {
  if (quote === '') return ['doubled']
  // a quote with text on both sides
  const inner = quote === '"' ? /[^,;\t|:\n\r"\\]"[^,;\t|:\n\r"]/ : /[^,;\t|:\n\r'\\]'[^,;\t|:\n\r']/
  return ['doubled', ...(text.includes(`\\${quote}`) ? ['backslash' as const] : []), ...(inner.test(text) ? ['none' as const] : [])]
}

const PENALTY: Record<string, number> = { doubled: 1, backslash: 0.995, none: 0.97 }

/** How the sample (UTF-8, no BOM) is to be read. `final`: the sample is the whole file. */
export function sniffBytes(b: Uint8Array, final: boolean, known: Known = {}): Sniffed {
  const whole = final && b.length <= SAMPLE
  const sample = b.subarray(0, SAMPLE)
  const text = utf8.decode(sample.subarray(0, 64 << 10))
  const line_end = known.line_end ?? lineEnd(sample)
  let best: Dialect = { ...RFC4180, ...known },
    rows: Row[] = [],
    top = -1,
    second = 0
  for (const d of hypotheses(text, { ...known, line_end })) {
    const got = sampleRows(sample, d, whole)
    const s = score(got, d) * (d.quote === '' ? 0.9 : d.quote === "'" ? 0.98 : 1) * PENALTY[d.escape]!
    if (s > top) {
      second = top
      top = s
      best = d
      rows = got
    } else if (s > second) second = s
  }
  // a quote that opens a value and closes lines later, in a file whose lines agree without any quoting: an ordinary character
  if (
    best.quote !== '' &&
    known.quote === undefined &&
    best.delimiter !== ',' &&
    rows.some((r) => r.cells.some((c, i) => r.quoted[i] && /[\r\n]/.test(c)))
  ) {
    const plain = { ...best, quote: '', escape: 'doubled' as const }
    const lines = sampleRows(sample, plain, whole).filter((r) => !isBlank(r))
    const n = usualCount(lines)
    if (n > 1 && n === usualCount(rows) && lines.every((r) => r.cells.length === n)) {
      best = plain
      rows = sampleRows(sample, plain, whole)
    }
  }
  // one column: say a delimiter that is not in the sample, so that a later line is not split either
  if (known.delimiter === undefined && rows.length > 0 && usualCount(rows) === 1) {
    const free = [',', ';', '\t', '|', '\x1f'].find((c) => !text.includes(c)) ?? best.delimiter
    if (best.delimiter === ' ' || best.delimiter === ':' || !text.includes(',')) best = { ...best, delimiter: free }
  }
  best = { ...best, line_end }
  const h = guessHeader(rows, usualCount(rows), known)
  const first = rows[h.data]
  const dialect = { ...best, header: h.header !== null, preamble: (rows[h.preamble]?.line ?? 1) - 1 }
  return {
    dialect,
    names: columnNames(h.cells),
    header: h.header,
    dataStart: first ? first.start : whole || rows.length === 0 ? b.length : endOf(sample, dialect, rows.at(-1)!),
    dataLine: first ? first.line - 1 : rows.length,
    confidence: top <= 0 ? 0 : Math.round(100 * (1 - (Math.max(second, 0) / top) * 0.5)) / 100,
  }
}
function endOf(b: Uint8Array, d: Dialect, last: Row): number {
  const r = new Reader(d)
  return r.read(b, last.start, b.length, true) ? r.next : b.length
}

/** The kind of line end that is met most outside quotes, as far as a first look can tell. */
function lineEnd(b: Uint8Array): Dialect['line_end'] {
  let lf = 0,
    crlf = 0,
    cr = 0
  for (let i = 0; i < b.length; i++) {
    if (b[i] === 10) lf++
    else if (b[i] === 13) {
      if (b[i + 1] === 10) {
        crlf++
        i++
      } else if (i + 1 < b.length) cr++
    }
  }
  return crlf >= lf && crlf >= cr && crlf > 0 ? '\r\n' : cr > lf ? '\r' : '\n'
}

/** The browser's door: the first bytes of a file, as they are. */
export function sniff(b: Uint8Array, final: boolean, known: Known = {}): Sniffed & { bytes: Uint8Array } {
  const { bytes, encoding } = toUtf8(b, final, known.encoding)
  const s = sniffBytes(bytes, final, known)
  return { ...s, dialect: { ...s.dialect, encoding }, bytes }
}
