/**
 * /rest/rpc/<function>: functions of app_public (or the workspace) that the caller may call. Called by route.ts. GET calls in a
 * read-only transaction, POST may write.
 */
import { escapeIdentifier as q } from 'pg'
import type { Func } from '../catalog/read.ts'
import type { Query } from './ast.ts'
import { type From, Reader } from './build-read.ts'
import { RestError } from './errors.ts'
import { Numbered, type Params } from './params.ts'
import { parseQuery } from './parse-query.ts'
import type { Payload } from './payload.ts'
import { bounded, type Context, jsonOf, PAGE, read, single, tooLong } from './read.ts'
import { readAsCaller } from './run.ts'
import { inTransaction } from './write.ts'

type Pair = [string, string]

export async function call(context: Context, name: string, pairs: Pair[], payload: Payload | null): Promise<void> {
  const overloads = context.catalog.functions.get(name) ?? []
  const isArgument = (key: string) => overloads.some(({ args }) => args.some((arg) => arg.name === key))
  // By GET arguments and filters share the query string: what names an argument is one.
  const given = payload ? Object.keys(payload.rows[0] ?? {}) : pairs.map(([key]) => key).filter(isArgument)
  if (payload && (payload.rows.length !== 1 || !payload.one)) throw new RestError('PGRST102', 'The arguments are one object')
  const func = choose(name, overloads, given)
  const { query, limited } = parseQuery(payload ? pairs : pairs.filter(([key]) => !isArgument(key)), (key) => func.columns.has(key))
  const values = new Map(pairs)
  const argument = (params: Params) => {
    const body = payload && func.args.length > 0 ? params.add(payload.text.trim().slice(1, -1)) : null
    return ({ name: arg, type }: Func['args'][number]) =>
      body ? `(select p.${q(arg)} from json_to_record(${body}::json) as p(${q(arg)} ${type}))` : `${params.add(values.get(arg)!)}::${type}`
  }
  const from = (params: Params): From => {
    const argumentSql = argument(params)
    const args = func.args.filter((arg) => given.includes(arg.name)).map((arg) => `${q(arg.name)} => ${argumentSql(arg)}`)
    return {
      name: func.name,
      schema: func.schema,
      columns: func.columns,
      links: [],
      sql: `${q(func.schema)}.${q(func.name)}(${args.join(', ')})`,
    }
  }
  if (func.returns !== 'row') return scalar(context, func, from, payload !== null)
  if (func.set && !payload) return read(context, from, limited ? query : { ...query, limit: context.media.kind === 'csv' ? null : PAGE })
  return rows(context, func, from, query, payload !== null)
}

/** The overload that takes just these arguments, the others having defaults. */
function choose(name: string, overloads: Func[], given: string[]): Func {
  const fits = overloads.filter(
    ({ args }) =>
      given.every((key) => args.some((arg) => arg.name === key)) && args.every((arg) => !arg.required || given.includes(arg.name)),
  )
  if (fits.length === 1) return fits[0]!
  const exact = fits.filter(({ args }) => args.length === given.length)
  if (exact.length === 1) return exact[0]!
  const shown = `${name.slice(0, 200)}${given.length > 0 ? `(${given.join(', ').slice(0, 300)})` : ''}`
  if (fits.length > 1) throw new RestError('PGRST203', `Could not choose the best candidate function between overloads of ${shown}`)
  throw new RestError('PGRST202', `Could not find the function ${shown} in the schema cache`, {
    details: `Searched for the function ${given.length > 0 ? `with parameters ${given.join(', ').slice(0, 300)}` : 'without parameters'}, but no matches were found.`,
    hint:
      overloads.length > 0
        ? `It takes ${overloads.map(({ args }) => `(${args.map((arg) => `${arg.name}${arg.required ? '' : '?'}: ${arg.type}`).join(', ')})`).join(' or ')}.`
        : null,
  })
}

async function scalar(context: Context, func: Func, from: (params: Params) => From, writes: boolean): Promise<void> {
  const { response } = context
  const body = func.set ? `coalesce(json_agg(x.v), '[]')::text` : 'min(to_json(x.v)::text)'
  const result = await run(
    context,
    (params) => `select count(*), ${func.returns === 'void' ? 'null' : body} from ${from(params).sql} as x(v)`,
    writes,
  )
  response.statusCode = func.returns === 'void' ? 204 : 200
  if (func.returns === 'void') return void response.end()
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  if (func.set) response.setHeader('Content-Range', range(result.count, context))
  response.end(context.head ? undefined : result.body || 'null')
}

async function rows(context: Context, func: Func, from: (params: Params) => From, query: Query, writes: boolean): Promise<void> {
  const { response, media } = context
  const result = await run(
    context,
    (params) =>
      `select n, ${bounded('b')} from (select count(*) as n, ${jsonOf(media)} as b from (${new Reader(context.catalog, params).rows(from(params), query)}) r) p`,
    writes,
  )
  if (result.body === '') throw tooLong()
  const one = !func.set || media.kind === 'object'
  const body = one ? (func.set ? single(result.count, result.body) : result.count === 1 ? single(1, result.body) : 'null') : result.body
  response.setHeader('Content-Type', media.kind === 'csv' ? 'application/json; charset=utf-8' : media.type)
  if (func.set) response.setHeader('Content-Range', range(result.count, context))
  response.end(context.head ? undefined : body)
}

const range = (count: number, { preferences }: Context) => `${count > 0 ? `0-${count - 1}` : '*'}/${preferences.count ? count : '*'}`

async function run(context: Context, text: (params: Params) => string, writes: boolean): Promise<{ count: number; body: string }> {
  const params = new Numbered()
  const sql = text(params)
  if (!writes) {
    const [[row]] = (await readAsCaller(context.db.api, context.caller, [{ text: sql, values: params.values }])) as [[(string | null)[]]]
    return { count: Number(row![0]), body: row![1] ?? '' }
  }
  return inTransaction(context, async (client) => {
    const { rows: found } = await client.query({ text: sql, values: params.values, rowMode: 'array' })
    const [count, body] = (found as string[][])[0]!
    return { count: Number(count), body: body ?? '' }
  })
}
