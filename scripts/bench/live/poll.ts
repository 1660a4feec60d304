/**
 * What scripts/bench/live.ts is compared with: a poll each second that asks for all distinct queries in one statement, and sends a page to
 * its clients if it differs (as Hasura's live queries do). The same connection protocol, nothing else of Tidemark.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { type WebSocket, WebSocketServer } from 'ws'
import { PAGE } from './clients.ts'

const POLL_MS = 1000
const SQL = `select g, (select json_agg(p) from (
  select id, score, sent, name from ws_main.bench_live where grp = g order by score desc, id limit ${PAGE}) p)::text as page
  from unnest($1::int[]) g`

export async function startPoll(db: pg.Pool, queries: number): Promise<{ url: string; polls(): number; close(): void }> {
  const server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const wss = new WebSocketServer({ server, perMessageDeflate: false })
  const groups = Array.from({ length: queries }, () => new Set<WebSocket>())
  const pages: string[] = []
  let polls = 0
  wss.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (message.type === 'connection_init') {
        groups[message.payload.group]!.add(socket)
        socket.send('{"type":"connection_ack"}')
      } else socket.send(`{"id":"1","type":"next","payload":{}}`)
    })
  })
  const timer = setInterval(async () => {
    polls++
    const { rows } = await db.query(SQL, [groups.map((_, i) => i)])
    for (const { g, page } of rows) {
      if (pages[g] === page) continue
      pages[g] = page
      const message = Buffer.from(`{"id":"1","type":"next","payload":{"data":${page}}}`)
      for (const socket of groups[g]!) socket.send(message, { binary: false })
    }
  }, POLL_MS)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    polls: () => polls,
    close() {
      clearInterval(timer)
      for (const socket of wss.clients) socket.terminate()
      server.close()
    },
  }
}
