/**
 * A Query over one relation as a SELECT, embedded relations as lateral joins, to any depth. Called by read.ts, write.ts (over
 * the rows that were written) and rpc.ts (over the rows that a function gives).
 */
import { escapeIdentifier as q } from 'pg'
import type { Catalog, Relation } from '../catalog/read.ts'
import { AppError } from '../errors.ts'
import type { Condition, Embed, Field, Query, SelectItem } from './ast.ts'
import { conditionSql, type Expression, expressionOf, orderSql, type Source } from './build-where.ts'
import { RestError } from './errors.ts'
import { castType } from './operators.ts'
import type { Params } from './params.ts'
import { relate, type Path } from './relate.ts'

/** Where the rows come from; `schema` and `links` for what is embedded. */
export type From = Source & Pick<Relation, 'schema' | 'links'> & { sql: string }

export const fromRelation = (relation: Relation, sql = `${q(relation.schema)}.${q(relation.name)}`): From => ({ ...relation, sql })

/** An embedded relation as a lateral join whose one column v is its row or rows as json; null when there are none. */
interface Joined {
  embed: Embed
  path: Path
  row: string
  sql: string
}

/** Related rows of one row. */
const MAX_MANY = 1000

/** One statement's worth: aliases are numbered through all its levels. */
export class Reader {
  private readonly catalog: Catalog
  private readonly params: Params
  private aliases = 0

  constructor(catalog: Catalog, params: Params) {
    this.catalog = catalog
    this.params = params
  }

  /** The rows as they are asked for. */
  rows(from: From, query: Query): string {
    return this.select(from, query)
  }

  /** Every row that fits, whatever the page: for counting. Nothing is fetched that does not decide whether a row counts. */
  all(from: From, query: Query): string {
    const whole = { ...query, order: [], limit: null, offset: 0 }
    if (query.select.some((item) => item.kind === 'aggregate')) return this.select(from, whole)
    return this.select(
      from,
      { ...whole, select: query.select.filter((item) => item.kind === 'embed' && (item.inner || isTested(query.where, item))) },
      undefined,
      true,
    )
  }

  /** @param link the condition that ties an embedded relation to the row outside */
  private select(from: From, query: Query, link?: (alias: string) => string, counting = false): string {
    const alias = `t${++this.aliases}`
    const joined = query.select.filter((item) => item.kind === 'embed').map((embed) => this.join(from, alias, embed))
    const columns = counting ? '1' : this.columns(from, alias, query.select, joined)
    const conditions = [
      ...(link ? [link(alias)] : []),
      ...query.where.map((condition) =>
        conditionSql(from, alias, condition, this.params, (name, isNull) => nullTest(joined, name, isNull)),
      ),
    ]
    const order = orderSql(from, alias, query.order, this.params, (name, field) => this.related(alias, joined, name, field))
    return [
      `select ${columns}`,
      ` from ${from.sql} as ${alias}`,
      ...joined.map(({ sql }) => sql),
      conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '',
      counting ? '' : this.grouping(query.select),
      order,
      query.limit === null ? '' : ` limit ${this.params.add(String(query.limit))}::bigint`,
      query.offset === 0 ? '' : ` offset ${this.params.add(String(query.offset))}::bigint`,
    ].join('')
  }

  private columns(from: From, alias: string, select: SelectItem[], joined: Joined[]): string {
    const items = select.flatMap((item) => {
      if (item.kind === 'star') return `${alias}.*`
      if (item.kind === 'embed') {
        const { row, path } = joined.find(({ embed }) => embed === item)!
        if (item.query.select.length === 0) return []
        return item.spread ? `${row}.*` : `${path.one ? `${row}.v` : `coalesce(${row}.v, '[]')`} as ${q(item.alias ?? item.relation)}`
      }
      const value: Expression = item.field ? expressionOf(from, alias, item.field, this.params) : { sql: '*', type: '', name: 'count' }
      if (item.kind === 'aggregate')
        return `${as(`${item.aggregate}(${as(value.sql, item.cast)})`, item.as)} as ${q(item.alias ?? item.aggregate)}`
      return `${as(value.sql, item.cast)} as ${q(item.alias ?? value.name)}`
    })
    return items.join(', ')
  }

