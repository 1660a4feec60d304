// What it is for: client.ts as the pages use it: its state in the words that people see, asleep while the tab is hidden, errors
// as ApiError. Called by live-provider.tsx (one per workspace).
//
// connecting (nothing was live yet) → live → reconnecting (the socket is gone, or the browser says that it is offline; what is
// shown may be old) → live. asleep: the tab has been hidden for a minute. signed-out: the server does not know us any more.
import { toApiError, type ApiError, type GraphqlFault } from '../api/request.ts'
import { makeLiveClient } from './client.ts'
import type { LivePatch } from './patch.ts'

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'asleep' | 'signed-out'

export interface LivePayload<T> {
  data: T | null
  patch: LivePatch | null
}
export interface LiveSink<T> {
  next(payload: LivePayload<T>): void
  /** The server refused the operation; it is not tried again before the next connection. */
  error?(error: ApiError): void
}
export interface PageLive {
  readonly state: LiveState
  /** When the state last changed. */
  readonly since: number
  onState(listener: () => void): () => void
  subscribe<T>(query: string, variables: Record<string, unknown>, sink: LiveSink<T>, options?: { patch?: boolean }): () => void
  close(): void
}

const SLEEP_AFTER_MS = 60_000

export function makePageLive(url: string, workspace: string): PageLive {
  let state: LiveState = 'connecting'
  let since = Date.now()
  let wasLive = false
  const listeners = new Set<() => void>()
  const set = (next: LiveState) => {
    if (next === state) return
    state = next
    since = Date.now()
    for (const listener of [...listeners]) listener()
  }
  const client = makeLiveClient({
    url,
    params: () => ({ workspace }),
    onState(next) {
      if (next === 'live') {
        wasLive = true
        set('live')
      } else if (next === 'refused') set('signed-out')
      else if (next === 'paused') set('asleep')
      else set(wasLive ? 'reconnecting' : 'connecting')
    },
  })

  let sleep: ReturnType<typeof setTimeout> | undefined
  const look = () => {
    clearTimeout(sleep)
    if (document.hidden) sleep = setTimeout(() => client.pause(), SLEEP_AFTER_MS)
    else if (client.state === 'paused') client.resume()
  }
  const offline = () => set('reconnecting')
  const online = () => client.state === 'live' && set('live')
  document.addEventListener('visibilitychange', look)
  window.addEventListener('offline', offline)
  window.addEventListener('online', online)

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
      return client.subscribe(
        { query, variables },
        {
          next(result: { data?: T | null; errors?: GraphqlFault[]; extensions?: { patch?: LivePatch } }) {
            if (result.errors?.length && !result.data) return sink.error?.(toApiError(result.errors[0]!))
            sink.next({ data: result.data ?? null, patch: result.extensions?.patch ?? null })
          },
          error: (errors) => sink.error?.(toApiError(errors[0] ?? { message: 'The server refused the subscription' })),
        },
        options.patch ? { live: 'patch' } : undefined,
      )
    },
    close() {
      clearTimeout(sleep)
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('offline', offline)
      window.removeEventListener('online', online)
      client.close()
    },
  }
}
