/**
 * The files of the bench of uploads, made once and kept in the temp directory. Called by ../upload.ts; also a program of its own,
 * so that making a file leaves no garbage in the process whose memory is measured: node files.ts mixed 1000000
 */
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, renameSync } from 'node:fs'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'

export interface Case {
  name: 'mixed' | 'text' | 'late'
  header: string
  /** The typed table for those who cannot find the types. */
  columns: string
  rows: number
  /** Speed relative to psql \copy. */
  goal: number
  row: (i: number, n: number) => string
}

const HEADER = 'id,ref,name,amount,qty,day,at,ok,code,note'
const COLUMNS = 'id integer, ref uuid, name text, amount numeric, qty integer, day date, at timestamptz, ok boolean, code text, note text'
const two = (n: number) => String(n).padStart(2, '0')
const mixed = (i: number) =>
  `${i},a0eebc99-9c0b-4ef8-bb6d-${String(i).padStart(12, '0')},Name ${i % 9973},${(i % 100000) / 100},${i % 97},2024-${two(1 + (i % 12))}-${two(1 + (i % 28))},2024-01-01T${two(i % 24)}:${two(i % 60)}:00Z,${i % 2 ? 'true' : 'false'},0${i % 1000},note`
const PROSE = 'A longer text, with commas, "quotes" and\nline breaks, as people write them into forms. '
const prose = (i: number) => `${i},"${`${i} ${PROSE.repeat(4)}`.replaceAll('"', '""')}",${i % 7}`
/** Three columns that break their types at 90, 95 and 96 % of the file. */
const late = (i: number, n: number) =>
  i === Math.round(n * 0.9)
    ? mixed(i).replace(/,(\d+),(2024-\d\d-\d\d)/, ',1.5,$2')
    : i === Math.round(n * 0.95)
      ? mixed(i).replace(/,2024-\d\d-\d\d,/, ',soon,')
      : i === Math.round(n * 0.96)
        ? mixed(i).replace(/^(\d+,[^,]+,[^,]+),[^,]+/, '$1,n/a')
        : mixed(i)

export const CASES = (rows: number): Case[] => [
  { name: 'mixed', header: HEADER, columns: COLUMNS, rows, goal: 0.9, row: mixed },
  { name: 'text', header: 'id,body,n', columns: 'id integer, body text, n integer', rows: Math.ceil(rows / 4), goal: 0.85, row: prose },
  {
    name: 'late',
    header: HEADER,
    columns: COLUMNS.replace('qty integer', 'qty numeric').replace('amount numeric', 'amount text').replace('day date', 'day text'),
    rows,
    goal: 0.6,
    row: late,
  },
]
/** One of them with this many rows of its own. */
export const caseOf = (name: Case['name'], rows: number): Case => ({ ...CASES(rows).find((c) => c.name === name)!, rows })

const fileOf = (c: Case): string => path.join(os.tmpdir(), `tidemark-bench-${c.name}-${c.rows}.csv`)

export async function makeFile(c: Case): Promise<string> {
  const file = fileOf(c)
  if (existsSync(file)) return file
  const child = spawn(process.execPath, [import.meta.filename, c.name, String(c.rows)], { stdio: 'inherit' })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${file} could not be made`)
  return file
}

async function write(c: Case): Promise<void> {
  const out = createWriteStream(`${fileOf(c)}.new`)
  out.write(`${c.header}\n`)
  let part = ''
  for (let i = 1; i <= c.rows; i++) {
    part += `${c.row(i, c.rows)}\n`
    if (part.length > 1 << 20) {
      if (!out.write(part)) await once(out, 'drain')
      part = ''
    }
  }
  out.end(part)
  await once(out, 'finish')
  renameSync(`${fileOf(c)}.new`, fileOf(c)) // one that is there is whole
}

if (import.meta.main) await write(caseOf(process.argv[2] as Case['name'], Number(process.argv[3])))
