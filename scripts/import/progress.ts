/**
 * The line on a terminal while an import runs: bytes as they are sent, rows as the server tells them (its `uploads`), rate.
 * Called by ../import.ts. Writes stderr. Without answers about rows the line goes without them.
 */
import { setTimeout } from 'node:timers/promises'
import { count, size } from './answer.ts'

const DRAW_MS = 200
const ASK_MS = 1000
export const QUERY = `query ($name: String) {
  uploads(condition: { state: RUNNING, fileName: $name }, orderBy: ID_DESC, first: 1) { nodes { rows } }
}`

interface Watched {
  url: string
  token: string | null
  size: number | null
  fileName: string | null
}

export function progressLine(o: { sent: number; size: number | null; rows: number; ms: number }): string {
  const part = o.size === null ? size(o.sent) : `${size(o.sent)} of ${size(o.size)}`
  if (o.size !== null && o.sent >= o.size)
    return `${part} sent${o.rows > 0 ? `, ${count(o.rows)} rows` : ''}; waiting for the table to be finished`
  return `${part}${o.rows > 0 ? `, ${count(o.rows)} rows` : ''}, ${size((o.sent / Math.max(o.ms, 1)) * 1000)}/s`
}

export function showProgress(o: Watched): { sent(bytes: number): void; end(): Promise<void> } {
  const began = performance.now()
  let sent = 0
  let rows = 0
  const connection = new AbortController()
  const draw = () =>
    process.stderr.write(`\r\x1b[K${progressLine({ sent, size: o.size, rows, ms: performance.now() - began })}`.slice(0, 200))
  const drawing = setInterval(draw, DRAW_MS)
  const asking = ask()

  async function ask(): Promise<void> {
    while (!connection.signal.aborted) {
      await setTimeout(ASK_MS, null, { signal: connection.signal }).catch(() => {})
      if (connection.signal.aborted) return
      const answer: any = await fetch(new URL('graphql', o.url.endsWith('/') ? o.url : `${o.url}/`), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(o.token ? { authorization: `Bearer ${o.token}` } : {}) },
        body: JSON.stringify({ query: QUERY, variables: { name: o.fileName } }),
        signal: connection.signal,
      })
        .then((reply) => reply.json())
        .catch(() => null)
      rows = Math.max(rows, Number(answer?.data?.uploads?.nodes[0]?.rows ?? 0))
    }
  }

  return {
    sent: (bytes) => (sent = bytes),
    async end() {
      clearInterval(drawing)
      if (!connection.signal.aborted) process.stderr.write('\r\x1b[K')
      connection.abort()
      await asking
    },
  }
}
