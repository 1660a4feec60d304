/**
 * The events of a server anywhere, by GET /events: needs an address and a token, nothing else. Called by ../listen.ts.
 * What EventSource does in a browser, with a token: reads messages, and after a lost connection goes on after the last.
 */
import { Fatal, type Follow, type Item, backOff, pause } from './follow.ts'

/** The server says something every 15 s: after three times nothing the connection is dead, whatever TCP thinks. */
const SILENCE_MS = 45_000

export async function* fromServer(base: string, token: string | null, follow: Follow): AsyncGenerator<Item> {
  const url = new URL('events', base.endsWith('/') ? base : `${base}/`)
  for (const [name, value] of Object.entries({
    matview: follow.matview,
    workspace: follow.workspace,
    changes: follow.changes ? '1' : null,
  }))
    if (value !== null) url.searchParams.set(name, value)
  let last = follow.after
  let begun = false

  for (let tries = 0; !follow.signal.aborted; ) {
    const connection = new AbortController()
    const end = () => connection.abort()
    follow.signal.addEventListener('abort', end)
    let silence = setTimeout(end, SILENCE_MS)
    try {
      const response = await fetch(url, {
        headers: {
          accept: 'text/event-stream',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(last === null ? {} : { 'last-event-id': last }),
        },
        signal: connection.signal,
      })
      if (!response.ok) await refuse(response)
      if (tries > 0) follow.note('connected again')
      tries = 0
      if (!begun && last !== null) yield { kind: 'begin', id: last, kept: true }
      begun ||= last !== null
      for await (const { id, event, data } of messages(response.body!, () => {
        clearTimeout(silence)
        silence = setTimeout(end, SILENCE_MS)
      })) {
        if (id !== null && data === null) {
          last = id
          if (!begun) yield { kind: 'begin', id, kept: false }
          begun = true
        } else if (id !== null && event === 'reset') yield { kind: 'reset', id: (last = id), reset: JSON.parse(data!) }
        else if (id !== null && event === 'matview_refreshed') {
          yield { kind: 'mark', id, mark: JSON.parse(data!) }
          last = id
        }
      }
      throw new Error('the server closed it')
    } catch (error) {
      if (follow.signal.aborted) return
      if (error instanceof Fatal) throw error
      if (tries++ === 0) follow.note(`the connection was lost (${(error as any).cause?.code ?? (error as Error).message}); trying again`)
    } finally {
      clearTimeout(silence)
      follow.signal.removeEventListener('abort', end)
      connection.abort()
    }
    if (await pause(backOff(tries), follow.signal)) return
  }
}

/** Asking again would get the same answer, unless the server is only away for a moment. */
async function refuse(response: Response): Promise<never> {
  const body = (await response.json().catch(() => ({}))) as { message?: string; hint?: string }
  const text = body.message ? `${body.message}. ${body.hint ?? ''}` : `it answers ${response.status}`
  if (response.status >= 500 || response.status === 429) throw new Error(text)
  throw new Fatal(
    `The server refuses: ${text}${response.status === 401 ? ' (--token, or TIDEMARK_TOKEN; on its machine: npm run -s token)' : ''}`,
  )
}

/** The messages of a stream, by the rules of the WHATWG; `data` null: only the id moved. */
async function* messages(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
): AsyncGenerator<{ id: string | null; event: string; data: string | null }> {
  let rest = ''
  let id: string | null = null
  let event = 'message'
  let data: string[] = []
  let fields = 0
  for await (const part of body.pipeThrough(new TextDecoderStream() as any) as unknown as AsyncIterable<string>) {
    heard()
    const lines = (rest + part).split('\n')
    rest = lines.pop()!
    for (const raw of lines) {
      const line = raw.replace(/\r$/, '')
      if (line === '') {
        if (fields > 0 && (data.length > 0 || id !== null)) yield { id, event, data: data.length ? data.join('\n') : null }
        event = 'message'
        data = []
        fields = 0
        continue
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)!
      if (field === 'id') id = value!
      else if (field === 'event') event = value!
      else if (field === 'data') data.push(value!)
      if (field === 'id' || field === 'data') fields++
    }
  }
}
