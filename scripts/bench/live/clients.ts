/**
 * The clients of scripts/bench/live.ts, in a process of their own that it starts and talks to by messages. They share the machine with what
 * is measured, so they are lean: a result is not parsed, only the times of the rows in it are looked for.
 *
 * live: a subscription over websocket. poll: a websocket that gets whole pages. requery: asks by HTTP each time when told that its
 * query changed, one request at a time. deaf: a subscription that is never read.
 */
import http from 'node:http'
import WebSocket from 'ws'

export type Mode = 'live' | 'poll' | 'requery' | 'deaf'
export interface Report {
  latencies: number[]
  messages: number
  bytes: number
  cpu: number
}

export const PAGE = 50
export const fields = (group: number, root: string) =>
  `${root}(first: ${PAGE}, orderBy: SCORE_DESC, filter: { grp: { equalTo: ${group} } }) { nodes { nodeId id score sent name } }`

async function main([mode, url, token, clients, queries]: [Mode, string, string, number, number]) {
  let report: Report = { latencies: [], messages: 0, bytes: 0, cpu: 0 }
  let newest = new Map<number, number>()
  let began = 0
  let cpu = process.cpuUsage()
  const sockets: WebSocket[] = []

  /** A row that was written since the beginning counts once per client. */
  function heard(client: number, text: string) {
    report.messages++
    report.bytes += text.length
    const before = newest.get(client) ?? began
    let latest = before
    for (const [, sent] of text.matchAll(/"sent":"?(\d+)/g)) latest = Math.max(latest, Number(sent))
    if (latest > before) report.latencies.push(Date.now() - latest)
    newest.set(client, latest)
  }

  const open = (client: number) =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false })
      sockets.push(socket)
      const group = client % queries
      socket.on('open', () =>
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}`, group } })),
      )
      let first = true
      socket.on('message', (data) => {
        const text = String(data)
        if (text.startsWith('{"type":"connection_ack"')) {
          const query = `subscription { ${fields(group, 'benchLivesLive')} }`
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, extensions: { live: 'patch' } } }))
        } else if (first) {
          first = false
          if (mode === 'deaf') (socket as any)._socket.pause()
          resolve()
        } else heard(client, text)
      })
    })

  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  const asking = new Map<number, 'once' | 'again'>()
  function ask(client: number) {
    if (asking.has(client)) return void asking.set(client, 'again')
    asking.set(client, 'once')
    const body = JSON.stringify({ query: `{ ${fields(client % queries, 'benchLives')} }` })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) }
    const request = http.request(`${url}/graphql`, { method: 'POST', agent, headers }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (part) => (text += part))
      reply.on('end', () => {
        heard(client, text)
        const again = asking.get(client) === 'again'
        asking.delete(client)
        if (again) ask(client)
      })
    })
    request.on('error', () => asking.delete(client)).end(body)
  }

  process.on('message', (message: any) => {
    if (message.type === 'begin') {
      report = { latencies: [], messages: 0, bytes: 0, cpu: 0 }
      newest = new Map()
      began = Date.now()
      cpu = process.cpuUsage()
    }
    if (message.type === 'changed') for (let client = message.group; client < clients; client += queries) ask(client)
    if (message.type === 'report') {
      const { user, system } = process.cpuUsage(cpu)
      process.send!({ type: 'report', report: { ...report, cpu: (user + system) / 1e4 } })
    }
  })
  if (mode !== 'requery')
    for (let i = 0; i < clients; i += 50) await Promise.all(Array.from({ length: Math.min(50, clients - i) }, (_, k) => open(i + k)))
  process.send!({ type: 'ready' })
}

if (import.meta.main) {
  const [mode, url, token, clients, queries] = process.argv.slice(2)
  await main([mode as Mode, url!, token!, Number(clients), Number(queries)])
}
