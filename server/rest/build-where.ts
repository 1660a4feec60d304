/**
 * Columns, paths and conditions as SQL. Names come from the catalog, values go through Params. Called by build-read.ts and
 * build-write.ts.
 */
import { escapeIdentifier as q } from 'pg'
import type { Column } from '../catalog/read.ts'
import type { Condition, Field, Order } from './ast.ts'
import { RestError, unreadable } from './errors.ts'
import { KEYWORDS, OPERATORS } from './operators.ts'
import { parseItems } from './parse-filters.ts'
import { arrayLiteral, type Params } from './params.ts'

const INDEX = /^-?\d{1,9}$/

/** Where columns are looked up: a relation of the catalog, or the rows of a function. */
export interface Source {
  name: string
  columns: Map<string, Column>
}

export interface Expression {
  sql: string
  /** To which a value that is compared with it is cast. */
  type: string
  name: string
}

function columnOf(source: Source, name: string): Column {
  const column = source.columns.get(name)
  if (!column) throw new RestError('42703', `column ${source.name}.${name.slice(0, 200)} does not exist`)
  return column
}

export function expressionOf(source: Source, alias: string, field: Field, params: Params): Expression {
  const column = columnOf(source, field.name)
  let sql = `${alias}.${q(column.name)}`
  if (field.path.length === 0) return { sql, type: column.type, name: column.name }
  if (column.type !== 'jsonb') sql = `to_jsonb(${sql})`
  for (const { text, key } of field.path) {
    sql = `(${sql} ${text ? '->>' : '->'} ${params.add(key)}::${INDEX.test(key) ? 'int' : 'text'})`
  }
  return {
    sql,
    type: field.path.at(-1)!.text ? 'text' : 'jsonb',
    name: field.path.findLast(({ key }) => !INDEX.test(key))?.key ?? column.name,
  }
}

/** @param nested how a condition on an embedded relation is said, e.g. customers=not.is.null; null: there is none of that name */
export function conditionSql(
  source: Source,
  alias: string,
  condition: Condition,
  params: Params,
  nested: (name: string, isNull: boolean) => string | null = () => null,
): string {
  if (condition.kind === 'group') {
    const parts = condition.parts.map((part) => conditionSql(source, alias, part, params, nested))
    return `${condition.negate ? 'not ' : ''}(${parts.join(` ${condition.operator} `)})`
  }
  const { field, operator, value, negate } = condition
  if (!source.columns.has(field.name) && field.path.length === 0) {
    const isNull = operator === 'is' && value.toLowerCase() === 'null'
    const found = nested(field.name, isNull !== negate)
    if (found !== null) {
      if (!isNull) throw new RestError('PGRST120', `Only is null or not is null filters are allowed on embedded resources`)
      return found
    }
  }
  return `${negate ? 'not ' : ''}(${testSql(expressionOf(source, alias, field, params), condition, params)})`
}

function testSql(left: Expression, { operator, modifier, config, value }: Condition & { kind: 'test' }, params: Params): string {
  const { sql, type, pattern } = OPERATORS[operator]!
  const fill = (leftSql: string, right: string) => sql.replace(/\$(left|right)/g, (_, side) => (side === 'left' ? leftSql : right))
  const valueType = type === 'column' ? left.type : 'text'
  const like = (text: string) => (pattern ? text.replaceAll('*', '%') : text)

  if (type === 'keyword') {
    const word = KEYWORDS[value.toLowerCase()]
    if (!word)
      throw unreadable(
        `"failed to parse filter (is.${value.slice(0, 50)})" (column 4)`,
        `expected one of ${Object.keys(KEYWORDS).join(', ')}`,
      )
    return fill(left.sql, word)
  }
  if (type === 'list') return fill(left.sql, `${params.add(arrayLiteral(parseItems(value, '(')))}::${left.type}[]`)
  if (type === 'search') {
    const language = config === null ? '' : `${params.add(config)}::text::regconfig, `
    const document = left.type === 'tsvector' ? left.sql : `to_tsvector(${language}${left.sql})`
    return fill(document, `${language}${params.add(value)}::text`)
  }
  if (modifier) return fill(left.sql, `${modifier} (${params.add(arrayLiteral(parseItems(value, '{').map(like)))}::${valueType}[])`)
  return fill(left.sql, `${params.add(like(value))}::${valueType}`)
}

/** @param related the column of an embedded row, e.g. order=customers(name) */
export function orderSql(
  source: Source,
  alias: string,
  order: Order[],
  params: Params,
  related: (name: string, field: Field) => string,
): string {
  if (order.length === 0) return ''
  const items = order.map(({ relation, field, descending, nulls }) => {
    const sql = relation === null ? expressionOf(source, alias, field, params).sql : related(relation, field)
    return `${sql}${descending ? ' desc' : ''}${nulls ? ` nulls ${nulls}` : ''}`
  })
  return ` order by ${items.join(', ')}`
}
