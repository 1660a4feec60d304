// preview.ts: what a file would become, from its first bytes: dialect, columns with confidence, first rows, rows that would fail.
// Called by load.ts (dry_run). Pure; the page has a preview of its own, of the same modules.

import type { Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { dateOrder, finalType, report, type ColumnReport, type DateOrder, type Inferred } from './infer.ts'
import { sampleRows, type Sniffed } from './sniff.ts'

export interface PreviewColumn extends ColumnReport {
  confidence: number // 0..1: how many values speak for the type
  empty: number // share of the shown rows without a value
}
export interface Preview {
  dialect: Dialect
  confidence: number
  header: string[] | null
  columns: PreviewColumn[]
  rows: string[][] // first rows, as the file has them
  complete: boolean // the whole file was seen
  records: number // of the sample
  bad: { line: number; column: string | null; value: string | null; reason: string; text: string }[]
}

const ROWS = 50

export function makePreview(
  b: Uint8Array,
  sniffed: Sniffed,
  dialect: Dialect,
  names: readonly string[],
  columns: Columns,
  learned: Inferred,
  o: { dateOrder?: DateOrder | null; columns?: unknown; complete?: boolean } = {},
): Preview {
  const rows = sampleRows(b.subarray(sniffed.dataStart, sniffed.dataStart + (256 << 10)), dialect, true, ROWS).filter(
    (r) => r.cells.length > 1 || names.length === 1,
  )
  const order = o.dateOrder ?? dateOrder(columns)
  return {
    dialect,
    confidence: sniffed.confidence,
    header: sniffed.header,
    columns: names.map((name, i) => {
      const f = finalType(columns, i, order)
      const empty = rows.length === 0 ? 0 : rows.filter((r) => (r.cells[i] ?? '') === '').length / rows.length
      const values = Math.max(0, Math.min(learned.records, 1e6) * (1 - empty))
      // one value proves little, a thousand prove a lot; a given type is certain
      const confidence = columns.fixed[i] === 1 ? 1 : values === 0 ? 0 : Math.round((100 * values) / (values + 1)) / 100
      return { ...report(name, f.type, f.spell, f.open), confidence, empty: Math.round(empty * 100) / 100 }
    }),
    rows: rows.map((r) => r.cells),
    complete: o.complete ?? false,
    records: learned.records,
    bad: learned.bad.slice(0, 50).map((x) => ({
      line: x.line,
      column: x.column === null ? null : (names[x.column] ?? null),
      value: x.value,
      reason: x.reason,
      text: x.text.slice(0, 200),
    })),
  }
}
