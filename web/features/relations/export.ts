// What is shown as a file: the same columns, order, filter and search, through the REST face (CSV or JSON, streamed by the
// server). Pure but for download().
import { ApiError } from '../../shared/api/request.ts'
import type { Relation } from '../../shared/api/catalog.ts'
import { isNumber, isText } from '../../shared/format/kinds.ts'
import type { Filter, PlacedColumn, ViewConfig } from './view-config.ts'

const OPERATORS: Record<string, string> = { eq: 'eq', ne: 'neq', gt: 'gt', gte: 'gte', lt: 'lt', lte: 'lte' }
const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
const star = (text: string) => text.replace(/[*%_\\]/g, (c) => (c === '*' ? '*' : `\\${c}`))

function condition({ op, value }: Filter): string | null {
  if (op === 'null') return 'is.null'
  if (op === 'nnull') return 'not.is.null'
  if (op === 'true' || op === 'false') return `is.${op}`
  if (op === 'has') return `ilike.*${star(value)}*`
  if (op === 'nhas') return `not.ilike.*${star(value)}*`
  if (op === 'starts') return `ilike.${star(value)}*`
  if (op === 'in')
    return `in.(${value
      .split('|')
      .map((part) => quoted(part.trim()))
      .join(',')})`
  return OPERATORS[op] ? `${OPERATORS[op]}.${value}` : null
}

/** The address under /rest that answers with exactly what the grid shows. */
export function restPath(relation: Relation, columns: PlacedColumn[], config: ViewConfig, q: string): string {
  const query = new URLSearchParams()
  query.set(
    'select',
    columns
      .filter((column) => !column.hidden)
      .map(({ name }) => (/^[\w]+$/.test(name) ? name : quoted(name)))
      .join(','),
  )
  for (const filter of config.filter) {
    const made = condition(filter)
    if (made) query.append(filter.name, made)
  }
  const text = q.trim()
  if (text) {
    const tests = relation.columns.flatMap((column) => {
      const name = /^[\w]+$/.test(column.name) ? column.name : quoted(column.name)
      if (isText(column.base) && column.base !== 'uuid') return [`${name}.ilike.${quoted(`*${star(text)}*`)}`]
      return isNumber(column.base) && /^-?\d+(\.\d+)?$/.test(text) ? [`${name}.eq.${text}`] : []
    })
    if (tests.length) query.set('or', `(${tests.join(',')})`)
  }
  const order = [
    ...config.sort,
    ...(relation.key ?? []).filter((name) => !config.sort.some((sort) => sort.name === name)).map((name) => ({ name, desc: false })),
  ]
  if (order.length)
    query.set('order', order.map(({ name, desc }) => `${/^[\w]+$/.test(name) ? name : quoted(name)}.${desc ? 'desc' : 'asc'}`).join(','))
  return `/rest/${encodeURIComponent(relation.name)}?${query}`
}

/** Fetches and hands the file to the browser. @throws ApiError */
export async function download(workspace: string, path: string, name: string, kind: 'csv' | 'json'): Promise<void> {
  const response = await fetch(path, { headers: { accept: kind === 'csv' ? 'text/csv' : 'application/json', 'accept-profile': workspace } })
  if (!response.ok)
    throw new ApiError(
      (await response.json().catch(() => ({ message: `The server answered ${response.status}` }))) as Record<string, string>,
      response.status,
    )
  const url = URL.createObjectURL(await response.blob())
  const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.${kind}` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The same as SQL, for who would rather run it in psql. */
export function asSql(workspace: string, relation: Relation, columns: PlacedColumn[], config: ViewConfig, q: string): string {
  const name = (text: string) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`)
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
  const test = ({ name: column, op, value }: Filter): string => {
    const signs: Record<string, string> = { eq: '=', ne: 'is distinct from', gt: '>', gte: '>=', lt: '<', lte: '<=' }
    if (op === 'null' || op === 'nnull') return `${name(column)} is ${op === 'nnull' ? 'not ' : ''}null`
    if (op === 'true' || op === 'false') return `${op === 'false' ? 'not ' : ''}${name(column)}`
    if (op === 'in')
      return `${name(column)} in (${value
        .split('|')
        .map((part) => literal(part.trim()))
        .join(', ')})`
    if (op === 'has' || op === 'nhas') return `${name(column)} ${op === 'nhas' ? 'not ' : ''}ilike ${literal(`%${value}%`)}`
    if (op === 'starts') return `${name(column)} ilike ${literal(`${value}%`)}`
    return `${name(column)} ${signs[op] ?? '='} ${literal(value)}`
  }
  const text = q.trim()
  const searched = text
    ? relation.columns.flatMap((column) => {
        if (isText(column.base) && column.base !== 'uuid') return [`${name(column.name)} ilike ${literal(`%${text}%`)}`]
        return isNumber(column.base) && /^-?\d+(\.\d+)?$/.test(text) ? [`${name(column.name)} = ${text}`] : []
      })
    : []
  const tests = [...config.filter.map(test), ...(searched.length ? [`(${searched.join(' or ')})`] : [])]
  const shown = columns.filter((column) => !column.hidden)
  return [
    `select ${shown.length === relation.columns.length && shown.every((column, index) => column.name === relation.columns[index]!.name) ? '*' : shown.map((column) => name(column.name)).join(', ')}`,
    `from ws_${workspace}.${name(relation.name)}`,
    ...(tests.length ? [`where ${tests.join('\n  and ')}`] : []),
    ...(config.sort.length ? [`order by ${config.sort.map((sort) => name(sort.name) + (sort.desc ? ' desc' : '')).join(', ')}`] : []),
  ].join('\n')
}
