// header.ts: where the table begins in a sample, and whether its first record is a header. Called by sniff. Pure; browser too.

import type { Known, Row } from './sniff.ts'
import { T, join } from './types.ts'

export interface Header {
  preamble: number // index of the first row that belongs to the table
  data: number // index of the first data row
  header: string[] | null
  cells: string[] // what the names are made of: the header padded, or empty strings
}

const blank = (r: Row): boolean => r.cells.length === 1 && !r.quoted[0] && r.cells[0]!.trim() === ''

/** Rows before the table: blank, comments, or far fewer fields than usual. */
function tableStart(rows: readonly Row[], n: number, known: Known): number {
  if (known.preamble !== undefined) {
    const i = rows.findIndex((r) => r.line > known.preamble!)
    return i < 0 ? rows.length : i
  }
  let i = 0
  while (i < rows.length) {
    const r = rows[i]!
    const few = n > 1 && r.cells.filter((c) => c.trim() !== '').length < Math.max(2, n * 0.6) && r.cells.length !== n
    const comment = n > 1 && r.cells.length !== n && /^\s*(#|\/\/|--)/.test(r.cells[0]!)
    // a note with a delimiter in it, right above a header of the usual width
    const next = rows.slice(i + 1).find((x) => !blank(x))
    const note =
      n > 2 &&
      r.cells.length < n &&
      next !== undefined &&
      next.cells.length === n &&
      next.types.every((t) => t === T.TEXT) &&
      rows.slice(i + 2).some((x) => x.cells.length === n && x.types.some((t) => t !== T.TEXT && t !== T.NULL))
    // a title padded with empty cells, over a row that is full
    const title =
      n > 2 &&
      r.cells.length === n &&
      r.cells.slice(1).every((c) => c === '') &&
      r.cells[0] !== '' &&
      i + 1 < rows.length &&
      rows.slice(i + 1).some((x) => x.cells.length === n && x.cells.every((c) => c !== '')) &&
      rows.slice(i + 1, i + 4).filter((x) => x.cells.length === n && x.cells.filter((c) => c !== '').length > 1).length > 0
    if (!(blank(r) && (n > 1 || i === 0)) && !few && !comment && !title && !note) break
    i++
  }
  return i === rows.length
    ? rows.findIndex((r) => !blank(r)) < 0
      ? rows.length
      : Math.max(
          0,
          rows.findIndex((r) => !blank(r)),
        )
    : i
}

export function guessHeader(rows: readonly Row[], n: number, known: Known): Header {
  const preamble = tableStart(rows, n, known)
  const first = rows[preamble]
  if (!first) return { preamble, data: preamble, header: null, cells: [] }
  const body = rows.slice(preamble + 1).filter((r) => !blank(r))
  const yes = known.header ?? looksLikeHeader(first, body, n)
  if (!yes) return { preamble, data: preamble, header: null, cells: Array<string>(Math.max(n, 1)).fill('') }
  // a delimiter at the end of every line: an empty last column without a name and without values is still a column
  const cells = first.cells.slice()
  while (cells.length < n) cells.push('')
  return { preamble, data: preamble + 1, header: first.cells, cells }
}

function looksLikeHeader(first: Row, body: readonly Row[], n: number): boolean {
  const named = first.cells.filter((c) => c.trim() !== '')
  if (named.length === 0) return false
  const typedFirst = first.types.some((t) => t !== T.TEXT && t !== T.NULL)
  if (body.length === 0) return !typedFirst
  let yes = 0,
    no = 0,
    empty = 0
  for (let i = 0; i < Math.max(n, first.cells.length); i++) {
    const cell = first.cells[i]
    if (cell === undefined) continue
    const column = body.filter((r) => r.cells.length === n && i < n)
    const types = column.map((r) => r.types[i]!).filter((t) => t !== T.NULL)
    const body_t = types.reduce((a, t) => join(a, t, false), T.NULL as number)
    const mine = first.types[i]!
    // nearly all values typed alike: a stray misfit further down must not hide the evidence
    const main = body_t !== T.TEXT || types.length < 5 ? body_t : mostly(types)
    if (main !== T.NULL && main !== T.TEXT) {
      if (mine === T.TEXT) yes += 2
      else if (mine !== T.NULL && (mine === main || join(mine, main, false) !== T.TEXT)) no += 2
    } else if (mine !== T.TEXT && mine !== T.NULL) no += 0.5
    else if (cell !== '' && column.length > 1) {
      const lengths = column.map((r) => r.cells[i]!.length)
      if (column.some((r) => r.cells[i] === cell) && column.length > 2) no += 1
      else if (lengths.every((l) => l === lengths[0]) && lengths[0] !== cell.length) yes += 0.5
      if (/^(https?:|www\.|\S+@\S+\.)/.test(cell)) no += 1
    }
    if (cell.trim() === '') empty += 0.3
    if (cell.length > 100 || cell.includes('\n')) no += 0.2
    if (/^[\p{L}_][\p{L}\p{N}_ .()#/%-]{0,62}$/u.test(cell)) yes += 0.25
  }
  const distinct = new Set(named.map((c) => c.toLowerCase())).size
  if (distinct < named.length) no += 0.5
  no += Math.min(empty, 0.6)
  if (yes === no) return !typedFirst
  return yes > no
}
function mostly(types: readonly number[]): number {
  const n = new Map<number, number>()
  for (const t of types) n.set(t, (n.get(t) ?? 0) + 1)
  for (const [t, k] of n) if (k >= types.length * 0.9) return t
  return T.TEXT
}
