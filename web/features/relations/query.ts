// Builds the GraphQL of a grid from the catalog and a person's view: fields, orderBy, filter. Pure.
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { isBoolean, isDate, isNumber, isText } from '../../shared/format/kinds.ts'
import type { Filter, Sort, ViewConfig } from './view-config.ts'

export interface FilterOp {
  op: string
  words: string
  /** Without: the operator needs no value. */
  needs?: 'value' | 'list'
}

const EMPTY_OPS: FilterOp[] = [
  { op: 'null', words: 'is empty' },
  { op: 'nnull', words: 'is not empty' },
]
const COMPARE: FilterOp[] = [
  { op: 'eq', words: 'is', needs: 'value' },
  { op: 'ne', words: 'is not', needs: 'value' },
  { op: 'gt', words: 'is over', needs: 'value' },
  { op: 'gte', words: 'is at least', needs: 'value' },
  { op: 'lt', words: 'is under', needs: 'value' },
  { op: 'lte', words: 'is at most', needs: 'value' },
  { op: 'in', words: 'is one of', needs: 'list' },
]
const DATES: FilterOp[] = [
  { op: 'gte', words: 'is on or after', needs: 'value' },
  { op: 'lt', words: 'is before', needs: 'value' },
  { op: 'eq', words: 'is', needs: 'value' },
  ...EMPTY_OPS,
]
const TEXT: FilterOp[] = [
  { op: 'has', words: 'contains', needs: 'value' },
  { op: 'nhas', words: 'does not contain', needs: 'value' },
  { op: 'starts', words: 'begins with', needs: 'value' },
  { op: 'eq', words: 'is', needs: 'value' },
  { op: 'ne', words: 'is not', needs: 'value' },
  { op: 'in', words: 'is one of', needs: 'list' },
  ...EMPTY_OPS,
]

export function filterOps(column: Pick<Column, 'base' | 'values'>): FilterOp[] {
  if (column.values) return [COMPARE[0]!, COMPARE[1]!, COMPARE[6]!, ...EMPTY_OPS]
  if (isNumber(column.base)) return [...COMPARE, ...EMPTY_OPS]
  if (isDate(column.base)) return DATES
  if (isBoolean(column.base)) return [{ op: 'true', words: 'is true' }, { op: 'false', words: 'is false' }, ...EMPTY_OPS]
  if (column.base === 'uuid') return [COMPARE[0]!, COMPARE[1]!, COMPARE[6]!, ...EMPTY_OPS]
  if (isText(column.base)) return TEXT
  return EMPTY_OPS
}

const OPERATORS: Record<string, string> = {
  eq: 'equalTo',
  ne: 'distinctFrom',
  gt: 'greaterThan',
  gte: 'greaterThanOrEqualTo',
  lt: 'lessThan',
  lte: 'lessThanOrEqualTo',
  in: 'in',
  has: 'includesInsensitive',
  nhas: 'notIncludesInsensitive',
  starts: 'startsWithInsensitive',
}
/** Types whose GraphQL input is a JSON number; bigint and numeric go as strings. */
const AS_NUMBER = new Set(['Int', 'Float'])

function input(column: Column, text: string): unknown {
  if (!AS_NUMBER.has(column.graphqlType)) return text
  return text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text)
}

function condition(column: Column, { op, value }: Filter): object | null {
  if (!column.field) return null
  const is = (test: object) => ({ [column.field!]: test })
  if (op === 'null') return is({ isNull: true })
  if (op === 'nnull') return is({ isNull: false })
  if (op === 'true' || op === 'false') return is({ equalTo: op === 'true' })
  if (op === 'in') {
    const list = value
      .split('|')
      .map((part) => input(column, part.trim()))
      .filter((part) => part !== null && part !== '')
    return list.length ? is({ in: list }) : null
  }
  const operator = OPERATORS[op]
  const wanted = input(column, value)
  if (!operator || wanted === null || (value === '' && !isText(column.base))) return null
  return is({ [operator]: wanted })
}

/** The one row that has this key, as it stands in an address; null when no row can have it. */
export function keyFilter(relation: Relation, values: readonly string[]): object | null {
  const tests = (relation.key ?? []).map((name, index) => {
    const column = relation.columns.find((each) => each.name === name)
    const value = values[index]
    if (!column || value === undefined) return null
    if (column.base === 'interval' && column.field) return { [column.field]: { equalTo: intervalInput(value) } }
    if (!isPlain(column)) return null
    if (!isBoolean(column.base)) return condition(column, { name, op: 'eq', value })
    return value === 'true' || value === 'false' ? condition(column, { name, op: value, value: '' }) : null
  })
  if (!tests.length || values.length !== tests.length || tests.includes(null)) return null
  return { and: tests }
}

