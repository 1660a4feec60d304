// The live connection of the workspace for every screen: useLive() to subscribe, useLiveState() for the mark.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { ApiError } from '../api/request.ts'
import { makePageLive, type LivePayload, type LiveState, type PageLive } from './page-live.ts'

const LiveContext = createContext<PageLive | null>(null)

export function LiveProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const [client, setClient] = useState<PageLive | null>(null)
  useEffect(() => {
    const made = makePageLive(`${location.origin.replace(/^http/, 'ws')}/graphql`, workspace)
    const stop = made.onState(() => {
      if (made.state === 'signed-out') location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
    })
    setClient(made)
    return () => {
      stop()
      made.close()
    }
  }, [workspace])
  return (
    <LiveContext.Provider value={client}>
      <SchemaWatch workspace={workspace} />
      {children}
    </LiveContext.Provider>
  )
}

export function useLive(): PageLive | null {
  return useContext(LiveContext)
}

export function useLiveState(): { state: LiveState; since: number } {
  const client = useLive()
  const state = useSyncExternalStore(client?.onState ?? never, () => client?.state ?? 'connecting')
  return { state, since: client?.since ?? 0 }
}
const never = () => () => {}

/**
 * A subscription for as long as the component is shown; `next` may change between renders.
 * @returns the error when the server refused it.
 */
export function useSubscription<T>(
  query: string | null,
  variables: Record<string, unknown>,
  next: (payload: LivePayload<T>) => void,
): ApiError | null {
  const client = useLive()
  const latest = useRef(next)
  useEffect(() => void (latest.current = next))
  const [error, setError] = useState<ApiError | null>(null)
  const text = useMemo(() => JSON.stringify(variables), [variables])
  useEffect(() => {
    if (!client || query === null) return
    setError(null)
    return client.subscribe<T>(query, JSON.parse(text) as Record<string, unknown>, {
      next: (payload) => latest.current(payload),
      error: setError,
    })
  }, [client, query, text])
  return error
}

/** Tables, views, columns and counts come and go by themselves; the catalog is read again when this says so. */
function SchemaWatch({ workspace }: { workspace: string }) {
  const queries = useQueryClient()
  useSubscription<unknown>(SCHEMA, NOTHING, () => void queries.invalidateQueries({ queryKey: ['catalog', workspace] }))
  return null
}
const SCHEMA = 'subscription Schema { relationsLive { nodes { name kind key columns links reads estimatedRows } } }'
const NOTHING = {}
