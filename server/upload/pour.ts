// pour.ts: the loop of a load: windows of the file through the typed tap into COPY. Called by load.ts; writes the plan's table.
//
// A value that its column cannot take ends the COPY, adds an overflow column of a wider type (catalogue only) and goes on
// there; finish.ts merges the parts in one ALTER. So types hold for all rows, and the file is read once.

import { isUtf8 } from 'node:buffer'
import { escapeIdentifier as q } from 'pg'
import { AppError } from '../errors.ts'
import { CONFLICT, QUOTED_EMPTY, type Columns } from './columns.ts'
import { CopySink } from './copy.ts'
import type { Dialect } from './dialect.ts'
import type { Segment } from './finish.ts'
import { copyQuote, copyable, infer } from './infer.ts'
import type { Intake } from './intake.ts'
import type { LoadInput, Progress } from './job.ts'
import type { Machine } from './machine.ts'
import { Output } from './output.ts'
import { Places } from './places.ts'
import { LINE, RECORD, SKIPPED, type Plan } from './plan.ts'
import { badRecord } from './problem.ts'
import type { Rejects } from './rejects.ts'
import { passable } from './scanner.ts'
import { Tap, type Transform } from './tap.ts'
import { SQL, T } from './types.ts'

const MAX_RECORD = 64 << 20

export interface PourInput {
  input: LoadInput
  plan: Plan
  columns: Columns
  dialect: Dialect
  transform: Transform | null
  machine: Machine
  windowSize: number
  lines: number // before the first data record
  rejects: Rejects
  progress: Progress
}

export class Pour {
  readonly tap: Tap
  /** The physical columns of each field, newest first. */
  readonly chains: Segment[][]
  readonly places = new Places()
  private readonly o: PourInput
  private readonly sink: CopySink
  private readonly out: Output
  private readonly kept: number[] // the fields that go into a column
  private readonly quote: number
  private readonly delimiter: string
  private copied = 0 // records of the COPYs that are closed
  private rest: Buffer = Buffer.alloc(0) // what is not consumed yet

  constructor(o: PourInput) {
    const { plan, columns, dialect, transform, input } = o
    this.o = o
    this.sink = new CopySink(input.client)
    this.kept = plan.names.flatMap((n, i) => (n === SKIPPED ? [] : [i]))
    this.chains = plan.names.map((column, i) => [
      { column, stored: columns.stored[i] === 1, type: columns.types[i]!, spell: 0, sql: plan.copySql[i]! },
    ])
    // what COPY cannot read as it stands is written anew, in the plainest dialect
    const asItStands = passable(dialect) && transform === null
    this.quote = asItStands ? copyQuote(dialect) : 34
    this.delimiter = asItStands ? dialect.delimiter : ','
    const all = this.kept.length === plan.names.length
    this.out = new Output(
      this.delimiter.charCodeAt(0),
      this.quote,
      dialect.line_end,
      all ? null : plan.trial ? [...this.kept, columns.n, columns.n + 1] : this.kept,
    )
    this.tap = new Tap({
      dialect,
      columns,
      machine: o.machine,
      copyQuote: this.quote,
      skip: input.options.onError === 'skip',
      ragged: input.options.ragged,
      transform,
      numbered: plan.trial,
      lines: o.lines,
      isUtf8,
      out: this.out,
      onBad: (found) => {
        const bad = input.lineOf ? { ...found, line: input.lineOf(found.record) } : found
        if (input.options.onError === 'abort') throw badRecord(bad, plan.names)
        o.rejects.add(bad)
      },
    })
  }

  /** Everything from sample[pos] on. */
  async run(intake: Intake, sample: Buffer, pos: number): Promise<void> {
    const { tap, out, sink, o } = this
    const maxRecord = o.input.maxRecordBytes ?? MAX_RECORD
    let window: Buffer | null = null
    this.rest = sample
    this.open()
    for (;;) {
      this.places.note(tap.records, tap.lines)
      const why = tap.step(this.rest, pos, intake.ended)
      for (const b of out.take()) await sink.write(b)
      o.progress.rows = tap.records
      o.progress.rejected = tap.rejected
      const consumed = tap.pos - pos
      this.rest = this.rest.subarray(tap.pos)
      pos = 0
      if (why === CONFLICT) {
        await this.widen(intake.ended)
        continue
      }
      if (intake.ended) break
      if (this.rest.length > maxRecord) throw tooLong(tap, maxRecord)
      // no complete record: read as much again before looking again, or long records cost n²
      const size = consumed > 0 ? this.rest.length + (o.windowSize >> 1) : this.rest.length * 2
      const target = Math.max(o.windowSize, size)
      const b: Buffer = o.machine.take(target, sink.left)
      const held = this.rest.copy(b)
      if (window) o.machine.release(window, sink.written)
      window = b
      this.rest = b.subarray(0, await intake.fill(b.subarray(0, target), held))
    }
    await this.close()
  }

