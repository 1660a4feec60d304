/**
 * What the tests of events and webhooks share: marks made by hand, a reader of SSE, a receiver of webhooks.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { TestDatabase } from '../../support/database.ts'

/** A row of matview_refresh_events as a refresh writes it, with `changes` of its rows. Returns its id. */
export async function mark(
  db: TestDatabase,
  {
    workspace = 'main',
    matview = 'sample_now',
    changes = 1,
    kept = changes,
  }: { workspace?: string; matview?: string; changes?: number; kept?: number } = {},
): Promise<string> {
  const [row] = await db.sql(
    `with refresh as (select nextval('app_private.refresh_id_seq') as id),
     changes as (
       insert into app_public.matview_refresh_changes (refresh_id, seq, workspace, created_at, op, key, old, new)
       select refresh.id, n, $1, now(), 'insert', jsonb_build_object('id', n), null, jsonb_build_object('id', n, 'text', 'row ' || n)
         from refresh, generate_series(1, $4::int) n)
     insert into app_public.matview_refresh_events (workspace, matview_id, matview_name, status, refresh_id, duration_ms, row_count, inserted, updated, deleted, changes_truncated)
     select $1, 1, $2, 'new', refresh.id, 1.5, $3::int, $3::int, 0, 0, $4::int < $3::int from refresh returning id`,
    [workspace, matview, changes, kept],
  )
  return row.id
}

export interface SseMessage {
  id: string
  event: string
  data: any
}

/** An EventSource of 40 lines: it reads by the specification, and leaves reconnecting to the test. */
export async function openSse(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const messages: SseMessage[] = []
  const raw: string[] = []
  let lastId = ''
  let ended = false
  let wake = () => {}
  const reading = (async () => {
    let text = ''
    try {
      for await (const part of response.body!.pipeThrough(new TextDecoderStream()) as any) {
        text += part
        raw.push(part)
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          let event = 'message'
          const data: string[] = []
          for (const line of text.slice(0, end).split('\n')) {
            if (line.startsWith('id: ')) lastId = line.slice(4)
            else if (line.startsWith('event: ')) event = line.slice(7)
            else if (line.startsWith('data: ')) data.push(line.slice(6))
          }
          if (data.length) messages.push({ id: lastId, event, data: JSON.parse(data.join('\n')) })
          text = text.slice(end + 2)
        }
        wake()
      }
    } catch {
      /* aborted, or cut off */
    }
    ended = true
    wake()
  })()
  return {
    status: response.status,
    headers: response.headers,
    messages,
    raw,
    lastId: () => lastId,
    ended: () => ended,
    async until(done: () => boolean, ms = 5000) {
      const timer = setTimeout(() => wake(), ms)
      const late = Date.now() + ms
      while (!done() && !ended && Date.now() < late) await new Promise<void>((resolve) => (wake = resolve))
      clearTimeout(timer)
      if (!done()) throw new Error(`not within ${ms} ms; have ${JSON.stringify(messages.map(({ id, event }) => [id, event]))}`)
    },
    async close() {
      abort.abort()
      await reading
    },
  }
}

export interface Received {
  headers: http.IncomingHttpHeaders
  body: string
  at: number
}

/** A receiver of webhooks. `answer` says what to reply; by default 204. */
export async function startReceiver(
  answer: (
    got: Received,
    count: number,
  ) => number | { status: number; headers?: Record<string, string>; body?: string; afterMs?: number } = () => 204,
) {
  const got: Received[] = []
  let reply = answer
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const part of request.setEncoding('utf8')) body += part
    const one = { headers: request.headers, body, at: Date.now() }
    got.push(one)
    const answered = reply(one, got.length)
    const { status, headers = {}, body: text = '', afterMs = 0 } = typeof answered === 'number' ? { status: answered } : answered
    if (afterMs) await new Promise((resolve) => setTimeout(resolve, afterMs))
    response.writeHead(status, headers).end(text)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    got,
    answer(next: typeof answer) {
      reply = next
    },
    /** The data of what came, checked by the library of Standard Webhooks. */
    verified: (secret: string) =>
      got.map(({ headers, body }) => new Webhook(secret).verify(body, headers as Record<string, string>) as any),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function eventually<T>(read: () => T | Promise<T>, done: (value: T) => boolean, ms = 8000): Promise<T> {
  const late = Date.now() + ms
  for (;;) {
    const value = await read()
    if (done(value)) return value
    if (Date.now() > late) throw new Error(`not within ${ms} ms: ${JSON.stringify(value)?.slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
