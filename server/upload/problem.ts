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
  const where = /COPY [^\n]*?, line (\d+)(?:, column (.+?)(?:: "(.*)"$|: |$))?/m.exec(e.where ?? '')
  const place = where ? o.placeOf(Number(where[1])) : null
  const more = {
    line: place?.line ?? null,
    record: place?.record ?? null,
    column: where?.[2]?.replace(/^"|"$/g, '') ?? null,
    value: where?.[3] ?? null,
    reason: e.message,
  }
  const at = place ? `Line ${place.line}: ` : ''
  switch (e.code) {
    case '23505':
      if (e.constraint?.startsWith('pg_'))
        return new AppError('TMEXI', 'A table of this name was made meanwhile', {
          hint: 'Send mode=append, replace or upsert, or another table name.',
        })
      return new AppError('TMKEY', `${at}the key ${pair(e.detail) ?? `(${o.key.join(', ')})`} is there already`, {
        detail: e.detail ?? '',
        hint: 'Use mode=upsert, take the row out, or send on_error=skip: then it is kept as a reject.',
        more: { ...more, key: o.key },
      })
    case '23503':
      return new AppError('TMKEY', `A row names ${pair(e.detail) ?? 'what'} that is not in the table it refers to`, {
        detail: e.detail ?? '',
        hint: 'Load that table first, or send on_error=skip: then such rows are kept as rejects.',
        more,
      })
    case '23502':
      return new AppError('TMKEY', `${at}a column that must have a value is empty${more.column ? `: "${more.column}"` : ''}`, {
        detail: e.message ?? '',
        hint: 'Fill it, or choose another key.',
        more,
      })
    case '54000':
    case '54011':
      // rows are written by the dozen: COPY names the last one that it had read
      return new AppError(
        'TMBIG',
        `${at.replace(/^Line (.*):/, 'Line $1, or one shortly before:')}the row is larger than PostgreSQL can store (8 kB without its long texts)`,
        {
          detail: e.message ?? '',
          hint: 'Split the file into two tables.',
          more,
        },
      )
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
  if (/^22/.test(e.code) || e.code === '23514' || e.code === '23P01')
    return new AppError('TMTYP', `${at}${e.message}`, {
      detail: e.detail ?? '',
      hint: 'Mend the value, or send on_error=skip: then such rows are kept as rejects.',
      more,
    })
  return error
}

/** `(id) = (1)` of PostgreSQL's `Key (id)=(1) already exists.` */
function pair(detail: string | undefined): string | null {
  const [, columns, values] = /^Key (\(.+?\))=(\(.*\)) (?:already exists|is duplicated|is not present)/.exec(detail ?? '') ?? []
  return columns === undefined ? null : `${columns} = ${values}`
}

/** A new table's key that is twice in the file: where it comes again. */
export function twice(
  key: readonly string[],
  values: readonly string[],
  place: { record: number; line: number | null; first: number },
): AppError {
  const at = place.line === null ? '' : `Line ${place.line}: `
  return new AppError(
    'TMKEY',
    `${at}record ${place.record} has the key (${key.join(', ')}) = (${values.join(', ')}) of record ${place.first}`,
    {
      hint: 'Choose another key, use mode=upsert, or take the repeated rows out.',
      more: { line: place.line, record: place.record, column: key[0]!, value: values[0]!, reason: 'the key is not unique', key },
    },
  )
}
