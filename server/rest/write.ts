/**
 * POST, PATCH, PUT and DELETE on a relation. Called by route.ts. Writes as the caller in one transaction; PostgreSQL itself
 * refuses a reader.
 */
import type { PoolClient } from 'pg'
import type { Relation } from '../catalog/read.ts'
import { emptyQuery, type Query } from './ast.ts'
import { fromRelation, Reader } from './build-read.ts'
import { deleteSql, type Insert, insertSql, updateSql } from './build-write.ts'
import { RestError } from './errors.ts'
import { Numbered } from './params.ts'
import type { ParsedQuery } from './parse-query.ts'
import type { Payload } from './payload.ts'
import { bounded, type Context, jsonOf, notSingle, single, tooLong } from './read.ts'

export type Method = 'POST' | 'PATCH' | 'PUT' | 'DELETE'

interface Written {
  count: number
  body: string
}

export async function write(
  context: Context,
  method: Method,
  relation: Relation,
  parsed: ParsedQuery,
  payload: Payload | null,
): Promise<void> {
  const { media, preferences } = context
  if (media.kind === 'csv' && preferences.return === 'representation')
    throw new RestError('PGRST107', 'What was written is answered as json', { hint: 'Ask for application/json.' })
  if (method === 'PUT') checkPut(relation, parsed, payload!)
  if ((method === 'PATCH' || method === 'DELETE') && parsed.query.where.length === 0)
    throw new RestError('21000', `${method === 'PATCH' ? 'UPDATE' : 'DELETE'} requires a WHERE clause`, {
      hint: 'Name the rows by a filter. All of them: a condition that always holds, e.g. or=(id.is.null,id.not.is.null).',
    })

  const { text, values } = statement(context, method, relation, parsed, payload)
  const written = await inTransaction(context, async (client) => {
    const [count, body] = ((await client.query({ text, values, rowMode: 'array' })).rows as string[][])[0]!
    if (body === null) throw tooLong()
    return { count: Number(count), body: body! }
  })
  answer(context, method, relation, written)
}

function statement(
  { catalog, preferences, media }: Context,
  method: Method,
  relation: Relation,
  { query, columns, onConflict }: ParsedQuery,
  payload: Payload | null,
) {
  const params = new Numbered()
  const read = shown(relation, preferences.return, query)
  const returning = read ? 't0.*' : '1'
  const conflict: Insert['conflict'] =
    method === 'PUT'
      ? { columns: relation.key, resolution: 'merge-duplicates' }
      : preferences.resolution
        ? { columns: onConflict ?? relation.key, resolution: preferences.resolution }
        : null
  const w =
    method === 'DELETE'
      ? deleteSql(relation, query.where, params, returning)
      : method === 'PATCH'
        ? updateSql(relation, payload!, columns, query.where, params, returning)
        : insertSql(relation, { payload: payload!, columns, missing: preferences.missing, conflict }, params, returning)
  const rows = read ? new Reader(catalog, params).rows(fromRelation(relation, 'w'), read) : 'select 1 from w'
  return {
    text: `with ${w} select n, ${bounded('b')} from (select count(*) as n, ${read ? jsonOf(media) : `''`} as b from (${rows}) r) p`,
    values: params.values,
  }
}

/** What of the rows is read: nothing, their key, or what the query says (its conditions have been met, its page does not count). */
function shown(relation: Relation, wanted: Context['preferences']['return'], query: Query): Query | null {
  if (wanted === 'minimal') return null
  if (wanted === 'representation') return { ...query, where: [], limit: null, offset: 0 }
  return relation.key.length === 0
    ? null
    : emptyQuery(relation.key.map((name) => ({ kind: 'field', field: { name, path: [] }, alias: null, cast: null })))
}

class RolledBack extends Error {
  readonly written: Written
  constructor(written: Written) {
    super('rolled back on request')
    this.written = written
  }
}

/** Commits, unless the number of rows is not what was asked for, or a try was asked for. */
export async function inTransaction(
  { db, caller, media, preferences }: Pick<Context, 'db' | 'caller' | 'media' | 'preferences'>,
  work: (client: PoolClient) => Promise<Written>,
): Promise<Written> {
  try {
    return await db.asCaller(caller, async (client) => {
      const written = await work(client)
      if (media.kind === 'object' && preferences.return === 'representation' && written.count !== 1) throw notSingle(written.count)
      if (preferences.maxAffected !== null && written.count > preferences.maxAffected)
        throw new RestError('PGRST124', 'Query result exceeds max-affected preference constraint', {
          details: `The query affects ${written.count} rows`,
        })
      if (preferences.rollback) throw new RolledBack(written)
      return written
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.written
    throw error
  }
}

/** PUT /relation?key=eq.value: one row, named by its whole key in address and body alike. */
function checkPut(relation: Relation, { query, limited }: ParsedQuery, payload: Payload): void {
  if (limited || query.offset > 0) throw new RestError('PGRST114', 'limit/offset querystring parameters are not allowed for PUT')
  const values = new Map(
    query.where.map((test) =>
      test.kind === 'test' && test.operator === 'eq' && !test.negate && !test.modifier && test.field.path.length === 0
        ? [test.field.name, test.value]
        : ['', ''],
    ),
  )
  if (
    relation.key.length === 0 ||
    values.size !== relation.key.length ||
    query.where.length !== values.size ||
    !relation.key.every((name) => values.has(name))
  )
    throw new RestError('PGRST105', 'Filters must include all and only primary key columns with "eq" operators')
  const row = payload.rows[0]
  if (payload.rows.length !== 1 || !relation.key.every((name) => String(row![name]) === values.get(name)))
    throw new RestError('PGRST115', 'Payload values do not match URL in primary key column(s)')
}

function answer({ response, media, preferences }: Context, method: Method, relation: Relation, { count, body }: Written): void {
  const shows = preferences.return === 'representation'
  response.statusCode = method === 'POST' ? 201 : shows ? 200 : 204
  response.setHeader(
    'Content-Range',
    `${method === 'POST' || method === 'DELETE' || count === 0 ? '*' : `0-${count - 1}`}/${preferences.count ? count : '*'}`,
  )
  if (preferences.applied) response.setHeader('Preference-Applied', preferences.applied)
  if (preferences.return === 'headers-only' && method === 'POST' && count === 1 && body) {
    const key = JSON.parse(body)[0] as Record<string, unknown>
    response.setHeader(
      'Location',
      `/rest/${encodeURIComponent(relation.name)}?${new URLSearchParams(Object.entries(key).map(([name, value]) => [name, `eq.${value}`]))}`,
    )
  }
  if (shows) response.setHeader('Content-Type', media.type)
  response.end(shows ? (media.kind === 'object' ? single(count, body) : body) : undefined)
}
