/**
 * Does a changed row concern a live query? Asked for all queries of one role on one relation in a single statement, so
 * that a change outside everybody's window costs one look at the primary key and re-runs nothing.
 *
 * For each query: of the changed rows and the last row of its page, those that pass its WHERE, in its ORDER BY. A changed row
 * before the page's last one has come into the page; one behind a full page has not. Rows that are in the page already are
 * found without asking (entry.ts), rows that are gone are not found by anything and need not be, as long as nothing was
 * counted and nothing skipped: see `isCounting` and `offset` in engine.ts.
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

/** One statement for all questions; column i answers question i with the keys that passed, in order. */
export function windowStatement(questions: readonly WindowQuestion[], key: readonly KeyColumn[]): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const answers = questions.map(({ clauses, values: own, changed, last }) => {
    const shift = values.length
    values.push(...own)
    const renumber = (sql: string) => sql.replace(/\$(\d+)/g, (_, n) => `$${Number(n) + shift}`)
    const columns = key.map(({ column }) => `${clauses.alias}.${escapeIdentifier(column)}`)
    const rows = last ? [...changed, last] : changed
    const arrays = key.map(({ type }, i) => {
      values.push(rows.map((row) => row[i]))
      return `$${values.length}::${type}[]`
    })
    const isOne =
      key.length === 1 ? `${columns[0]} = any(${arrays[0]})` : `(${columns.join(', ')}) in (select * from unnest(${arrays.join(', ')}))`
    return `(select coalesce(json_agg(x.k), '[]') from (select json_build_array(${columns.map((c) => `${c}::text`).join(', ')}) as k
from ${renumber(clauses.from)}
where ${isOne}${clauses.where ? ` and (${renumber(clauses.where)})` : ''}
${clauses.orderBy ? `order by ${renumber(clauses.orderBy)}` : ''}) x)`
  })
  return { text: `select ${answers.map((answer, i) => `${answer} as a${i}`).join(',\n')}`, values }
}

/** @param passed the answer to the question: keys in the query's order. */
export function comesIn(passed: readonly string[][], last: readonly string[] | null): boolean {
  if (!last) return passed.length > 0
  const end = JSON.stringify(last)
  // first: nothing changed comes before it; missing: the last row itself no longer passes
  return passed.findIndex((key) => JSON.stringify(key) === end) !== 0
}
