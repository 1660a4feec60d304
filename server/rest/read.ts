/**
 * GET and HEAD: a page of json built by PostgreSQL, or a stream. Called by route.ts for relations, and by rpc.ts for the rows
 * of functions. Writes nothing.
 */
import type { ServerResponse } from 'node:http'
import type { Caller } from '../auth/caller.ts'
import type { Catalog } from '../catalog/read.ts'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'
import type { Query } from './ast.ts'
import { type From, Reader } from './build-read.ts'
import { RestError } from './errors.ts'
import { Numbered, type Params, Settings } from './params.ts'
import type { Media, Preferences } from './preferences.ts'
import { readAsCaller, type Statement } from './run.ts'
import { copyOut, withRoom } from './stream.ts'

/** Rows of json when nobody said how many, as in GraphQL. More go out as a stream. */
export const PAGE = 1000
/** Bytes of a page: a longer one goes out as a stream instead, so that 1,000 rows of any size cost no memory here. */
const PAGE_BYTES = 16 * 1024 * 1024
const STREAM_TIMEOUT_MS = 15 * 60_000

export interface Context {
  db: Db
  caller: Caller
  catalog: Catalog
  media: Media
  preferences: Preferences
  response: ServerResponse
  /** HEAD: the headers alone. */
  head: boolean
}

/** @param from is told how values get into the statement: a function's arguments are values too */
export async function read(context: Context, from: (params: Params) => From, query: Query): Promise<void> {
  const { media, head } = context
  if (!head && (media.kind === 'csv' || (media.kind === 'json' && (query.limit === null || query.limit > PAGE))))
    return withRoom(() => stream(context, from, query))
  const [rows, total] = await page(
    context,
    from,
    media.kind === 'object' ? { ...query, limit: Math.min(query.limit ?? PAGE, PAGE) } : query,
  )
  const [count, body = null] = rows
  if (!head && body === null) {
    if (media.kind === 'json') return withRoom(() => stream(context, from, query))
    throw Number(count) === 1 ? tooLong() : notSingle(Number(count))
  }
  sendHead(context, query, Number(count), total)
  context.response.end(head ? undefined : media.kind === 'object' ? single(Number(count), body!) : body)
}

async function page(
  { db, caller, catalog, media, preferences, head }: Context,
  from: (params: Params) => From,
  query: Query,
): Promise<[(string | null)[], number | null]> {
  const params = new Numbered()
  const reader = new Reader(catalog, params)
  const rows = reader.rows(from(params), query)
  const total =
    preferences.count === 'exact'
      ? reader.all(from(params), query)
      : preferences.count === 'estimated'
        ? `${reader.all(from(params), query)} limit ${PAGE + 1}`
        : null
  const statements: Statement[] = [
    {
      text: `select n, ${head ? 'null' : bounded('b')}, total from (select count(*) as n, ${head ? 'null' : jsonOf(media)} as b, ${total ? `(select count(*) from (${total}) c)` : 'null'} as total from (${rows}) r) p`,
      values: params.values,
    },
  ]
  if (preferences.count === 'planned' || preferences.count === 'estimated') {
    const own = new Numbered()
    statements.push({ text: `explain (format json) ${new Reader(catalog, own).all(from(own), query)}`, values: own.values })
  }
  const [[result], plan] = (await readAsCaller(db.api, caller, statements)) as [[(string | null)[]], (string | null)[][] | undefined]
  const counted = result![2] === null ? null : Number(result![2])
  const planned = plan ? Number(JSON.parse(plan.map(([line]) => line).join('\n'))[0].Plan['Plan Rows']) : null
  return [
    result!,
    counted !== null && (planned === null || counted <= PAGE) ? counted : planned === null ? null : Math.max(planned, counted ?? 0),
  ]
}

/** The rows r as the text of one json array. `r.*` is the row even where a column is called r. */
export const jsonOf = ({ stripped }: Pick<Media, 'stripped'>): string =>
  `coalesce(${stripped ? 'json_strip_nulls(json_agg(r.*))' : 'json_agg(r.*)'}, '[]')::text`

/** Null instead of a text that is too long to be held here. */
export const bounded = (text: string): string => `case when octet_length(${text}) <= ${PAGE_BYTES} then ${text} end`

export const tooLong = () =>
  new AppError('TMLIM', `An answer in one piece may have ${PAGE_BYTES / 1024 / 1024} MB`, {
    hint: 'Ask for fewer columns or rows; writes can be answered with return=minimal.',
  })

/** The one row of an array. @throws RestError PGRST116 */
export function single(count: number, array: string): string {
  if (count !== 1) throw notSingle(count)
  return array.slice(array.indexOf('[') + 1, array.lastIndexOf(']'))
}

export const notSingle = (count: number) =>
  new RestError('PGRST116', 'Cannot coerce the result to a single JSON object', { details: `The result contains ${count} rows` })

async function stream(context: Context, from: (params: Params) => From, query: Query): Promise<void> {
  const { db, caller, catalog, media, preferences, response } = context
  const settings = new Settings()
  const rows = new Reader(catalog, settings).rows(from(settings), query)
  await db.asCaller(
    caller,
    async (client) => {
      let total: number | null = null
      if (preferences.count) {
        const params = new Numbered()
        const all = new Reader(catalog, params).all(from(params), query)
        const { rows: counted } = await client.query(
          preferences.count === 'exact' ? `select count(*) from (${all}) c` : `explain (format json) ${all}`,
          params.values,
        )
        total = preferences.count === 'exact' ? Number(counted[0].count) : counted[0]['QUERY PLAN'][0].Plan['Plan Rows']
      }
      await copyOut(client, { rows, kind: media.kind as 'csv' | 'json', stripped: media.stripped }, response, () =>
        sendHead(context, query, null, total),
      )
    },
    { statementTimeoutMs: STREAM_TIMEOUT_MS, settings: { transaction_read_only: 'on', ...settings.values } },
  )
  response.end()
}

/** @param count null: a stream, whose end is known only if the total is */
function sendHead({ media, preferences, response }: Context, { offset, limit }: Query, count: number | null, total: number | null): void {
  if (total !== null && offset > 0 && offset > total)
    throw new RestError('PGRST103', 'Requested range not satisfiable', {
      details: `An offset of ${offset} was requested, but there are only ${total} rows.`,
    })
  const rows = count ?? (total === null ? null : Math.max(0, Math.min(total - offset, limit ?? Infinity)))
  if (rows !== null) response.setHeader('Content-Range', `${rows > 0 ? `${offset}-${offset + rows - 1}` : '*'}/${total ?? '*'}`)
  response.statusCode = rows !== null && total !== null && rows < total ? 206 : 200
  response.setHeader('Content-Type', media.type)
  if (preferences.applied) response.setHeader('Preference-Applied', preferences.applied)
}
