/**
 * Every error that a person may meet, in one table.
 *
 * Codes are SQLSTATEs of our own class, TM: the same code travels from a `raise ... using errcode` in SQL to the
 * JSON that a client reads. A message that comes with a TM code was written for people and is shown as it is;
 * anything else is logged with the request's id and answered as TMOOP. `remedy` is the hint where the thrower gives none.
 */
export const ERRORS = {
  TMNOF: { status: 404, meaning: 'There is no such thing, or you may not see it', remedy: 'Check the name and the workspace.' },
  TMBSY: { status: 409, meaning: 'The view is being refreshed already', remedy: 'Wait for its event, then try again.' },
  TMEXI: {
    status: 409,
    meaning: 'The name is taken',
    remedy: 'Choose another name; an upload may also append to, replace or upsert into the table (mode).',
  },
  TMNAM: { status: 422, meaning: 'The name cannot be used', remedy: 'Use a name of 1 to 63 bytes without control characters.' },
  TMDEF: {
    status: 422,
    meaning: 'The definition is refused',
    remedy: 'Write one SELECT over tables and views of this workspace, without what the message names.',
  },
  TMSQL: { status: 422, meaning: 'The definition has an error', remedy: 'Correct the SQL at the position given.' },
  TMKEY: {
    status: 422,
    meaning: 'The key does not fit the view',
    remedy: 'Choose columns that are never null and together unique, or leave the key out.',
  },
  TMSCH: { status: 422, meaning: 'The schedule cannot be read', remedy: "Use five cron fields, 'N seconds' with N from 1 to 59, or null." },
  TMQUO: {
    status: 422,
    meaning: 'The storage quota would be exceeded',
    remedy: 'Delete what is not needed, or ask an owner to raise the quota.',
  },
  TMROW: {
    status: 422,
    meaning: 'The view has more rows than the workspace allows',
    remedy: 'Narrow the definition, or ask an owner to raise the limit.',
  },
  TMARG: { status: 400, meaning: 'The request cannot be understood', remedy: 'Correct what the message names.' },
  TMLIM: {
    status: 400,
    meaning: 'The request asks for more than is allowed at once',
    remedy: 'Ask for less: fewer levels, fewer aliases, a smaller page.',
  },
  TMDEP: {
    status: 409,
    meaning: 'Other relations depend on this',
    remedy: 'Name in `dependents` what to do with them: RECREATE rebuilds them in the same transaction.',
  },
  TMAUT: { status: 401, meaning: 'You are not signed in', remedy: 'Sign in, or send a valid token.' },
  TMPER: { status: 403, meaning: 'You may not do this', remedy: 'Ask an owner of the workspace for the right.' },
  TMORG: {
    status: 403,
    meaning: 'The request comes from another site',
    remedy: 'Open the address of this server itself; programs send a token.',
  },
  TMRAT: { status: 429, meaning: 'Too many tries', remedy: 'Wait as long as the message says, then try again.' },
  TMLNK: { status: 410, meaning: 'The link is no longer good', remedy: 'Ask for a new one: links work once and not for long.' },
  TMPWD: { status: 422, meaning: 'The password cannot be used', remedy: 'Use 10 characters or more, for example four random words.' },
  TMOWN: { status: 409, meaning: 'A workspace needs an owner', remedy: 'Hand the workspace over first, or drop it.' },
  TMVER: {
    status: 503,
    meaning: 'This PostgreSQL has known holes: SQL of people is refused',
    remedy: 'The operator updates PostgreSQL, or, who alone uses it, sets ALLOW_UNPATCHED_POSTGRES=1 (SECURITY.md).',
  },
  TMURL: {
    status: 422,
    meaning: 'The address is not allowed',
    remedy: 'Use a public http(s) address; the operator can allow private ones (ALLOW_PRIVATE_WEBHOOKS=1).',
  },
  TMDBN: {
    status: 503,
    meaning: 'The database does not answer',
    remedy: 'Try again in a moment; the operator finds the cause in the log.',
  },
  TMCON: {
    status: 503,
    meaning: 'All connections to the database are in use',
    remedy: 'Try again in a moment; if it stays, the operator raises POOL_SIZE.',
  },
  TMFUL: {
    status: 507,
    meaning: 'The disk of the database is full: nothing of this was stored',
    remedy: 'Tell the operator to make room, then try again; what was there before is whole.',
  },
  TMTIM: { status: 503, meaning: 'The statement took longer than allowed', remedy: 'Ask for less, or let an owner raise the limit.' },
  TMCSV: {
    status: 422,
    meaning: 'The file has a record that cannot be read',
    remedy: 'Correct the line, or send on_error=skip to load the rest.',
  },
  TMTYP: {
    status: 422,
    meaning: "A value does not fit its column's type",
    remedy: 'Correct the line, give the column another type, or send on_error=skip.',
  },
  TMENC: {
    status: 422,
    meaning: 'The file has bytes that are not text',
    remedy: 'Save it as UTF-8, or send its encoding: dialect={"encoding": "windows-1252"}.',
  },
  TMBIG: {
    status: 413,
    meaning: 'The file is larger than allowed',
    remedy: 'Send it in parts (mode=append), or ask the operator to raise MAX_UPLOAD_BYTES.',
  },
  TMMED: { status: 415, meaning: 'Files of this kind are not read', remedy: 'Save it as CSV (UTF-8) and send that.' },
  TMCOL: {
    status: 422,
    meaning: "The file's columns do not fit the table",
    remedy: 'Rename, leave out or allow the columns that the message names.',
  },
  TMCAN: { status: 409, meaning: 'The upload was cancelled', remedy: 'Send it again if you want it after all.' },
  TMOOP: {
    status: 500,
    meaning: 'Something failed that should not have',
    remedy: 'Try again; if it stays, give the operator the request id.',
  },
} as const satisfies Record<string, { status: number; meaning: string; remedy: string }>

