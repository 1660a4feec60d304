// ndjson.ts: newline-delimited JSON objects as CSV, so that they take the same way as everything else. Called by route.ts as the
// decoder's converter, behind decompression and decoding.
//
// The keys of the first megabyte are the columns; a key that comes later is an error that says so. null and missing are NULL, ""
// stays an empty string, objects and arrays become JSON. Numbers keep their digits (9007199254740993 is not rounded), and a key
// whose strings look like numbers stays text: JSON said that it is text.

import { AppError } from '../errors.ts'
import type { ColumnOption, UploadOptions } from './options.ts'
import { T } from './types.ts'
import { classify } from './validators.ts'

const SAMPLE = 1 << 20
const encoder = new TextEncoder()
type Json = { rawJSON(text: string): object; isRawJSON(x: unknown): x is { rawJSON: string } }
const json = JSON as unknown as Json

/** Digits as they are written, also inside nested values. */
function exact(this: unknown, _key: string, v: unknown, context?: { source?: string }): unknown {
  return typeof v === 'number' && context?.source !== undefined && String(v) !== context.source ? json.rawJSON(context.source) : v
}

function cell(v: unknown): string {
  if (v === null || v === undefined) return ''
  if (typeof v === 'string') return `"${v.replaceAll('"', '""')}"`
  if (typeof v === 'number' || typeof v === 'boolean') return String(v)
  if (json.isRawJSON(v)) return v.rawJSON
  return `"${JSON.stringify(v).replaceAll('"', '""')}"`
}

/** Which line of the file a record was, as text with line ends makes several lines of CSV: its number and the blank ones before. */
export class JsonLines {
  private readonly blanks: { records: number; lines: number }[] = []
  private lines = 0

  /** A blank line behind so many records. A file that is full of them is not worth the memory: the last known count holds. */
  blank(records: number): void {
    this.lines++
    const last = this.blanks.at(-1)
    if (last?.records === records) last.lines = this.lines
    else if (this.blanks.length < 100_000) this.blanks.push({ records, lines: this.lines })
  }
  of(record: number): number {
    return record + (this.blanks.findLast(({ records }) => records < record)?.lines ?? 0)
  }
}

/** `columns` is filled with what JSON knows better than a guess: keys whose strings must stay text. */
export function ndjsonToCsv(text: AsyncIterable<Buffer>, o: UploadOptions, lines: JsonLines): AsyncIterable<Buffer> {
  o.dialect = { delimiter: ',', quote: '"', escape: 'doubled', header: true, preamble: 0, line_end: '\n', encoding: 'utf-8' }
  return convert(text, o, lines)
}

async function* convert(text: AsyncIterable<Buffer>, o: UploadOptions, places: JsonLines): AsyncGenerator<Buffer> {
  let rest = ''
  let line = 0
  let records = 0
  let names: string[] | null = null
  let waiting: (Record<string, unknown> | string)[] = []
  let size = 0
  const decoder = new TextDecoder()
  const parse = (s: string): Record<string, unknown> | string | null => {
    line++
    if (s.trim() === '') {
      places.blank(records)
      return null
    }
    records++
    let x: unknown
    try {
      x = JSON.parse(s, exact as never)
    } catch {
      x = undefined
    }
    if (typeof x === 'object' && x !== null && !Array.isArray(x)) return x as Record<string, unknown>
    if (o.onError === 'abort')
      throw new AppError('TMCSV', `Line ${line}: not a JSON object`, {
        detail: s.slice(0, 200),
        more: { line, record: records, column: null, value: null, reason: 'not a JSON object' },
      })
    return s
  }
  const begin = (): Buffer => {
    const keys = new Set<string>(),
      numberLike = new Set<string>()
    for (const w of waiting) {
      if (typeof w === 'string') continue
      for (const [k, v] of Object.entries(w)) {
        keys.add(k)
        if (typeof v !== 'string' || v === '') continue
        const b = encoder.encode(v),
          t = classify(b, 0, b.length, false)
        if (t >= T.BOOL && t <= T.FLOAT) numberLike.add(k)
      }
    }
    names = [...keys]
    const given = o.columns instanceof Map ? o.columns : new Map<string, ColumnOption>()
    if (!Array.isArray(o.columns)) {
      for (const k of numberLike) if (!given.get(k)?.type) given.set(k, { ...given.get(k), type: 'text' })
      o.columns = given
    }
    const out = [names.map(cell).join(',') + '\n', ...waiting.map(row)]
    waiting = []
    return Buffer.from(out.join(''))
  }
  const row = (x: Record<string, unknown> | string): string => {
    // an unreadable line is given to the reader as a record with a wrong number of fields: it becomes a reject
    if (typeof x === 'string') return `${cell(x)}${names!.length === 1 ? ',' : ''}\n`
    for (const k of Object.keys(x))
      if (!names!.includes(k))
        throw new AppError('TMCOL', `Line ${line}: the key "${k.slice(0, 100)}" is new`, {
          hint: 'Keys must appear in the first megabyte: give the first object all keys, with null.',
          more: { line, record: records, column: k },
        })
    return `${names!.map((n) => cell(x[n])).join(',')}\n`
  }
  const take = (lines: string[]): string => {
    let out = ''
    for (const s of lines) {
      const x = parse(s)
      if (x === null) continue
      if (names === null) {
        waiting.push(x)
        size += s.length
      } else out += row(x)
    }
    return out
  }
  for await (const b of text) {
    const lines = (rest + decoder.decode(b, { stream: true })).split('\n')
    rest = lines.pop()!
    const out = take(lines)
    if (names === null && size >= SAMPLE) yield begin()
    if (out) yield Buffer.from(out)
  }
  const out = take([rest])
  if (names === null) yield begin()
  if (out) yield Buffer.from(out)
}