/** "1 day 2 hours 3.5 seconds", as rawText() writes it. */
function intervalInput(text: string): object {
  return Object.fromEntries(
    [...text.matchAll(/(-?[\d.]+) (year|month|day|hour|minute|second)s?/g)].map(([, n, unit]) => [`${unit}s`, Number(n)]),
  )
}

/** Quick search looks into every text column, and for a number also into columns of numbers. */
function search(columns: Column[], q: string): object | null {
  const text = q.trim()
  if (!text) return null
  const tests = columns.flatMap((column): Record<string, object>[] => {
    if (!column.field) return []
    if (isText(column.base) && column.base !== 'uuid') return [{ [column.field]: { includesInsensitive: text } }]
    if (isNumber(column.base) && /^-?\d+(\.\d+)?$/.test(text)) {
      if (/int|oid/.test(column.base) && (text.includes('.') || text.length > 9)) return []
      return [{ [column.field]: { equalTo: input(column, text) } }]
    }
    return column.base === 'uuid' && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)
      ? [{ [column.field]: { equalTo: text } }]
      : []
  })
  return tests.length ? { or: tests } : null
}

export function filterInput(relation: Relation, filters: Filter[], q: string): object | null {
  const columns = new Map(relation.columns.map((column) => [column.name, column]))
  const all = [
    ...filters.flatMap((filter) => {
      const column = columns.get(filter.name)
      const made = column && condition(column, filter)
      return made ? [made] : []
    }),
    ...[search(relation.columns, q)].filter((made) => made !== null),
  ]
  return all.length === 0 ? null : all.length === 1 ? all[0]! : { and: all }
}

/** The person's sort, then the key, so that rows with equal values keep their places from page to page. */
function orderBy(relation: Relation, sort: Sort[]): string[] {
  const named = sort.flatMap(({ name, desc }) => {
    const column = relation.columns.find((each) => each.name === name)
    const term = desc ? column?.desc : column?.asc
    return term ? [term] : []
  })
  const key = (relation.key ?? [])
    .filter((name) => !sort.some((each) => each.name === name))
    .flatMap((name) => relation.columns.find((each) => each.name === name)?.asc ?? [])
  return [...named, ...key]
}

/** Columns that the grid asks for: the visible ones and the key. Hidden ones cost nothing. */
function fields(relation: Relation, visible: readonly { field: string | null }[]): string[] {
  const wanted = new Set<string>()
  for (const { field } of visible) if (field) wanted.add(field)
  for (const name of relation.key ?? []) {
    const field = relation.columns.find((column) => column.name === name)?.field
    if (field) wanted.add(field)
  }
  return [...wanted]
}

/** `nodeId` exists only where the relation has a key. */
export function selection(relation: Relation, visible: readonly Pick<Column, 'field'>[]): string {
  const columns = new Map(relation.columns.map((column) => [column.field, column]))
  const names = fields(relation, visible).map((field) => field + subselection(columns.get(field)?.graphqlType ?? ''))
  return [...(relation.key ? ['nodeId'] : []), ...names].join(' ') || '__typename'
}

/** PostGraphile answers these types as objects. */
function subselection(type: string): string {
  if (/^(Pg)?Interval$/.test(type)) return ' { years months days hours minutes seconds }'
  if (/^(Pg)?Point$/.test(type)) return ' { x y }'
  // Other shapes are seen in SQL only; without a selection the whole page would be refused.
  if (/^Pg(Line|LineSegment|Box|Path|Polygon|Circle)$/.test(type)) return ' { __typename }'
  if (/Range$/.test(type)) return ' { start { value inclusive } end { value inclusive } }'
  return ''
}

/** Whether its text can be edited in a cell. */
export const isPlain = (column: Column) => subselection(column.graphqlType) === '' && !column.base.endsWith('[]') && column.base !== 'bytea'

export function variables(relation: Relation, config: ViewConfig, q: string): { orderBy: string[]; filter: object | null } {
  return { orderBy: orderBy(relation, config.sort), filter: filterInput(relation, config.filter, q) }
}
