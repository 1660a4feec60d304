/**
 * What a REST client is told when something is wrong: PostgREST's codes and statuses, in the body of server/errors.ts with
 * `details` beside `detail`, which PostgREST's clients read. Thrown everywhere in this folder, answered by route.ts.
 */
import { AppError, type ErrorBody, toResponse } from '../errors.ts'

/** https://docs.postgrest.org/en/stable/references/errors.html; only what this server says. */
const PGRST = {
  PGRST100: 400, // the query string cannot be parsed
  PGRST102: 400, // the body cannot be read
  PGRST103: 416, // the range begins after the last row
  PGRST105: 405, // PUT with other filters than the key
  PGRST107: 406, // Accept
  PGRST108: 400, // a filter on something that is not embedded
  PGRST114: 400, // PUT with limit
  PGRST115: 400, // PUT whose body has another key
  PGRST116: 406, // not one row
  PGRST117: 405, // method
  PGRST118: 400, // order by a related table that has many rows
  PGRST120: 400, // an embedded resource can only be tested for null
  PGRST122: 400, // Prefer: handling=strict with what is not known
  PGRST124: 400, // more rows than max-affected
  PGRST125: 404, // the path leads nowhere
  PGRST200: 400, // no foreign key between the two
  PGRST201: 300, // more than one
  PGRST202: 404, // no such function
  PGRST203: 300, // more than one function fits
  PGRST204: 400, // no such column
  PGRST205: 404, // no such relation
  '42703': 400, // no such column, where PostgreSQL would have said it
  '42704': 400, // no such type
  '21000': 400, // UPDATE or DELETE without a filter
} as const

export class RestError extends Error {
  readonly code: keyof typeof PGRST
  readonly details: string | null
  readonly hint: string | null
  constructor(
    code: keyof typeof PGRST,
    message: string,
    { details = null, hint = null }: { details?: string | null; hint?: string | null } = {},
  ) {
    super(message)
    this.code = code
    this.details = details
    this.hint = hint
  }
}

export const unreadable = (message: string, details?: string) => new RestError('PGRST100', message, { details: details ?? null })

/** PostgREST's table; the longest code that fits counts. Messages of the others are PostgreSQL's own affair: logged, not sent. */
const STATUS: [string, number][] = [
  ['0A', 400],
  ['0L', 403],
  ['0P', 403],
  ['21', 400],
  ['22', 400],
  ['23503', 409],
  ['23505', 409],
  ['23', 400],
  ['25006', 405],
  ['42501', 403],
  ['42883', 404],
  ['42P01', 404],
  ['42P17', 500],
  ['42', 400],
  ['428C9', 400],
  ['44', 400],
  ['53400', 500],
  ['57014', 500],
  ['P0001', 400],
  ['40001', 500],
  ['40P01', 500],
  ['55P03', 500],
]

/** What may be said of an error whose text names things that the caller may not know of. */
const SAID: Record<string, string> = {
  '42501': 'permission denied',
  '42P01': 'a relation that this needs is not there any more',
  '53400': 'the request needs more temporary space than the workspace has',
  '57014': 'canceling statement due to statement timeout',
}

export interface Answer {
  status: number
  body: ErrorBody & { details: string | null }
  internal: boolean
}

/** @param relation what the request names, for "permission denied" */
export function toRestAnswer(error: unknown, relation: string | null): Answer {
  if (error instanceof RestError) return answer(PGRST[error.code], error.code, error.message, error.hint, error.details)
  const { code, message, hint, detail, severity } = (error ?? {}) as Record<string, any>
  if (!(error instanceof AppError) && severity && typeof code === 'string' && !code.startsWith('TM')) {
    const status = STATUS.filter(([prefix]) => code.startsWith(prefix)).sort((a, b) => b[0].length - a[0].length)[0]?.[1]
    if (code === '42501') return answer(status!, code, relation === null ? SAID[code]! : `permission denied for ${relation}`)
    if (SAID[code]) return answer(status!, code, SAID[code])
    if (status) return answer(status, code, String(message), hint, detail)
  }
  const { status, body, internal } = toResponse(error)
  return { status, body: { ...body, details: body.detail }, internal }
}

function answer(status: number, code: string, message: string, hint: string | null = null, detail: string | null = null): Answer {
  return { status, body: { code, message, hint, detail, details: detail }, internal: false }
}
