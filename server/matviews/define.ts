/**
 * People's SQL: checked and previewed before it becomes a view. Called by createMatview, alterMatview and previewMatview.
 *
 * Everything here runs on a connection that LOGGED IN as ws_<id> (db.asWorkspace), never on the API's pool: there,
 * `set_config('role', …)` inside a SELECT would reach another workspace. It travels over the extended protocol, which
 * takes one statement only. What decides is the server's own analysed tree (app_private.check_definition); libpg-query
 * only says early and kindly what is not one SELECT. Writes nothing that stays: checks roll back.
 */
import pg from 'pg'
import { AppError } from '../errors.ts'
import { parseDefinition } from './parse.ts'

const PREVIEW_ROWS = 50
const CHECK_MS = 3000
const PREVIEW_MS = 5000
const MAX_COLUMNS = 1000

export interface Column {
  name: string
  /** As PostgreSQL writes it: numeric(10,2), timestamp with time zone. */
  type: string
}

export interface Preview {
  columns: Column[]
  rows: Record<string, unknown>[]
  /** Whether there are more rows than shown. */
  more: boolean
}

type Client = Pick<pg.Client, 'query'>

/**
 * pg uses the SIMPLE protocol, which takes several statements, for query(text) and query(text, []): only queryMode
 * 'extended' is safe with text of others.
 */
export const oneStatement = (client: Client, text: string, values?: unknown[]): Promise<pg.QueryResult> =>
  client.query({ text, values, queryMode: 'extended' } as pg.QueryConfig)

/**
 * Throws, or returns the columns. Rolls back whatever it did.
 * @param client logged in as ws_<workspace>, with no transaction open
 * @param definition one SELECT; a trailing semicolon is allowed
 * @param kind a matview's definition, or that of a plain view
 * @throws AppError TMDEF (not allowed), TMSQL (an error, with `position` in the definition), TMTIM
 */
export async function checkDefinition(
  client: Client,
  workspace: string,
  definition: string,
  kind: 'matview' | 'view' = 'matview',
): Promise<Column[]> {
  const sql = await parseDefinition(definition)
  await oneStatement(client, 'begin')
  try {
    return await check(client, workspace, sql, kind)
  } finally {
    await oneStatement(client, 'rollback')
  }
}

/** The first rows: checked first, then run read-only, with its own short time. @throws as checkDefinition */
export async function previewDefinition(client: Client, workspace: string, definition: string, first = PREVIEW_ROWS): Promise<Preview> {
  const sql = await parseDefinition(definition)
  const rows = Math.min(Math.max(1, Math.trunc(first) || PREVIEW_ROWS), PREVIEW_ROWS)
  await oneStatement(client, 'begin')
  try {
    const columns = await check(client, workspace, sql, 'matview')
    await oneStatement(client, 'rollback')
    await oneStatement(client, 'begin read only')
    await oneStatement(client, `set local statement_timeout = '${PREVIEW_MS}ms'`)
    const prefix = 'select * from (\n'
    const result = await oneStatement(client, `${prefix}${sql}\n) _ limit ${rows + 1}`).catch((error) => {
      throw told(error, prefix.length, workspace, sql)
    })
    return { columns, rows: result.rows.slice(0, rows), more: result.rows.length > rows }
  } finally {
    await oneStatement(client, 'rollback').catch(() => {})
  }
}

/**
 * The statement that makes the view. A newline stands before the suffix, so that a trailing comment cannot swallow it.
 * @param sql what parseDefinition returned
 */
function createStatement(
  workspace: string,
  name: string,
  sql: string,
  kind: 'matview' | 'view' = 'matview',
): { prefix: string; text: string } {
  const relation = `${pg.escapeIdentifier(`ws_${workspace}`)}.${pg.escapeIdentifier(name)}`
  const prefix = kind === 'matview' ? `create materialized view ${relation} as\n` : `create view ${relation} as\n`
  return { prefix, text: `${prefix}${sql}\n${kind === 'matview' ? ' with no data' : ''}` }
}

/**
 * Creates the view for good, checked, inside the caller's transaction; nothing of it has run (with no data).
 * @throws AppError TMDEF, TMSQL, TMEXI (the name is taken), TMTIM
 */
