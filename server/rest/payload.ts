/**
 * The body of a write: json or csv, as text for PostgreSQL and as the names that it gives values for. Called by route.ts.
 *
 * The text goes to PostgreSQL as it came, so that no number loses digits on the way; it is read here only for its keys.
 */
import type { IncomingMessage } from 'node:http'
import { parse } from 'csv-parse/sync'
import { AppError } from '../errors.ts'
import { RestError } from './errors.ts'

/** Bytes. Longer ones belong to /upload-file, which streams. */
const MAX_BODY = 10 * 1024 * 1024

export interface Payload {
  /** One object was sent, not a list. */
  one: boolean
  /** A json array of objects. */
  text: string
  rows: Record<string, unknown>[]
}

export async function readPayload(request: IncomingMessage): Promise<Payload> {
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]!.trim().toLowerCase()
  const isCsv = type === 'text/csv'
  if (!isCsv && type !== 'application/json' && !/^application\/(vnd\.pgrst\.(object|array)(\+json)?)$/.test(type))
    throw new AppError('TMMED', `A body of type ${type.slice(0, 100)} is not read`, {
      hint: 'Send application/json or text/csv; other files go to /upload-file.',
    })
  const text = await bodyOf(request)
  return isCsv ? fromCsv(text) : fromJson(text)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MAX_BODY) break
    parts.push(part)
  }
  if (size > MAX_BODY) {
    request.resume() // read to its end, so that the client hears the answer
    throw new AppError('TMBIG', `A request may have ${MAX_BODY / 1024 / 1024} MB`, {
      hint: 'Send large files to /upload-file, which streams them.',
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  } catch {
    throw new RestError('PGRST102', 'The body is not UTF-8')
  }
}

function fromJson(text: string): Payload {
  if (text.trim() === '') return { one: true, text: '[{}]', rows: [{}] }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new RestError('PGRST102', 'Empty or invalid json')
  }
  const rows = Array.isArray(value) ? value : [value]
  if (!rows.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row)))
    throw new RestError('PGRST102', 'The body must be an object or an array of objects')
  return { one: !Array.isArray(value), text: Array.isArray(value) ? text : `[${text}]`, rows }
}

/** An empty field and a plain NULL are null, "" is the empty text: what csv from here means too. */
function fromCsv(text: string): Payload {
  let rows: Record<string, string | null>[]
  try {
    rows = parse(text, {
      columns: true,
      bom: true,
      skip_empty_lines: true,
      cast: (value, { quoting, header }) => (!header && !quoting && (value === '' || value === 'NULL') ? null : value),
    })
  } catch (error) {
    throw new RestError('PGRST102', 'The csv cannot be read', { details: error instanceof Error ? error.message.slice(0, 300) : null })
  }
  return { one: false, text: JSON.stringify(rows), rows }
}
