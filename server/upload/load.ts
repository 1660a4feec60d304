// load.ts: one file into one table, in one transaction: sample → sniff → infer → plan → pour (typed tap, COPY) → finish.
// Called by route.ts with a client whose transaction has begun in the caller's role; the caller commits or rolls back.

import { isUtf8 } from 'node:buffer'
import { AppError } from '../errors.ts'
import { Columns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { dryRun } from './dry-run.ts'
import { finish } from './finish.ts'
import { infer } from './infer.ts'
import { Intake } from './intake.ts'
import type { LoadInput, LoadResult } from './job.ts'
import { Machines } from './machine.ts'
import { SKIPPED, createTable, makePlan, mapColumns, type Plan } from './plan.ts'
import { Pour } from './pour.ts'
import { refusal } from './problem.ts'
import { Rejects } from './rejects.ts'
import { sniffBytes } from './sniff.ts'
import { checkTarget, lookUp } from './target.ts'
import { makeTransform } from './transform.ts'
import { needsTrial } from './trial.ts'

/** A file that ends inside the sample is typed exactly before CREATE TABLE. */
const SAMPLE = 4 << 20,
  WINDOW = 384 << 10

export async function load(input: LoadInput): Promise<LoadResult> {
  const { client, options: o, schema, table } = input
  const progress = input.progress ?? { bytes: 0, rows: 0, rejected: 0 }
  const sampleSize = input.sampleBytes ?? SAMPLE,
    windowSize = Math.min(WINDOW, sampleSize)
  const intake = new Intake(input, windowSize, progress)
  let plan: Plan | null = null,
    pour: Pour | null = null
  try {
    const target = await input.asServer(() => lookUp(client, schema, table))
    checkTarget(target, table, o)
    await client.query("set local statement_timeout = 0; set local timezone = 'UTC'")

    const machines = input.machines ?? new Machines()
    const machine = machines.take(sampleSize, windowSize)
    const sample = machine.sample.subarray(0, await intake.fill(machine.sample))
    const sniffed = sniffBytes(sample, intake.ended, o.dialect)
    const dialect: Dialect = { ...sniffed.dialect, encoding: intake.decoder.encoding }
    if (sniffed.names.length === 0 && (o.onError === 'abort' || o.dryRun)) throw emptyFile()

    const { names, fixed } = mapColumns(sniffed.header, sniffed.names, o, target)
    const columns = new Columns(names.length)
    columns.give(fixed)
    const trial = needsTrial(names, target, o)
    // leaving fields out, or giving each its line, means writing records anew
    const transform = makeTransform(o) ?? (trial || names.includes(SKIPPED) ? (v: Uint8Array) => v : null)
    const learned = infer(sample, sniffed.dataStart, intake.ended, dialect, columns, {
      transform,
      ragged: o.ragged,
      isUtf8,
      lines: sniffed.dataLine,
      machine,
    })
    plan = makePlan(schema, table, names, columns, o, target, input.uploadId, trial)
    if (o.dryRun) {
      const seen = dryRun(sample, sniffed, dialect, plan, columns, learned, intake.decoder, o)
      machines.put(machine)
      return seen
    }

    const sequence = await createTable(client, plan, { big: !intake.ended })
    columns.settle()
    const rejects = new Rejects()
    pour = new Pour({
      input,
      plan,
      columns,
      dialect,
      transform,
      machine,
      windowSize,
      lines: sniffed.dataLine,
      rejects,
      progress,
    })
    await pour.run(intake, sample, sniffed.dataStart)
    machines.put(machine)

    return await finish({ input, plan, target, columns, pour, sequence, rejects, decoder: intake.decoder, dialect })
  } catch (error) {
    await pour?.abort(error as Error)
    throw refusal(error, {
      placeOf: (copyLine) => {
        const place = pour?.places.of(copyLine, pour.tap) ?? null
        return place && input.lineOf ? { ...place, line: input.lineOf(place.record) } : place
      },
      key: plan?.key ?? [],
    })
  } finally {
    intake.close()
  }
}

const emptyFile = (): AppError =>
  new AppError('TMCSV', 'The file is empty', {
    hint: 'Send a file with at least a header.',
    more: { line: 1, record: null, column: null, value: null, reason: 'no record' },
  })