  /** Beside an aggregate every other column is a group's. */
  private grouping(select: SelectItem[]): string {
    if (!select.some((item) => item.kind === 'aggregate')) return ''
    if (select.some((item) => item.kind === 'star' || item.kind === 'embed'))
      throw new AppError('TMARG', 'An aggregate stands beside columns, not beside * or embedded relations', {
        hint: 'Name the columns to group by.',
      })
    const groups = select.flatMap((item, i) => (item.kind === 'field' ? [i + 1] : []))
    return groups.length > 0 ? ` group by ${groups.join(', ')}` : ''
  }

  private join(from: From, alias: string, embed: Embed): Joined {
    const path = relate(this.catalog, from, embed.relation, embed.hint)
    if (embed.spread && !path.one)
      throw new RestError('PGRST200', `A spread operation on '${embed.relation}' is not possible`, {
        details: `'${from.name}' and '${embed.relation}' do not form a many-to-one or one-to-one relationship`,
      })
    const row = `e${this.aliases + 1}`
    const via = path.via
    const junction = `j${this.aliases + 1}`
    const link = (inner: string) =>
      via
        ? `exists (select from ${q(via.table.schema)}.${q(via.table.name)} as ${junction} where ${equal(path.on, alias, junction)} and ${equal(via.on, junction, inner)})`
        : equal(path.on, alias, inner)
    const limit = path.one ? embed.query.limit : Math.min(embed.query.limit ?? MAX_MANY, MAX_MANY)
    const inside = this.select(fromRelation(path.target), { ...embed.query, limit }, link)
    const body = embed.spread
      ? inside
      : path.one
        ? `select row_to_json(x.*) as v from (${inside}) x limit 1`
        : `select json_agg(x.*) as v from (${inside}) x`
    const kept = embed.inner
      ? `join lateral (${body}) ${row} on ${embed.spread ? 'true' : `${row}.v is not null`}`
      : `left join lateral (${body}) ${row} on true`
    return { embed, path, row, sql: ` ${kept}` }
  }

  /** order=customers(name): the value of the row at the other end. */
  private related(alias: string, joined: Joined[], name: string, field: Field): string {
    const found = joined.find(({ embed }) => nameOf(embed) === name)
    if (!found)
      throw new RestError('PGRST108', `'${name.slice(0, 200)}' is not an embedded resource in this request`, {
        hint: `Verify that it is included in the 'select' query parameter.`,
      })
    if (!found.path.one)
      throw new RestError('PGRST118', `A related order on '${name}' is not possible`, { details: 'There is more than one row of it.' })
    const target = fromRelation(found.path.target)
    const other = `o${++this.aliases}`
    return `(select ${expressionOf(target, other, field, this.params).sql} from ${target.sql} as ${other} where ${equal(found.path.on, alias, other)} limit 1)`
  }
}

const nameOf = (embed: Embed): string => embed.alias ?? embed.relation
const equal = (on: [string, string][], left: string, right: string): string =>
  on.map(([a, b]) => `${left}.${q(a)} = ${right}.${q(b)}`).join(' and ')

/** customers=is.null, customers=not.is.null */
function nullTest(joined: Joined[], name: string, isNull: boolean): string | null {
  const found = joined.find(({ embed }) => !embed.spread && nameOf(embed) === name)
  return found ? `${found.row}.v is ${isNull ? '' : 'not '}null` : null
}

const isTested = (where: Condition[], embed: Embed): boolean =>
  where.some((condition) => (condition.kind === 'group' ? isTested(condition.parts, embed) : condition.field.name === nameOf(embed)))

const as = (sql: string, cast: string | null): string => {
  if (cast === null) return sql
  const type = castType(cast)
  if (!type)
    throw new RestError('42704', `type "${cast.slice(0, 100)}" does not exist`, {
      hint: 'Cast to a built-in type of PostgreSQL, e.g. text, numeric, date.',
    })
  return `cast(${sql} as ${type})`
}
