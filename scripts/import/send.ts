/**
 * One file as the raw body of POST /upload-file. Called by ../import.ts. Node's own client and not fetch: an answer that comes
 * while the file is still being sent (a name that is taken, a line that cannot be read) has to be read, not lost.
 */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../postgres/problem.mjs'

/** What the server cannot see from the bytes. */
const KINDS: [RegExp, string][] = [
  [/\.(tsv|tab)(\.gz|\.zst)?$/i, 'text/tab-separated-values'],
  [/\.(ndjson|jsonl)(\.gz|\.zst)?$/i, 'application/x-ndjson'],
]

export interface Sending {
  url: string
  token: string | null
  /** `-`: standard input. */
  file: string
  /** null: not known before its end. */
  size: number | null
  options: Record<string, string>
  signal: AbortSignal
  sent: (bytes: number) => void
}

export async function send(o: Sending): Promise<{ status: number; body: any }> {
  const address = new URL('upload-file', o.url.endsWith('/') ? o.url : `${o.url}/`)
  address.search = String(new URLSearchParams(o.options))
  const name = o.options.file_name ?? o.file
  const request = (address.protocol === 'https:' ? https : http).request(address, {
    method: 'POST',
    signal: o.signal,
    headers: {
      'content-type': KINDS.find(([ending]) => ending.test(name))?.[1] ?? 'text/csv',
      ...(o.size === null ? {} : { 'content-length': o.size }),
      ...(o.token ? { authorization: `Bearer ${o.token}` } : {}),
    },
  })
  let read = 0
  let broken: Error | null = null
  async function* parts() {
    const length = o.size === null ? {} : { end: Math.max(0, o.size - 1) } // a file that grows meanwhile
    const source = o.file === '-' ? process.stdin : createReadStream(o.file, { highWaterMark: 1 << 20, ...length })
    try {
      for await (const part of source as AsyncIterable<Buffer>) {
        read += part.length
        o.sent(read)
        yield part
      }
      if (o.size !== null && read < o.size) throw new Error('it became shorter meanwhile')
    } catch (error) {
      broken = error as Error
      throw error
    }
  }
  pipeline(parts(), request).catch(() => {}) // what is wrong with the connection the answer says, or its absence
  try {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const said = await text(response)
    return { status: response.statusCode!, body: parse(said, address) }
  } catch (error) {
    if (o.signal.aborted || error instanceof Problem) throw error
    if (broken) throw new Problem(`${o.file} cannot be read to its end: ${(broken as Error).message}.`, 'nothing was loaded; try again.')
    const { code, message } = error as NodeJS.ErrnoException
    const reached = read > 0 && !/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code ?? '')
    throw new Problem(
      `${address.origin} does not answer (${code || message || 'no connection'}).`,
      reached ? 'nothing was loaded, unless it says so under uploads; try again.' : 'start it with `npm start`, or correct --url.',
    )
  } finally {
    request.destroy() // what is not sent yet nobody wants
  }
}

function parse(said: string, address: URL): any {
  try {
    return JSON.parse(said)
  } catch {
    throw new Problem(`${address.origin} is no Tidemark: it answers "${said.trim().replace(/\s+/g, ' ').slice(0, 80)}".`, 'correct --url.')
  }
}
