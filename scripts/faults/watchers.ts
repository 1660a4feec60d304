/**
 * The consumers that faults must not cost anything: one by SSE that remembers its last id, a receiver of webhooks, a client of a live
 * query. Each comes back by itself, as the READMEs tell strangers to. Called by kills.ts and soak.ts.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import WebSocket from 'ws'
import { makeLiveClient } from '../../web/shared/live/client.ts'
import { applyResult, type LiveNode } from '../../web/shared/live/patch.ts'
import { sleep } from './random.ts'

interface Door {
  url: string
  token: string
}

/** GET /events after the id `from`, with Last-Event-ID, for ever. `seen`: the ids of marks in the order in which they came. */
export function followEvents(door: Door, from: string) {
  const seen: string[] = []
  const stopping = new AbortController()
  let last = from
  let resets = 0
  const reading = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const headers = { authorization: `Bearer ${door.token}`, 'last-event-id': last }
        const reply = await fetch(`${door.url}/events`, { headers, signal: stopping.signal })
        if (!reply.ok) throw new Error(`${reply.status}`)
        let text = ''
        for await (const part of reply.body!.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) {
          const blocks = (text + part).split('\n\n')
          text = blocks.pop()!
          for (const block of blocks) {
            const field = (name: string) =>
              block
                .split('\n')
                .find((line) => line.startsWith(`${name}: `))
                ?.slice(name.length + 2)
            if (field('event') === 'reset') resets++
            else if (field('data')) seen.push(String(JSON.parse(field('data')!).id))
            if (field('id')) last = field('id')!
          }
        }
      } catch {
        // lost: again
      }
      await sleep(100)
    }
  })()
  return {
    seen,
    resets: () => resets,
    async close() {
      stopping.abort()
      await reading
    },
  }
}

/** Answers 204 after `afterMs`. `ids`: each webhook-id with how often it came; `onArrival` is called while the sender waits. */
export async function receiveWebhooks(afterMs: number) {
  const ids = new Map<string, number>()
  let onArrival = () => {}
  const server = http.createServer(async (request, response) => {
    for await (const _ of request) void _
    const id = String(request.headers['webhook-id'])
    onArrival()
    await sleep(afterMs)
    ids.set(id, (ids.get(id) ?? 0) + 1)
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ids,
    onArrival: (work: () => void) => void (onArrival = work),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A live query by the client that the pages use, with its own back-off. */
export function followLive(door: Door, query: string) {
  let nodes: LiveNode[] | null = null
  let failure: unknown = null
  const states: { at: number; state: string }[] = []
  const client = makeLiveClient({
    url: `${door.url.replace('http', 'ws')}/graphql`,
    params: () => ({ authorization: `Bearer ${door.token}` }),
    onState: (state, reason) => {
      states.push({ at: performance.now(), state: reason ? `${state} (${reason})` : state })
      if (state !== 'live') nodes = null
    },
  })
  client.live(
    { query },
    (page) => (nodes = page.nodes),
    (errors) => (failure = errors),
  )
  return {
    nodes: () => nodes,
    failure: () => failure,
    /** Its states around `since`, with the ms from there. */
    history: (since: number) =>
      states
        .slice(-8)
        .map(({ at, state }) => `${Math.round(at - since)} ${state}`)
        .join(', '),
    close: () => client.close(),
  }
}

/** A live query by patches over graphql-ws; connects again 100 ms after each loss. */
export function watchLive(door: Door, query: string) {
  let nodes: LiveNode[] | null = null
  let socket: WebSocket | null = null
  let closed = false
  let messages = 0
  let failure: unknown = null
  const connect = () => {
    if (closed) return
    const opened = (socket = new WebSocket(`${door.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws'))
    const send = (message: object) => opened.send(JSON.stringify(message))
    opened.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${door.token}` } }))
    opened.on('error', () => {})
    opened.on('message', (data) => {
      const message = JSON.parse(String(data))
      messages++
      if (message.type === 'connection_ack') {
        nodes = null
        send({ id: '1', type: 'subscribe', payload: { query, extensions: { live: 'patch' } } })
      } else if (message.type === 'ping') send({ type: 'pong' })
      else if (message.type === 'next' && !message.payload.errors) nodes = applyResult(nodes ?? [], message.payload)
      else if (message.type === 'error' || message.type === 'complete' || message.payload?.errors) {
        failure = message.payload ?? message.type
        nodes = null
        opened.close() // a server that is shutting down ends its subscriptions: ask again
      }
    })
    opened.on('close', () => {
      nodes = null
      setTimeout(connect, 100)
    })
  }
  connect()
  return {
    nodes: () => nodes,
    messages: () => messages,
    failure: () => failure,
    /** Stops reading, to be a client that is too slow. */
    pause: () => socket?.pause(),
    close() {
      closed = true
      socket?.terminate()
    },
  }
}
