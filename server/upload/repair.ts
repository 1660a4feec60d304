// repair.ts: what can be made of a record whose quoting or field count is wrong, when on_error=skip. Called by tap.ts. Pure.
//
// The record is read again in milder ways, in this order, until it has its fields: its first line alone; that line with quotes
// that close only before a delimiter. A row of a wide table that misses or exceeds by less than a quarter of its fields is
// clearly a row of that table: it is kept, filled with nulls or cut, and listed with its text. Anything else is given up.

import type { Reader } from './reader.ts'

/** Leaves the reader on the repaired record. Answers what was done ('' nothing worth telling), or null: give it up. */
export function repair(r: Reader, b: Uint8Array, pos: number, n: number, ragged: 'auto' | 'pad' | 'reject', final: boolean): string | null {
  if (r.problem === 'text after a closing quote' && r.count === n && r.lines <= 1) return 'the quotes inside were kept'
  const problem = r.problem
  const giveUp = (): null => {
    r.read(b, pos, b.length, final)
    return null
  } // the reader stands where it stood
  if (problem !== null || r.lines > 1) {
    const eol = lineEnd(b, pos)
    for (const loose of [false, true]) {
      r.read(b, pos, eol, true, loose)
      if (r.count === n && (r.problem === null || loose)) return 'the line was read by itself'
    }
    // neither way has the right count: a multi-line record without broken quotes stays whole
    if (problem === null) r.read(b, pos, b.length, final)
  }
  if (trailingEmpties(r, n)) return ''
  const enough = ragged === 'pad' ? r.count > 0 : ragged === 'auto' && Math.abs(n - r.count) < n / 4
  if (r.count === n) return 'the line was read by itself'
  if (!enough) return giveUp()
  return r.count < n ? 'filled with nulls' : `cut after field ${n}`
}

/** More fields than columns, but the surplus is empty. */
function trailingEmpties(r: Reader, n: number): boolean {
  if (r.count <= n) return false
  for (let i = n; i < r.count; i++) if (r.end[i] !== r.start[i]) return false
  return true
}

function lineEnd(b: Uint8Array, pos: number): number {
  for (let i = pos; i < b.length; i++) {
    if (b[i] === 10) return i + 1
    if (b[i] === 13) return b[i + 1] === 10 ? i + 2 : i + 1
  }
  return b.length
}
