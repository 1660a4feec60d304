/**
 * A file through sniff, infer and tap without a database: what COPY would be sent, read by csv-parse, the reference.
 */
import { isUtf8 } from 'node:buffer'
import { parse } from 'csv-parse/sync'
import { Columns } from '../../../server/upload/columns.ts'
import { copyQuote } from '../../../server/upload/infer.ts'
import { Output } from '../../../server/upload/output.ts'
import { Machine } from '../../../server/upload/machine.ts'
import { passable } from '../../../server/upload/scanner.ts'
import { sniffBytes, toUtf8, type Known, type Sniffed } from '../../../server/upload/sniff.ts'
import { Tap, type BadRecord } from '../../../server/upload/tap.ts'
import { T } from '../../../server/upload/types.ts'

export interface Read {
  sniffed: Sniffed
  rows: string[][]
  bad: BadRecord[]
  records: number
  lines: number
}

/** Every cell as text. `cuts`: where the chunks end. */
export function readAll(
  file: Uint8Array,
  {
    known = {},
    skip = false,
    cuts = [] as number[],
    fast: withMachine = true,
  }: { known?: Known; skip?: boolean; cuts?: number[]; fast?: boolean } = {},
): Read {
  const { bytes } = toUtf8(file, true, known.encoding)
  const b = Buffer.from(bytes)
  const sniffed = sniffBytes(b, true, known)
  const columns = new Columns(sniffed.names.length)
  columns.fixed.fill(1)
  columns.types.fill(T.TEXT)
  columns.settled = true
  columns.refresh()
  const fast = passable(sniffed.dialect)
  const quote = fast ? copyQuote(sniffed.dialect) : 34,
    delimiter = fast ? sniffed.dialect.delimiter : ','
  const out = new Output(delimiter.charCodeAt(0), quote, sniffed.dialect.line_end)
  const machine = withMachine ? new Machine(b.length, 1) : null
  const bad: BadRecord[] = []
  const tap = new Tap({
    dialect: sniffed.dialect,
    columns,
    machine,
    copyQuote: quote,
    skip,
    out,
    isUtf8,
    lines: sniffed.dataLine,
    onBad: (x) => {
      if (!skip) throw Object.assign(new Error(x.reason), { bad: x })
      bad.push(x)
    },
  })
  const parts: Uint8Array[] = []
  let from = sniffed.dataStart,
    rest = Buffer.alloc(0)
  for (const at of [...cuts.filter((c) => c > from && c < b.length).sort((x, y) => x - y), b.length]) {
    const joined = Buffer.concat([rest, b.subarray(from, at)])
    const d = machine ? machine.sample.subarray(0, joined.copy(machine.sample)) : joined
    from = at
    tap.step(d, 0, at === b.length)
    parts.push(...out.take().map((x) => Buffer.from(x)))
    rest = Buffer.from(d.subarray(tap.pos))
  }
  const text = Buffer.concat(parts)
  const rows =
    text.length === 0
      ? []
      : (parse(text, {
          delimiter,
          quote: String.fromCharCode(quote),
          escape: String.fromCharCode(quote),
          record_delimiter: ['\r\n', '\n', '\r'],
          relax_column_count: true,
          skip_empty_lines: false,
        }) as string[][])
  return { sniffed, rows, bad, records: tap.records, lines: tap.lines }
}
