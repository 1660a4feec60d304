// trial.ts: on_error=skip into a table that judges by itself: enums, domains, lengths, checks, foreign keys, unique keys. COPY
// would end at the first row that it refuses, so the rows go into a staging table with their line and record first, and from there
// in one INSERT; where that fails, its halves are tried, down to the rows that are refused. Called by load.ts, plan.ts and
// finish.ts; writes the target and fills the rejects. Slower than COPY: only where the table has something to refuse with.

import type { PoolClient } from 'pg'
import { escapeIdentifier as q } from 'pg'
import { AppError } from '../errors.ts'
import type { UploadOptions } from './options.ts'
import { LINE, RECORD, SKIPPED, type Plan } from './plan.ts'
import type { Rejects } from './rejects.ts'
import type { Target, TargetColumn } from './target.ts'
import { T } from './types.ts'

/** Each refused row costs about 2 log2(rows) statements. */
const MOST_STATEMENTS = 20_000

export interface Refused {
  count: number
  inserted: number
  updated: number
}

interface Staged {
  __n: string
  __line: string
  __record: string
  [column: string]: string | null
}

/** Would COPY into this table end at a row that the scanner lets through? */
export function needsTrial(names: readonly string[], target: Target, o: UploadOptions): boolean {
  if (o.onError !== 'skip' || o.dryRun || o.widen || !target.exists) return false
  const own = names.filter((n) => n !== SKIPPED).map((n) => target.columns.find((c) => c.name === n))
  if (own.some((c) => c === undefined)) return false // add_columns
  return target.constrained || own.some((c) => c!.type === T.ANY || c!.notNull)
}

/** From the staging table into the target, without the rows that it refuses. `insert` makes the statement for a condition. */
export async function tryRows(
  client: PoolClient,
  plan: Plan,
  target: Target,
  rejects: Rejects,
  insert: (where: string) => string,
): Promise<Refused> {
  const done: Refused = { count: 0, inserted: 0, updated: 0 }
  const fields = plan.names.filter((n) => n !== SKIPPED)
  const refuse = (row: Staged, column: string | null, value: string | null, reason: string): void => {
    done.count++
    const cell = (v: string | null) => (v === null ? '' : /[",\r\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v)
    rejects.add({
      line: Number(row.__line),
      record: Number(row.__record),
      column: column === null ? null : plan.names.indexOf(column),
      value,
      reason,
      text: fields.map((f) => cell(row[f]!)).join(','),
      loaded: false,
    })
  }
  const texts = ['__n', LINE, RECORD, ...fields].map((f) => `${q(f)}::text`).join(', ')

  await client.query('set constraints all immediate')
  for (const c of target.columns) {
    if (!c.labels || !fields.includes(c.name)) continue
    const { rows } = await client.query<Staged>(`delete from ${plan.into} where not ${q(c.name)} = any ($1) returning ${texts}`, [c.labels])
    const reason = `not one of ${c.labels.join(', ').slice(0, 200)}`
    for (const row of rows) refuse(row, c.name, row[c.name]!, reason)
  }

  let statements = 0
  const attempt = async (from: number, to: number): Promise<void> => {
    if (++statements > MOST_STATEMENTS)
      throw new AppError('TMCSV', `More than ${done.count} rows are refused by the table itself: nothing was loaded`, {
        hint: 'Load the file into a table of its own (mode=create) and move the rows by SQL.',
      })
    await client.query('savepoint trial')
    try {
      const { rows } = await client.query<{ inserted: string; updated: string }>(insert(`__n between ${from} and ${to}`))
      done.inserted += Number(rows[0]!.inserted)
      done.updated += Number(rows[0]!.updated)
      await client.query('release savepoint trial')
      return
    } catch (error) {
      const e = error as { code?: string; message?: string; detail?: string; column?: string }
      if (!/^(22|23|P0001)/.test(e.code ?? '')) throw error
      await client.query('rollback to savepoint trial; release savepoint trial')
      if (from === to) {
        const { rows } = await client.query<Staged>(`select ${texts} from ${plan.into} where __n = ${from}`)
        if (rows[0]) refuse(rows[0], ...(await culprit(client, plan, target, rows[0], e)))
        return
      }
    }
    const middle = Math.floor((from + to) / 2)
    await attempt(from, middle)
    await attempt(middle + 1, to)
  }
  const { rows } = await client.query<{ first: string | null; last: string }>(
    `select min(__n) as first, max(__n) as last from ${plan.into}`,
  )
  if (rows[0]!.first !== null) await attempt(Number(rows[0]!.first), Number(rows[0]!.last))
  await client.query(`drop table ${plan.into}`)
  rejects.list.sort((a, b) => a.line - b.line)
  return done
}

/** Which column of the row, its value, and why, as far as PostgreSQL tells. */
async function culprit(
  client: PoolClient,
  plan: Plan,
  target: Target,
  row: Staged,
  e: { code?: string; message?: string; detail?: string; column?: string },
): Promise<[string | null, string | null, string]> {
  const reason = e.detail && /^23/.test(e.code!) && !/^Failing row/.test(e.detail) ? `${e.message} (${e.detail})` : e.message!
  const named = e.column ?? /^Key \("?([^"),]+)"?\)=/.exec(e.detail ?? '')?.[1]
  if (named !== undefined && plan.names.includes(named)) return [named, row[named]!, reason]
  for (const c of target.columns) {
    if (c.type !== T.ANY || typeof row[c.name] !== 'string') continue
    await client.query('savepoint trial')
    try {
      if (c.isText && e.code === '22001' && e.message!.includes(c.sql)) return [c.name, row[c.name]!, reason]
      await client.query(`select $1::text::${c.sql}`, [row[c.name]])
    } catch {
      return [c.name, row[c.name]!, reason]
    } finally {
      await client.query('rollback to savepoint trial; release savepoint trial')
    }
  }
  return [null, null, reason]
}

/** Text as the column's type, the way an assignment does it: an explicit cast to varchar(5) would cut. */
export const cast = (c: TargetColumn | undefined, expression: string): string =>
  c?.type === T.ANY && !c.isText ? `${expression}::${c.sql}` : expression
