// columns.ts: what is known about each column while a file goes by: type, spelling, empties, and how it is stored meanwhile.
// Called by the tap for every record; read by plan and finish. Pure; browser too.
//
// `settled` is false during the sample (types follow the data). After it a column is stored as its type (stored = 1) or as
// text (stored = 0). A text-stored column still follows the data and gets its type in one ALTER at the end: that is how a column
// whose values PostgreSQL would print differently stays exact. A value that a type-stored column cannot take is a conflict.

import { castable } from './casts.ts'
import { ALL_SPELLINGS, DATE_FORMATS, EXACT, FIT, T, invertible, join } from './types.ts'
import { classify, significant, spelling } from './validators.ts'

export const EMPTY = 1,
  QUOTED_EMPTY = 2
export const OK = 0,
  CONFLICT = 1,
  MISFIT = 2

export class Columns {
  readonly n: number
  readonly types: Uint8Array
  readonly spell: Int32Array
  readonly wide: Uint8Array // 1: a number of more than 15 digits was seen
  readonly empties: Uint8Array // EMPTY | QUOTED_EMPTY
  readonly stored: Uint8Array // 1: the table's column has this type; 0: it is text for now
  readonly fixed: Uint8Array // 1: the type was given (columns option, append): a misfit is a bad record
  settled = false
  active: Int32Array // the columns that have to be looked at
  /** The column that a CONFLICT or MISFIT was about. */
  culprit = 0

  constructor(n: number) {
    this.n = n
    this.types = new Uint8Array(n)
    this.spell = new Int32Array(n).fill(ALL_SPELLINGS)
    this.wide = new Uint8Array(n)
    this.empties = new Uint8Array(n)
    this.stored = new Uint8Array(n)
    this.fixed = new Uint8Array(n)
    this.active = new Int32Array(0)
    this.refresh()
  }

  clone(): Columns {
    const c = new Columns(this.n)
    for (const k of ['types', 'spell', 'wide', 'empties', 'stored', 'fixed'] as const) (c[k] as Uint8Array).set(this[k] as Uint8Array)
    c.settled = this.settled
    c.refresh()
    return c
  }

  /** Types that the sender, or the table, says. */
  give(types: ReadonlyMap<number, number>): void {
    for (const [i, type] of types) {
      this.fixed[i] = 1
      this.types[i] = type
    }
    this.refresh()
  }

  /** The sample is over: the table has its columns. */
  settle(): void {
    this.settled = true
    this.refresh()
  }

  /** After types changed: text columns need no look once the sample is over. */
  refresh(): void {
    const list: number[] = []
    for (let i = 0; i < this.n; i++) if (!this.settled || (this.types[i] !== T.TEXT && this.types[i] !== T.ANY)) list.push(i)
    this.active = Int32Array.from(list)
  }

  /** Does the value fit? Follows the data where it may; answers CONFLICT or MISFIT and changes nothing where it may not. */
  value(i: number, b: Uint8Array, s: number, e: number, doubled: boolean): number {
    const t = this.types[i]!
    const r = spelling(t, b, s, e, doubled)
    if (r !== 0) {
      const now = this.spell[i]! & r
      if (e - s > 15 && this.wide[i] === 0 && t <= T.NUM && significant(b, s, e) > 15) this.wide[i] = 1
      if (now === this.spell[i]) return OK
      if (t !== T.DATE || (now & DATE_FORMATS) !== 0) {
        if (this.stored[i] === 1 && this.fixed[i] === 0 && !invertible(t, now)) {
          this.culprit = i
          return CONFLICT
        }
        this.spell[i] = now
        return OK
      }
    }
    if (this.fixed[i] === 1) {
      if (castable(t, b, s, e, doubled)) return OK
      this.culprit = i
      return MISFIT
    }
    if (this.stored[i] === 1) {
      this.culprit = i
      return CONFLICT
    }
    this.widen(i, b, s, e, doubled)
    return OK
  }

  empty(i: number, quoted: boolean): number {
    const now = this.empties[i]! | (quoted ? QUOTED_EMPTY : EMPTY)
    // both kinds in one typed column: as text it could not tell them apart again
    if (now === 3 && this.stored[i] === 1 && this.fixed[i] === 0 && this.empties[i] !== 3) {
      this.culprit = i
      return CONFLICT
    }
    this.empties[i] = now
    return OK
  }

  /** The column's type becomes one that holds this value too. */
  widen(i: number, b: Uint8Array, s: number, e: number, doubled: boolean): void {
    const t = this.types[i]!
    let c = t === T.DATE && spelling(T.DATE, b, s, e, doubled) ? T.TEXT : classify(b, s, e, doubled)
    if ((c === T.NUM || c === T.INT8 || c === T.FLOAT) && significant(b, s, e) > 15) this.wide[i] = 1
    if (t === T.TS && c === T.TS) c = T.TS
    const to = join(t, c, this.wide[i] === 1)
    if (to === t && t !== T.NULL) {
      this.spell[i] = this.spell[i]! & (spelling(t, b, s, e, doubled) || FIT)
      return
    }
    const mask = to === T.TEXT ? FIT : spelling(to, b, s, e, doubled) || FIT
    const keeps = t === T.NULL || ((t === T.INT4 || t === T.INT8) && to <= T.FLOAT) || (t === T.INT4 && to === T.INT8)
    this.spell[i] = keeps ? this.spell[i]! & mask : FIT | (mask & 0)
    if (t !== T.NULL && to === T.FLOAT && this.spell[i] !== FIT) this.spell[i] = this.spell[i]! & (FIT | EXACT)
    this.types[i] = to
    this.refresh()
  }

  /** The type that the column would have if the file ended here. */
  invertible(i: number): boolean {
    return invertible(this.types[i]!, this.spell[i]!) && this.empties[i] !== 3
  }
}