export type ErrorCode = keyof typeof ERRORS

/** What every client is told, over HTTP, GraphQL (extensions) and websocket. Uploads add line, column and value. */
export interface ErrorBody {
  code: string
  message: string
  hint: string | null
  detail: string | null
  [more: string]: unknown
}

export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly detail: string | undefined
  /** Further fields of the body, e.g. { line, column, value } of an upload, { position } of a definition. */
  readonly more: Record<string, unknown> | undefined

  constructor(
    code: ErrorCode,
    message: string = ERRORS[code].meaning,
    options: { hint?: string; detail?: string; more?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.hint = options.hint
    this.detail = options.detail
    this.more = options.more
  }
}

/**
 * PostgreSQL's own codes that say something to the person who asked; the message is PostgreSQL's where it names only
 * what the person sent or owns, else ours.
 */
const BUILT_IN: Record<string, { code: ErrorCode | null; status: number; own: boolean }> = {
  '23502': { code: null, status: 422, own: true }, // not null
  '23503': { code: null, status: 409, own: true }, // foreign key
  '23505': { code: null, status: 409, own: true }, // unique
  '23514': { code: null, status: 422, own: true }, // check
  '42501': { code: 'TMPER', status: 403, own: false },
  '42P01': { code: 'TMNOF', status: 404, own: false },
  '53100': { code: 'TMFUL', status: 507, own: false },
  '57014': { code: 'TMTIM', status: 503, own: false },
}

/** What pg and its pool say without a code. */
const NO_CODE: [RegExp, ErrorCode][] = [
  [/^timeout exceeded when trying to connect$/, 'TMCON'],
  [/^Connection terminated|connection error and is not queryable$/, 'TMDBN'],
]

/**
 * The status and body for any error.
 * @param error an AppError, an error of PostgreSQL, or anything else (then TMOOP; the caller logs it).
 */
export function toResponse(error: unknown): { status: number; body: ErrorBody; internal: boolean } {
  const { code, message, hint, detail, more, position } = (error ?? {}) as Record<string, any>
  if (typeof code === 'string' && code in ERRORS) {
    const known = ERRORS[code as ErrorCode]
    return {
      status: known.status,
      internal: code === 'TMOOP',
      body: { code, message, hint: hint ?? known.remedy, detail: detail ?? null, ...more },
    }
  }
  if (typeof code === 'string') {
    const mapped = BUILT_IN[code]
    if (mapped) {
      const ours = mapped.code ? ERRORS[mapped.code] : null
      return {
        status: mapped.status,
        internal: false,
        body: {
          code: mapped.code ?? code,
          message: mapped.own ? message : ours!.meaning,
          hint: mapped.own ? (hint ?? null) : ours!.remedy,
          detail: mapped.own ? (detail ?? null) : null,
        },
      }
    }
    if (/^22/.test(code))
      return {
        status: 422,
        internal: false,
        body: { code, message, hint: hint ?? null, detail: detail ?? null, ...(position ? { position } : {}) },
      }
    if (/^(08|57P|53300)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code)) return plain('TMDBN')
  }
  const [, said] = NO_CODE.find(([text]) => text.test(String(message ?? ''))) ?? []
  return plain(said ?? 'TMOOP')
}

function plain(code: ErrorCode): { status: number; body: ErrorBody; internal: boolean } {
  const { status, meaning, remedy } = ERRORS[code]
  return { status, internal: true, body: { code, message: meaning, hint: remedy, detail: null } }
}