export async function createChecked(
  client: Client,
  workspace: string,
  name: string,
  definition: string,
  kind: 'matview' | 'view' = 'matview',
): Promise<Column[]> {
  const sql = await parseDefinition(definition)
  const { prefix, text } = createStatement(workspace, name, sql, kind)
  await oneStatement(client, text).catch((error) => {
    throw told(error, prefix.length, workspace, sql)
  })
  const relation = `${pg.escapeIdentifier(`ws_${workspace}`)}.${pg.escapeIdentifier(name)}`
  await client.query('select app_private.check_definition($1::regclass)', [relation])
  const { fields } = await oneStatement(client, `select * from (\n${sql}\n) _ limit 0`).catch((error) => {
    throw told(error, 0, workspace, '')
  })
  return columnsOf(client, fields)
}

async function check(client: Client, workspace: string, sql: string, kind: 'matview' | 'view'): Promise<Column[]> {
  await oneStatement(client, `set local statement_timeout = '${CHECK_MS}ms'`)
  // A name that no relation of a person can have: control characters are refused everywhere.
  return createChecked(client, workspace, 'definition\u0001check', sql, kind)
}

async function columnsOf(client: Client, fields: pg.FieldDef[]): Promise<Column[]> {
  if (fields.length > MAX_COLUMNS) throw new AppError('TMDEF', `A view has at most ${MAX_COLUMNS} columns`)
  for (const { name } of fields)
    if (!name || /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(name))
      throw new AppError('TMDEF', 'A column has a name with invisible characters', { hint: 'Name it with AS.' })
  // format_type is a parser of numbers, not a catalog: workspaces may call it.
  const { rows } = await client.query(
    'select array(select format_type(t, m) from unnest($1::oid[], $2::int[]) with ordinality u (t, m, i) order by i) as types',
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  )
  return fields.map((field, i) => ({ name: field.name, type: rows[0].types[i] }))
}

/**
 * Whether the error is about a schema of others. What may not be used (42501) and what is not there get one answer, also
 * in code and position, or a definition could ask which workspaces exist.
 */
function hidden(code: string, message: string, workspace: string): boolean {
  if (code === '42501' || code === '3F000') return true
  const qualified = /"([^"]+)\.[^"]*"|(?:function|operator) ([^\s.]+)\./.exec(message)
  return /^42(P01|704|883|P02)$/.test(code) && qualified !== null && (qualified[1] ?? qualified[2]) !== `ws_${workspace}`
}

/**
 * The error of a person's SQL, told to the person: PostgreSQL's own words, and where in the definition.
 * @param offset length of what we put before the definition
 * @param sql the definition, or '' where the position does not count in it
 */
function told(error: unknown, offset: number, workspace: string, sql: string): unknown {
  const { code, message, hint, detail, position } = (error ?? {}) as pg.DatabaseError
  if (error instanceof AppError || typeof code !== 'string' || code.startsWith('TM')) return error
  const at = Number(position) - offset
  const more = Number.isFinite(at) && at >= 1 ? { position: at, sqlstate: code } : { sqlstate: code }
  if (hidden(code, message, workspace))
    return new AppError('TMDEF', 'The definition names something that is not there, or that it may not use', {
      hint: 'A definition uses tables and views of its own workspace.',
      more: { sqlstate: '42P01' },
    })
  if (code === '42P07' || code === '42710') return new AppError('TMEXI', 'There is a relation of this name already', { more })
  if (code === '57014')
    return new AppError('TMTIM', 'The definition took too long', { hint: 'Narrow it, or add an index to the tables that it reads.', more })
  if (/^53/.test(code)) return new AppError('TMDEF', 'The definition needs more room than the workspace has', { hint: message, more })
  if (/^(08|57|58|XX)/.test(code)) return error
  return new AppError('TMSQL', message, {
    hint: hint ?? foldedName(code, sql, at) ?? 'Correct the SQL.',
    ...(detail ? { detail } : {}),
    more,
  })
}

/** PostgreSQL folds names without quotes to small letters: the usual reason why a column of a file "does not exist". */
function foldedName(code: string, sql: string, at: number): string | undefined {
  const name = /^42(703|P01)$/.test(code) && at >= 1 ? /^(?:[\w$]+\.)*([\w$]+)/.exec([...sql].slice(at - 1).join(''))?.[1] : undefined
  return name && name !== name.toLowerCase() ? `A name with capital letters needs quotes: "${name}".` : undefined
}
