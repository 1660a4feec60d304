/**
 * INSERT, UPDATE and DELETE as the first part of a statement, called w, whose rows are then read like a relation's. Called
 * by write.ts. The body is one parameter, taken apart by PostgreSQL.
 */
import { escapeIdentifier as q } from 'pg'
import type { Relation } from '../catalog/read.ts'
import { AppError } from '../errors.ts'
import type { Condition } from './ast.ts'
import { conditionSql } from './build-where.ts'
import { RestError } from './errors.ts'
import { arrayLiteral, type Params } from './params.ts'
import type { Payload } from './payload.ts'

export interface Insert {
  payload: Payload
  /** columns=: the others of the body are left aside. */
  columns: string[] | null
  /** A key that a row has not: the column's default, or null. */
  missing: 'default' | 'null'
  conflict: { columns: string[]; resolution: 'merge-duplicates' | 'ignore-duplicates' } | null
}

/** Sets of keys in one body: each is an INSERT of its own. */
const MAX_SHAPES = 50

const table = (relation: Relation) => `${q(relation.schema)}.${q(relation.name)}`

function known(relation: Relation, names: string[]): string[] {
  for (const name of names)
    if (!relation.columns.has(name))
      throw new RestError('PGRST204', `Could not find the '${name.slice(0, 200)}' column of '${relation.name}' in the schema cache`)
  return names
}

/** p("a" int, "b" text): types without length, so that assigning to the column refuses what does not fit instead of cutting it. */
const recordOf = (relation: Relation, names: string[]) =>
  `p(${names.map((name) => `${q(name)} ${relation.columns.get(name)!.type}`).join(', ')})`

/** @param returning `t0.*`, or 1 where nobody reads the rows: then the right to read them is not needed */
export function insertSql(relation: Relation, insert: Insert, params: Params, returning: string): string {
  const { payload } = insert
  if (insert.columns) known(relation, insert.columns)
  const shapes = new Map<string, { names: string[]; rows: number[] }>()
  payload.rows.forEach((row, i) => {
    const names = Object.keys(row).filter((name) => !insert.columns || insert.columns.includes(name))
    const key = JSON.stringify(names.sort())
    const shape = shapes.get(key) ?? { names, rows: [] }
    shape.rows.push(i + 1)
    shapes.set(key, shape)
  })
  if (insert.missing === 'null' || shapes.size === 0) {
    const names = insert.columns ?? [...(shapes.values().next().value?.names ?? [])]
    if (!insert.columns && shapes.size > 1)
      throw new RestError('PGRST102', 'All object keys must match', { hint: 'Send columns=…, or Prefer: missing=default.' })
    known(relation, names)
    if (names.length > 0)
      return `w as (${insertOf(relation, names, insert, `json_to_recordset(${params.add(payload.text)}::json) as ${recordOf(relation, names)}`, returning)})`
  }
  if (shapes.size > MAX_SHAPES) throw new AppError('TMLIM', `The objects of one request may have ${MAX_SHAPES} different sets of keys`)

  const text = params.add(payload.text)
  const parts = [...shapes.values()].map(({ names, rows }) => {
    known(relation, names)
    if (names.length > 0)
      return insertOf(
        relation,
        names,
        insert,
        `json_array_elements(${text}::json) with ordinality as e(v, n), json_to_record(e.v) as ${recordOf(relation, names)} where e.n = any (${params.add(arrayLiteral(rows.map(String)))}::bigint[])`,
        returning,
      )
    if (rows.length > 1) throw new RestError('PGRST102', 'Only one row can be made of defaults alone')
    return `insert into ${table(relation)} as t0 default values${onConflict(relation, [], insert)} returning ${returning}`
  })
  if (parts.length === 0) return `w as (select ${returning} from ${table(relation)} as t0 where false)`
  return `${parts.map((part, i) => `w${i} as (${part})`).join(', ')}, w as (${parts.map((_, i) => `select * from w${i}`).join(' union all ')})`
}

function insertOf(relation: Relation, names: string[], insert: Insert, rows: string, returning: string): string {
  const columns = names.map(q).join(', ')
  return `insert into ${table(relation)} as t0 (${columns}) select ${names.map((name) => `p.${q(name)}`).join(', ')} from ${rows}${onConflict(relation, names, insert)} returning ${returning}`
}

function onConflict(relation: Relation, names: string[], { conflict }: Insert): string {
  if (!conflict) return ''
  const target = known(relation, conflict.columns).map(q).join(', ')
  if (conflict.resolution === 'ignore-duplicates' || names.length === 0) return ` on conflict${target ? ` (${target})` : ''} do nothing`
  if (!target)
    throw new AppError('TMKEY', `${relation.name} has no primary key to find duplicates by`, {
      hint: 'Name unique columns in on_conflict=…',
    })
  return ` on conflict (${target}) do update set ${names.map((name) => `${q(name)} = excluded.${q(name)}`).join(', ')}`
}

export function updateSql(
  relation: Relation,
  payload: Payload,
  columns: string[] | null,
  where: Condition[],
  params: Params,
  returning: string,
): string {
  if (payload.rows.length !== 1) throw new RestError('PGRST102', 'An update has one object as its body')
  const names = known(relation, columns ?? Object.keys(payload.rows[0]!))
  if (names.length === 0) return `w as (select ${returning} from ${table(relation)} as t0 where false)`
  const set = names.map((name) => `${q(name)} = p.${q(name)}`).join(', ')
  return `w as (update ${table(relation)} as t0 set ${set} from json_to_recordset(${params.add(payload.text)}::json) as ${recordOf(relation, names)}${whereSql(relation, where, params)} returning ${returning})`
}

export function deleteSql(relation: Relation, where: Condition[], params: Params, returning: string): string {
  return `w as (delete from ${table(relation)} as t0${whereSql(relation, where, params)} returning ${returning})`
}

const whereSql = (relation: Relation, where: Condition[], params: Params) =>
  ` where ${where.map((condition) => conditionSql(relation, 't0', condition, params)).join(' and ')}`
