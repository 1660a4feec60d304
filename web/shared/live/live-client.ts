// What it is for: one websocket to /graphql for everything that is live on the page, with a state that tells the truth.
// Called by live-provider.tsx (one per workspace); features subscribe through useLive() and RowStore.
//
// States: connecting (no socket yet, nothing was ever live) → live (the server acknowledged, or answered within the last
// keep-alive) → reconnecting (the socket is gone or silent; it is tried again for ever, 0.3–5 s apart, rows stay) → live.
// A hidden tab for more than a minute: asleep, the socket is closed; it opens again when the tab is looked at.
// signed-out: the server refused who we are; the app goes to /login. Subscriptions survive all of it: graphql-ws sends
// them again, and the first payload of each replaces what was known.
import { createClient, type Client } from 'graphql-ws'
import { ApiError, toApiError, type GraphqlFault } from '../api/request.ts'
import type { Patch } from './block-patch.ts'

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'asleep' | 'signed-out'

export interface LivePayload<T> {
  data: T | null
  patch: (Patch<Record<string, unknown>> & { revision: number; totalCount: number | null }) | null
}
export interface LiveSink<T> {
  next(payload: LivePayload<T>): void
  /** The server refused the operation; it is not tried again. */
  error?(error: ApiError): void
}

export interface LiveClient {
  readonly state: LiveState
  /** When the state last changed. */
  readonly since: number
  onState(listener: () => void): () => void
  subscribe<T>(query: string, variables: Record<string, unknown>, sink: LiveSink<T>, options?: { patch?: boolean }): () => void
  /** Looks at the connection now: a dead one is closed and opened again. */
  close(): void
}

const SLEEP_AFTER_MS = 60_000

export function makeLiveClient(url: string, workspace: string): LiveClient {
  let state: LiveState = 'connecting'
  let since = Date.now()
  const listeners = new Set<() => void>()
  const set = (next: LiveState) => {
    if (next === state || state === 'signed-out') return
    state = next
    since = Date.now()
    for (const listener of [...listeners]) listener()
  }

  interface Held {
    start(client: Client): () => void
    stop: (() => void) | null
  }
  const held = new Set<Held>()
  let client: Client | null = null
  let socket: WebSocket | null = null
  let silence: ReturnType<typeof setTimeout> | undefined
  let sleep: ReturnType<typeof setTimeout> | undefined

  function open(): void {
    client = createClient({
      url,
      connectionParams: { workspace, 'x-workspace': workspace },
      lazy: true,
      lazyCloseTimeout: 5_000,
      keepAlive: 8_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (retries) => new Promise((done) => setTimeout(done, Math.min(5_000, 300 * 1.7 ** retries) * (0.75 + Math.random() / 2))),
      on: {
        opened: (opened) => (socket = opened as WebSocket),
        connected: () => (clearTimeout(silence), set('live')),
        // No pong within 5 s of a ping: the line is dead although nobody said so.
        ping: (received) => {
          if (received) return
          clearTimeout(silence)
          silence = setTimeout(() => (set('reconnecting'), socket?.close(4408, 'no pong')), 5_000)
        },
        pong: () => clearTimeout(silence),
        closed: (event) => {
          clearTimeout(silence)
          const code = (event as CloseEvent)?.code
          if (code === 4401 || code === 4403) set('signed-out')
          else if (document.hidden && state === 'asleep') return
          else if (held.size > 0) set('reconnecting')
        }
      }
    })
    for (const each of held) each.stop = each.start(client)
  }

  function wake(): void {
    clearTimeout(sleep)
    if (!document.hidden) {
      if (state === 'asleep') {
        set('connecting')
        open()
      }
      return
    }
    sleep = setTimeout(() => {
      set('asleep')
      for (const each of held) {
        each.stop?.()
        each.stop = null
      }
      void client?.dispose()
      client = null
    }, SLEEP_AFTER_MS)
  }
  document.addEventListener('visibilitychange', wake)
  const offline = () => held.size > 0 && set('reconnecting')
  window.addEventListener('offline', offline)
  open()

  return {
    get state() {
      return state
    },
    get since() {
      return since
    },
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    subscribe<T>(query: string, variables: Record<string, unknown>, sink: LiveSink<T>, options: { patch?: boolean } = {}) {
      const one: Held = {
        stop: null,
        start: (on) =>
          on.subscribe<T, { patch?: LivePayload<T>['patch'] }>(
            { query, variables, ...(options.patch ? { extensions: { live: 'patch' } } : {}) },
            {
              next: ({ data, errors, extensions }) => {
                if (errors?.length && !data) return sink.error?.(toApiError(errors[0] as unknown as GraphqlFault))
                sink.next({ data: data ?? null, patch: extensions?.patch ?? null })
              },
              error: (error) => sink.error?.(Array.isArray(error) ? toApiError(error[0] as GraphqlFault) : new ApiError({ message: 'The live connection failed', hint: 'Reload the page.' })),
              complete: () => {}
            }
          )
      }
      held.add(one)
      if (client) one.stop = one.start(client)
      return () => {
        held.delete(one)
        one.stop?.()
      }
    },
    close() {
      document.removeEventListener('visibilitychange', wake)
      window.removeEventListener('offline', offline)
      clearTimeout(sleep)
      clearTimeout(silence)
      held.clear()
      void client?.dispose()
      client = null
    }
  }
}
