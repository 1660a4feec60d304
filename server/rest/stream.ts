/**
 * The rows of a statement straight from COPY to the client, as csv or as one json array: memory stays flat whatever their
 * number, and nothing of them is parsed here. Called by read.ts for csv and for long json.
 *
 * COPY is the fastest way out of PostgreSQL, and it takes no parameters: values come as settings (params.ts). A row of json
 * is a "csv" of one column whose quote is a sign that no json holds. A client that reads nothing for a minute is cut off,
 * since it holds a connection and a snapshot; one that goes away is noticed, and its statement ended with its connection.
 */
import type { ServerResponse } from 'node:http'
import type { PoolClient } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { AppError } from '../errors.ts'

const IDLE_MS = 60_000
/** Of the API's connections at most so many are kept by long reads, so that the others still answer. */
const MAX_STREAMS = 6
const MARK = 1

const AS_JSON = (rows: string, stripped: boolean) =>
  `copy (select ',' || ${stripped ? 'json_strip_nulls(row_to_json(r.*))' : 'row_to_json(r.*)'}::text from (${rows}) r) to stdout (format csv, delimiter e'\\x02', quote e'\\x01', escape e'\\x01')`
const AS_CSV = (rows: string) => `copy (${rows}) to stdout (format csv, header)`

export interface Copy {
  rows: string
  kind: 'csv' | 'json'
  stripped: boolean
}

let streams = 0

/** Runs `work` if there is room for one more long read. @throws AppError TMRAT */
export async function withRoom<T>(work: () => Promise<T>): Promise<T> {
  if (streams >= MAX_STREAMS)
    throw new AppError('TMRAT', 'Too many long reads at once', { hint: 'Wait for one of them to end, or ask for a page: limit=1000.' })
  streams++
  try {
    return await work()
  } finally {
    streams--
  }
}

/** @param start writes the head of the answer, as soon as the statement has not failed */
export async function copyOut(
  client: PoolClient,
  { rows, kind, stripped }: Copy,
  response: ServerResponse,
  start: () => void,
): Promise<void> {
  const source = client.query(copyTo(kind === 'csv' ? AS_CSV(rows) : AS_JSON(rows, stripped)))
  const abandon = () => (client as any).connection.stream.destroy() // COPY cannot be stopped otherwise: the connection goes with it
  const gone = () => response.writableFinished || abandon()
  response.once('close', gone)
  let begun = false
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (response.destroyed) throw new Error('the client went away')
      if (!begun) start()
      const part = kind === 'json' ? withoutMarks(chunk) : chunk
      if (part.length === 0) continue
      if (!begun && kind === 'json') part[0] = 0x5b // the comma before the first row
      begun = true
      if (!response.write(part)) await drained(response)
    }
    if (!begun) start()
    if (kind === 'json') response.write(begun ? ']' : '[]')
    response.off('close', gone)
  } catch (error) {
    response.off('close', gone)
    if (begun || response.destroyed) abandon()
    throw error
  }
}

/** The quotes that COPY sets around json with a line break in it. */
function withoutMarks(chunk: Buffer): Buffer {
  return chunk.includes(MARK) ? (chunk.filter((byte) => byte !== MARK) as Buffer) : chunk
}

/** Until the client has taken what was written, or has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), IDLE_MS)
    const done = () => {
      clearTimeout(timer)
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