  abort(why: Error): Promise<void> {
    return this.sink.abort(why)
  }

  private open(): void {
    this.places.opened(this.tap.records, this.tap.lines)
    if (this.kept.length === 0) return // an empty file with on_error=skip: an empty table
    const segments = this.kept.map((i) => this.chains[i]![0]!)
    this.sink.open(this.o.plan.into, [...segments.map((s) => s.column), ...(this.o.plan.trial ? [LINE, RECORD] : [])], {
      delimiter: this.delimiter,
      quote: String.fromCharCode(this.quote),
      forceNull: segments.filter((s) => s.stored && !/^(character|text|citext)/.test(s.sql)).map((s) => s.column),
    })
  }

  private async close(): Promise<void> {
    if (this.kept.length === 0) return
    this.copied += await this.sink.close()
    // the safety net: did COPY see the records that we saw?
    if (this.copied !== this.tap.records)
      throw new AppError('TMOOP', `COPY read ${this.copied} records where the scanner read ${this.tap.records}`)
  }

  /** A conflict: go on in overflow columns. The other conflicts of this window go into the same ALTER. */
  private async widen(final: boolean): Promise<void> {
    const { columns, dialect, transform, input, plan, machine } = this.o
    await this.close()
    const was = columns.clone(),
      ahead = columns.clone()
    ahead.stored.fill(0)
    ahead.settled = true
    infer(this.rest, 0, final, dialect, ahead, { transform, ragged: input.options.ragged, isUtf8, machine })
    const add: string[] = [],
      after: string[] = []
    for (let i = 0; i < columns.n; i++) {
      if (was.stored[i] === 0 || columns.fixed[i] === 1) continue
      if (ahead.types[i] === was.types[i] && ahead.invertible(i)) continue
      const column = this.overflow(i, was, ahead)
      add.push(`add column ${q(column.column)} ${column.sql}${column.marks ? " default ''" : ''}`)
      if (column.marks) after.push(`alter column ${q(column.column)} drop default`)
    }
    columns.refresh()
    if (add.length === 0) throw new AppError('TMOOP', `a conflict in column ${plan.names[columns.culprit]} that is none`)
    await input.client.query(`alter table ${plan.into} ${add.join(', ')}`)
    if (after.length > 0) await input.client.query(`alter table ${plan.into} ${after.join(', ')}`)
    this.open()
  }

  /** Field i goes into another physical column from here on. */
  private overflow(i: number, was: Columns, ahead: Columns): Segment {
    const { columns, plan } = this.o
    const chain = this.chains[i]!
    chain[0]!.type = was.types[i]!
    chain[0]!.spell = was.spell[i]!
    columns.types[i] = ahead.types[i]!
    columns.spell[i] = ahead.spell[i]!
    columns.empties[i] = ahead.empties[i]!
    columns.wide[i] = ahead.wide[i]!
    const stored = ahead.invertible(i) && ahead.types[i] !== T.TEXT && copyable(ahead.types[i]!, ahead.spell[i]!, plan.order)
    columns.stored[i] = stored ? 1 : 0
    // rows so far whose empty values were all "": told apart from later NULLs by a default that only they get (catalogue only)
    const marks = !stored && was.empties[i] === QUOTED_EMPTY
    const segment: Segment = {
      column: `__w${i}_${chain.length}`,
      stored,
      type: ahead.types[i]!,
      spell: 0,
      sql: stored ? SQL[ahead.types[i]!]! : 'text',
      marks,
    }
    chain.unshift(segment)
    return segment
  }
}

function tooLong(tap: Tap, limit: number): AppError {
  return new AppError('TMCSV', `Line ${tap.lines + 1}: a record of more than ${limit} bytes (a quote that is never closed?)`, {
    more: { line: tap.lines + 1, record: tap.records + tap.rejected + 1, column: null, value: null, reason: 'the record is too long' },
  })
}
