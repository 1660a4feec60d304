// What it is for: what a file will become, before it is sent: dialect, names, types with confidence and the rows that would
// not fit, from its first megabyte. The same modules as the server's (server/upload): both must say the same.
// Called by preview-panel.tsx and tests; pure.
import type { Dialect } from '../../../server/upload/dialect.ts'
import { infer, finalType, dateOrder } from '../../../server/upload/infer.ts'
import { Columns } from '../../../server/upload/columns.ts'
import { sampleRows, sniff, type Known } from '../../../server/upload/sniff.ts'
import { join, SQL, T } from '../../../server/upload/types.ts'

export const SAMPLE_BYTES = 1 << 20
/** Records of the sample whose cells are looked at one by one; the types come from all of it. */
const LOOKED_AT = 5000
export const TYPES = [
  'boolean',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'uuid',
  'jsonb',
  'text',
] as const

export interface PreviewColumn {
  /** As the file names it, made fit for PostgreSQL. */
  source: string
  type: string
  /** The type that nearly all values have, when a few spoil it: { type, share, lines }. */
  nearly: { type: string; share: number; lines: number[] } | null
  filled: number
}
export interface Preview {
  dialect: Dialect
  columns: PreviewColumn[]
  rows: string[][]
  /** The line of the file on which each shown row begins. */
  lines: number[]
  records: number
  whole: boolean
  /** Estimated records of the whole file. */
  estimate: number
  bad: { line: number; reason: string }[]
  misfits(column: number, type: string): { lines: number[]; count: number }
}

export function makePreview(bytes: Uint8Array, fileSize: number, known: Known = {}): Preview {
  const whole = bytes.length >= fileSize
  const sniffed = sniff(bytes, whole, known)
  const { dialect, names } = sniffed
  const body = sniffed.bytes
  const columns = new Columns(names.length)
  const inferred = infer(body, sniffed.dataStart, whole, dialect, columns, { lines: sniffed.dataLine })
  const order = dateOrder(columns)
  const looked = sampleRows(body.subarray(sniffed.dataStart), { ...dialect, preamble: 0, header: false }, whole, LOOKED_AT).filter(
    (row) => !(row.cells.length === 1 && row.cells[0] === '' && names.length > 1),
  )
  const lineOf = (line: number) => sniffed.dataLine + line // dataLine: how many lines lie before the first record

  const misfits = (column: number, type: string) => {
    const wanted = SQL.indexOf(type as never)
    const lines: number[] = []
    let count = 0
    if (type !== 'text')
      for (const row of looked) {
        const found = row.types[column] ?? T.NULL
        if (found === T.NULL || fits(found, wanted)) continue
        count++
        if (lines.length < 5) lines.push(lineOf(row.line))
      }
    return { lines, count }
  }

  return {
    dialect,
    columns: names.map((source, i) => {
      const { type } = finalType(columns, i, order)
      const filled = looked.reduce((sum, row) => sum + (row.types[i] === T.NULL || row.types[i] === undefined ? 0 : 1), 0)
      return {
        source,
        type: SQL[type]!,
        filled: looked.length ? filled / looked.length : 0,
        nearly:
          type === T.TEXT
            ? nearly(
                looked.map((row) => row.types[i] ?? T.NULL),
                (wanted) => misfits(i, wanted).lines,
              )
            : null,
      }
    }),
    rows: looked.slice(0, 50).map((row) => row.cells),
    lines: looked.slice(0, 50).map((row) => lineOf(row.line)),
    records: inferred.records,
    whole,
    estimate: whole ? inferred.records : Math.round((inferred.records / Math.max(1, bytes.length)) * fileSize),
    bad: inferred.bad.slice(0, 20).map(({ line, reason }) => ({ line, reason })),
    misfits,
  }
}

/** Whether a value of one type is also one of the wanted. */
function fits(found: number, wanted: number): boolean {
  return found === wanted || join(found, wanted, false) === wanted
}

/** The type of at least nine tenths of a text column's values. */
function nearly(types: number[], linesOf: (type: string) => number[]): PreviewColumn['nearly'] {
  const filled = types.filter((type) => type !== T.NULL)
  if (filled.length < 10) return null
  for (const type of [T.BOOL, T.INT4, T.INT8, T.NUM, T.FLOAT, T.DATE, T.TS, T.TSTZ, T.TIME, T.UUID, T.JSON]) {
    const share = filled.filter((found) => fits(found, type)).length / filled.length
    if (share >= 0.9 && share < 1) return { type: SQL[type]!, share, lines: linesOf(SQL[type]!) }
  }
  return null
}
