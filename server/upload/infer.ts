// infer.ts: the types of a sample, and what they mean: which columns can be stored as their type, in which order dates are
// written. Called by load (server) and preview (browser, dry_run). Pure; browser too.

import type { Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { FastPath } from './scanner.ts'
import { Tap, type BadRecord, type Transform } from './tap.ts'
import { DATE_FORMATS, DMY, DMY_DASH, DMY_SLASH, ISO, MDY, MDY_DASH, MDY_SLASH, SQL, T, YMD_DOT, YMD_SLASH, datePicture } from './types.ts'

export type DateOrder = 'dmy' | 'mdy' | 'ymd'
export interface Inferred {
  columns: Columns
  records: number
  bad: BadRecord[] // at most 1000 of them
}

/** Types of the complete records of b from `start` on. Bad records are collected and change nothing. */
export function infer(
  b: Uint8Array,
  start: number,
  final: boolean,
  dialect: Dialect,
  columns: Columns,
  o: {
    transform?: Transform | null
    ragged?: 'auto' | 'pad' | 'reject'
    isUtf8?: (b: Uint8Array) => boolean
    lines?: number
    machine?: FastPath
  } = {},
): Inferred {
  const bad: BadRecord[] = []
  const tap = new Tap({
    dialect,
    columns,
    skip: true,
    ...o,
    out: null,
    copyQuote: copyQuote(dialect),
    onBad: (x) => {
      if (bad.length < 1000) bad.push(x)
    },
  })
  tap.step(b, start, final)
  return { columns, records: tap.records, bad }
}

/** The byte that COPY is told as its quote: one that no sane file holds, when the dialect has none. */
export const copyQuote = (d: Dialect): number => (d.quote === '' ? 1 : d.quote.charCodeAt(0))

/**
 * The order of days and months that the file's dates prove (25/12 is a day first), or null. Evidence of one column counts for
 * the others; dots mean day first everywhere. Two columns that prove different orders prove nothing for a third.
 */
export function dateOrder(columns: Columns): DateOrder | null {
  let dmy = false,
    mdy = false
  for (let i = 0; i < columns.n; i++) {
    if (columns.types[i] !== T.DATE) continue
    const m = columns.spell[i]! & DATE_FORMATS
    if (m === DMY_SLASH || m === DMY_DASH) dmy = true
    if (m === MDY_SLASH || m === MDY_DASH) mdy = true
  }
  return dmy === mdy ? null : dmy ? 'dmy' : 'mdy'
}

/**
 * The type that column i has if nothing more comes, and its spelling. A date whose order stays open is text:
 * 01/02/2020 is never guessed.
 */
export function finalType(columns: Columns, i: number, order: DateOrder | null): { type: number; spell: number; open: boolean } {
  const type = columns.types[i]!,
    spell = columns.spell[i]!
  if (type === T.NULL) return { type: T.TEXT, spell, open: false }
  if (type !== T.DATE) return { type, spell, open: false }
  const both = (spell & ISO) === 0 && (spell & DMY) !== 0 && (spell & MDY) !== 0
  if (!both) return { type, spell, open: false }
  if (order === null || order === 'ymd') return { type: T.TEXT, spell, open: true }
  return { type, spell: spell & ~(order === 'dmy' ? MDY : DMY), open: false }
}

/** Can COPY read column i as its final type under this DateStyle? (If not it is loaded as text and converted at the end.) */
export function copyable(type: number, spell: number, order: DateOrder): boolean {
  if (type !== T.DATE || spell & (ISO | YMD_SLASH)) return true
  if (spell & YMD_DOT) return false
  return (spell & DMY) !== 0 ? order === 'dmy' : order === 'mdy'
}

/** The one DateStyle order of a load: that of the first date column that needs one. */
export function loadOrder(columns: Columns, order: DateOrder | null): DateOrder {
  for (let i = 0; i < columns.n; i++) {
    const f = finalType(columns, i, order)
    if (f.type === T.DATE && !(f.spell & (ISO | YMD_SLASH | YMD_DOT))) return f.spell & DMY ? 'dmy' : 'mdy'
  }
  return order ?? 'ymd'
}

export interface ColumnReport {
  name: string
  type: string
  nullable: boolean
  format?: string
  note?: string
}
/** What the answer says of a column. */
export function report(name: string, type: number, spell: number, open: boolean): ColumnReport {
  const r: ColumnReport = { name, type: SQL[type]!, nullable: true }
  if (type === T.DATE && !(spell & ISO)) r.format = datePicture(spell).replaceAll('FM', '')
  if (open) r.note = 'dates whose day and month cannot be told apart: kept as text; say date_order=dmy or mdy'
  return r
}
