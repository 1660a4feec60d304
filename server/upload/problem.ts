// problem.ts: bad records and PostgreSQL's refusals as the one error body. Called by load.ts and tap's onBad.

import { AppError, type ErrorCode } from '../errors.ts'
import type { Place } from './places.ts'
import type { BadRecord } from './tap.ts'

/** The answer for the first bad record of on_error=abort. Line and record count from 1; the header is no record. */
export function badRecord(bad: BadRecord, names: readonly string[]): AppError {
  const column = bad.column === null ? null : (names[bad.column] ?? `field ${bad.column + 1}`)
  const code: ErrorCode = /^not an? /.test(bad.reason) ? 'TMTYP' : /UTF-8|NUL/.test(bad.reason) ? 'TMENC' : 'TMCSV'
  return new AppError(code, `Line ${bad.line}${column === null ? '' : `, column "${column}"`}: ${bad.reason}`, {
    detail: bad.text.slice(0, 200),
    more: { line: bad.line, record: bad.record, column, value: bad.value, reason: bad.reason },
  })
}

/** PostgreSQL's refusal during or after a COPY, with the record where it names one. */
export function refusal(error: unknown, o: { placeOf: (copyLine: number) => Place | null; key: readonly string[] }): unknown {
  const e = error as { code?: string; message?: string; detail?: string; where?: string; constraint?: string }
  if (error instanceof AppError || typeof e.code !== 'string') return error
  const where = /COPY [^\n]*, line (\d+)(?:, column (.+?)(?::|$))?/.exec(e.where ?? '')
  const place = where ? o.placeOf(Number(where[1])) : null
  const more = {
    line: place?.line ?? null,
    record: place?.record ?? null,
    column: where?.[2]?.replace(/^"|"$/g, '') ?? null,
    value: null,
    reason: e.message,
  }
  const at = place ? `Line ${place.line}: ` : ''
  switch (e.code) {
    case '23505':
      if (e.constraint?.startsWith('pg_'))
        return new AppError('TMEXI', 'A table of this name was made meanwhile', {
          hint: 'Send mode=append, replace or upsert, or another table name.',
        })
      return new AppError('TMKEY', `The key (${o.key.join(', ')}) is not unique in this file`, {
        detail: e.detail ?? '',
        hint: 'Choose another key, use mode=upsert, or take the repeated rows out.',
        more: { ...more, key: o.key },
      })
    case '23502':
      return new AppError('TMKEY', `${at}a column that must have a value is empty${more.column ? `: "${more.column}"` : ''}`, {
        detail: e.message ?? '',
        hint: 'Fill it, or choose another key.',
        more,
      })
    case '54000':
    case '54011':
      return new AppError('TMBIG', `${at}the row is larger than PostgreSQL can store (8 kB without its long texts)`, {
        detail: e.message ?? '',
        hint: 'Split the file into two tables.',
        more,
      })
    case '42P10':
      return new AppError('TMKEY', `The table has no unique index on (${o.key.join(', ')})`, {
        hint: 'mode=upsert needs one: make it the primary key.',
        more,
      })
    case '0A000':
      if (/used by a view|rule/.test(e.message ?? ''))
        return new AppError('TMTYP', 'The column needs a wider type, but a view uses it', {
          detail: `${e.message}. ${e.detail ?? ''}`,
          hint: 'Drop the view, widen the column, make the view again.',
          more,
        })
      return error
    case '57014':
      return new AppError('TMCAN')
    case '42P07':
      return new AppError('TMEXI', 'A table of this name was made meanwhile', {
        hint: 'Send mode=append, replace or upsert, or another table name.',
      })
  }
  if (/^22/.test(e.code) || e.code === '23514') return new AppError('TMTYP', `${at}${e.message}`, { detail: e.detail ?? '', more })
  return error
}
