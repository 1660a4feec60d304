/**
 * Does a changed row concern a live query? Asked for all queries of one role on one relation together, so that a change
 * outside everybody's window costs a look at the primary key and re-runs nothing. Used by rounds.ts.
 *
 * Two statements. passStatement() reads the changed rows once and says whose WHERE they pass: most changes pass none, or
 * one of many. placeStatement() asks only for those, and only where the page is full: of the rows that pass and the last row
 * of the page, in the query's own ORDER BY. A changed row before the page's last one has come into the page; one behind it has not.
 *
 * Rows that are in the page already are found without asking (concern.ts), rows that are gone are not found by anything and
 * need not be, as long as nothing was counted and nothing skipped: see concern.ts.
 */
import { escapeIdentifier } from 'pg'
import type { Clauses } from './clauses.ts'

export interface KeyColumn {
  column: string
  type: string
}

export interface WindowQuestion {
  clauses: Clauses
  values: readonly unknown[]
  /** Keys of the rows that changed, as PostgreSQL's text. */
  changed: readonly string[][]
  /** The key of the page's last row, if the page is full. */
  last: readonly string[] | null
}

interface Asking {
  text: string
  values: unknown[]
}

/** Whether passStatement() can ask it together with others of the same FROM: that one has no values of its own. */
export const isShareable = ({ clauses }: WindowQuestion): boolean => !/\$\d/.test(clauses.from)

/** For questions with the same FROM. One row for each changed row: its key, and the questions (by number) whose WHERE it passes. */
export function passStatement(questions: readonly WindowQuestion[], key: readonly KeyColumn[]): Asking {
  const { from, alias } = questions[0]!.clauses
  const values: unknown[] = []
  const changed = [...new Map(questions.flatMap((question) => question.changed.map((one) => [JSON.stringify(one), one]))).values()]
  const isOne = keyIsOneOf(alias, key, changed, values)
  const passes = questions.map(({ clauses: { where }, values: own }, i) =>
    where ? `case when ${placed(where, own, values)} then ${i} end` : `${i}`,
  )
  return {
    text: `select ${keyOf(alias, key)}, array_remove(array[${passes.join(',\n')}]::int[], null) from ${from}\nwhere ${isOne}`,
    values,
  }
}

/** One row; column i answers question i with the keys that passed, in order. */
export function placeStatement(questions: readonly WindowQuestion[], key: readonly KeyColumn[]): Asking {
  const values: unknown[] = []
  const answers = questions.map(({ clauses: { alias, from, where, orderBy }, values: own, changed, last }) => {
    const put = (sql: string) => placed(sql, own, values)
    return `(select coalesce(json_agg(x.k), '[]') from (select ${keyOf(alias, key)} as k
from ${put(from)}
where ${keyIsOneOf(alias, key, last ? [...changed, last] : changed, values)}${where ? ` and (${put(where)})` : ''}
${orderBy ? `order by ${put(orderBy)}` : ''}) x)`
  })
  return { text: `select ${answers.map((answer, i) => `${answer} as a${i}`).join(',\n')}`, values }
}

/** A clause of one statement in another: its values are added to those of the other. */
const placed = (sql: string, own: readonly unknown[], values: unknown[]): string =>
  sql.replace(/\$(\d+)/g, (_, n) => `$${values.push(own[Number(n) - 1])}`)

const columnsOf = (alias: string, key: readonly KeyColumn[]) => key.map(({ column }) => `${alias}.${escapeIdentifier(column)}`)

const keyOf = (alias: string, key: readonly KeyColumn[]): string =>
  `json_build_array(${columnsOf(alias, key)
    .map((column) => `${column}::text`)
    .join(', ')})`

/** The condition on the key; its values are added to `values`. */
function keyIsOneOf(alias: string, key: readonly KeyColumn[], rows: readonly (readonly string[])[], values: unknown[]): string {
  const arrays = key.map(({ type }, i) => `$${values.push(rows.map((row) => row[i]))}::${type}[]`)
  const columns = columnsOf(alias, key)
  return key.length === 1 ? `${columns[0]} = any(${arrays[0]})` : `(${columns.join(', ')}) in (select * from unnest(${arrays.join(', ')}))`
}

/** @param passed the answer to the question: keys in the query's order. */
export function comesIn(passed: readonly string[][], last: readonly string[] | null): boolean {
  if (!last) return passed.length > 0
  const end = JSON.stringify(last)
  // first: nothing changed comes before it; missing: the last row itself no longer passes
  return passed.findIndex((key) => JSON.stringify(key) === end) !== 0
}
