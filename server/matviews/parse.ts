/**
 * What can be said of a definition without asking the database: whether it is one SELECT. Called by define.ts.
 *
 * libpg-query speaks PostgreSQL 18's grammar and is advice for people, with a position; what is let through here is still
 * checked by the server. Only what this file itself needs is decided here: no NUL (libpg-query stops at it), a limit of
 * length, one statement, and that statement is a SELECT that writes nothing.
 */
import { parse } from 'libpg-query'
import { AppError } from '../errors.ts'

const MAX_BYTES = 64 * 1024

/** The definition without a trailing semicolon. @throws AppError TMDEF, TMSQL */
export async function parseDefinition(definition: string): Promise<string> {
  if (typeof definition !== 'string' || definition.trim() === '') throw new AppError('TMSQL', 'The definition is empty')
  if (definition.includes('\0')) throw new AppError('TMDEF', 'The definition has a NUL character')
  if (!definition.isWellFormed()) throw new AppError('TMDEF', 'The definition is not valid Unicode')
  if (Buffer.byteLength(definition) > MAX_BYTES) throw new AppError('TMDEF', 'The definition is longer than 64 kB')
  if (nesting(definition) > 500) throw new AppError('TMDEF', 'The definition is nested too deep')

  let stmts: { stmt?: Record<string, any>; stmt_len?: number; stmt_location?: number }[]
  try {
    stmts = (await parse(definition)).stmts ?? []
  } catch (error) {
    const { message, sqlDetails } = error as { message: string; sqlDetails?: { cursorPosition?: number } }
    const at = sqlDetails?.cursorPosition
    // A grammar of another version, or a parser that gave up: what the server says is better than what we guess.
    if (at === undefined) return withoutSemicolon(definition)
    throw new AppError('TMSQL', message, { more: { position: at + 1, sqlstate: '42601' } })
  }
  if (stmts.length !== 1) throw new AppError('TMDEF', stmts.length ? 'A definition is one statement' : 'The definition is empty')
  const select = stmts[0]!.stmt?.SelectStmt
  if (!select) throw new AppError('TMDEF', 'A definition is a SELECT')
  if (select.intoClause) throw new AppError('TMDEF', 'A definition does not write: no SELECT INTO')
  return withoutSemicolon(definition, stmts[0]!)
}

/** One trailing semicolon is what editors leave; the statement's own length tells where it ends. */
function withoutSemicolon(definition: string, statement?: { stmt_len?: number; stmt_location?: number }): string {
  if (statement?.stmt_len) {
    const bytes = Buffer.from(definition)
    return bytes.subarray(0, (statement.stmt_location ?? 0) + statement.stmt_len).toString('utf8')
  }
  return definition
}

/** Brackets within brackets, strings and comments included: an upper bound that costs nothing. */
function nesting(text: string): number {
  let depth = 0
  let most = 0
  for (const character of text) {
    if (character === '(' || character === '[') most = Math.max(most, ++depth)
    else if ((character === ')' || character === ']') && depth > 0) depth--
  }
  return most
}
