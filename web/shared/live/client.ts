/**
 * The live connection of a page: one websocket to /graphql for all its subscriptions. No dependencies; works in browsers and in
 * Node 22+. Used by the features through one instance that the app makes.
 *
 * States of the connection:
 * - idle: nobody subscribes; there is no socket. Left by the first subscription.
 * - connecting: the socket is opening, or its `connection_init` is not answered yet.
 * - live: subscriptions run. Left when the socket closes, or is silent for SILENCE_MS (a dead network closes nothing).
 * - waiting: the connection was lost; tried again after 0.1 s, then each time half as long again, up to 10 s, each a little by
 *   chance, so that it is back within half of the time that the server was away; and at once when the browser says that it is
 *   online or the tab is looked at again.
 * - paused: asked for (a hidden tab). The socket is closed; resume() connects.
 * - refused: the server does not let us in (4401 not signed in, 4403 not allowed). Only resume() tries again: the page
 *   has to sign in first.
 *
 * When it is live again every subscription starts anew. Its first result is a whole page, which replaces what was shown: so after a
 * lost connection there is nothing to ask for and nothing to compare.
 */
import { applyResult, type LiveNode, type LivePatch, type LiveResult } from './patch.ts'

export type LiveState = 'idle' | 'connecting' | 'live' | 'waiting' | 'paused' | 'refused'

export interface LiveOptions {
  /** ws://… or wss://…/graphql */
  url: string
  /** What connection_init carries: { authorization, workspace }. Asked at each connection. */
  params?: () => Record<string, unknown> | Promise<Record<string, unknown>>
  onState?: (state: LiveState, reason: string | null) => void
  WebSocket?: typeof globalThis.WebSocket
}

export interface Operation {
  query: string
  variables?: Record<string, unknown>
  operationName?: string
}

export interface Page<N extends LiveNode> {
  nodes: N[]
  totalCount: number | null
  revision: number
  /** Null: the whole page is new. Else what changed, e.g. to mark the rows. */
  patch: LivePatch<N> | null
  /** The result's data without the nodes: totalCount, pageInfo. */
  data: LiveResult<N>['data']
}

const SILENCE_MS = 40_000 // the server pings each 15 s; its protocol's own ping is asked for each 20 s
const PING_MS = 20_000
const FIRST_WAIT_MS = 100
const WAIT_GROWTH = 1.5
const MAX_WAIT_MS = 10_000

interface Sink {
  next(result: any): void
  error(errors: { message: string; extensions?: Record<string, unknown> }[]): void
  restarted?(): void
}

export function makeLiveClient({ url, params, onState, WebSocket = globalThis.WebSocket }: LiveOptions) {
  const operations = new Map<string, { payload: object; sink: Sink }>()
  let socket: WebSocket | null = null
  let state: LiveState = 'idle'
  let ids = 0,
    tries = 0,
    heardAt = 0
  let retry: ReturnType<typeof setTimeout> | undefined, beat: ReturnType<typeof setInterval> | undefined

  function enter(next: LiveState, reason: string | null = null) {
    if (next === state) return
    state = next
    onState?.(next, reason)
  }

  async function connect() {
    clearTimeout(retry)
    if (socket) return
    if (operations.size === 0) return enter('idle') // the next subscription connects
    enter('connecting')
    const opened = (socket = new WebSocket(url, 'graphql-transport-ws'))
    const send = (message: object) => opened.readyState === 1 && opened.send(JSON.stringify(message))
    opened.onopen = async () => send({ type: 'connection_init', payload: (await params?.()) ?? {} })
    opened.onmessage = ({ data }) => {
      heardAt = Date.now()
      const message = JSON.parse(data)
      const operation = operations.get(message.id)
      if (message.type === 'connection_ack') {
        enter('live')
        for (const [id, { payload, sink }] of operations) {
          sink.restarted?.()
          send({ id, type: 'subscribe', payload })
        }
      } else if (message.type === 'ping') send({ type: 'pong' })
      else if (message.type === 'next') {
        tries = 0 // not before: a server without its database lets us in, and no further
        operation?.sink.next(message.payload)
      }
      // Refused, or ended by the server: it stays in the list, so that the next connection starts it again. A server that is just
      // starting may refuse what it will serve a moment later.
      else if (message.type === 'error') operation?.sink.error(message.payload)
    }
    opened.onclose = ({ code, reason }) => {
      if (socket !== opened) return
      socket = null
      clearInterval(beat)
      if (state === 'paused') return
      if (code === 4401 || code === 4403) return enter('refused', reason)
      if (operations.size === 0) return enter('idle')
      enter('waiting', reason || null)
      const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * WAIT_GROWTH ** tries++)
      retry = setTimeout(connect, wait * (0.75 + Math.random() / 2))
    }
    heardAt = Date.now()
    beat = setInterval(() => {
      if (Date.now() - heardAt > SILENCE_MS) opened.close(4000, 'silence')
      else send({ type: 'ping' })
    }, PING_MS)
  }

  /** Any operation: each result goes to the sink. Returns what ends it. */
  function subscribe({ query, variables, operationName }: Operation, sink: Sink, extensions?: object): () => void {
    const id = String(++ids)
    const payload = { query, variables, operationName, extensions }
    operations.set(id, { payload, sink })
    if (state === 'live') socket!.send(JSON.stringify({ id, type: 'subscribe', payload }))
    else if (state === 'idle') void connect()
    return () => {
      if (!operations.delete(id)) return
      if (state === 'live') socket?.send(JSON.stringify({ id, type: 'complete' }))
      if (operations.size === 0 && state === 'live')
        setTimeout(() => {
          if (operations.size === 0) close('idle')
        }, 5000)
    }
  }

  /** A live query by patches: the page after each change. */
  function live<N extends LiveNode>(operation: Operation, onPage: (page: Page<N>) => void, onError: Sink['error'] = () => {}): () => void {
    let nodes: N[] = []
    return subscribe(
      operation,
      {
        next(result: LiveResult<N>) {
          if (result.errors) return onError(result.errors)
          const whole = !!Object.values(result.data ?? {})[0]?.nodes
          const patch = result.extensions?.patch ?? null
          nodes = applyResult(nodes, result)
          onPage({
            nodes,
            totalCount: patch?.totalCount ?? null,
            revision: patch?.revision ?? 0,
            patch: whole ? null : patch,
            data: result.data,
          })
        },
        error: onError,
      },
      { live: 'patch' },
    )
  }

  function close(next: LiveState) {
    clearTimeout(retry)
    clearInterval(beat)
    const old = socket
    socket = null
    enter(next)
    old?.close(1000)
  }
  const wake = () => {
    if (state === 'waiting') {
      tries = 0
      void connect()
    }
  }
  globalThis.addEventListener?.('online', wake)
  globalThis.document?.addEventListener('visibilitychange', wake)

  return {
    subscribe,
    live,
    get state() {
      return state
    },
    pause: () => close('paused'),
    resume() {
      if (state === 'paused' || state === 'refused') {
        enter('idle')
        void connect()
      }
    },
    close() {
      globalThis.removeEventListener?.('online', wake)
      globalThis.document?.removeEventListener('visibilitychange', wake)
      operations.clear()
      close('idle')
    },
  }
}
