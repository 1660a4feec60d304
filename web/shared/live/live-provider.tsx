// The live connection of the workspace for every screen: useLive() to subscribe, useLiveState() for the mark.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { ApiError } from '../api/request.ts'
import { sessionQuery } from '../api/session.ts'
import { makePageLive, type LivePayload, type LiveState, type PageLive } from './page-live.ts'

const LiveContext = createContext<PageLive | null>(null)

export function LiveProvider({ workspace, children }: { workspace: string; children: ReactNode }) {
  const queries = useQueryClient()
  const [client, setClient] = useState<PageLive | null>(null)
  const [tries, setTries] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` makes the connection anew
  useEffect(() => {
    const made = makePageLive(`${location.origin.replace(/^http/, 'ws')}/graphql`, workspace)
    let wasLive = false
    const stop = made.onState(() => {
      wasLive ||= made.state === 'live'
      if (made.state !== 'signed-out') return
      const signIn = () => location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
      // Another role, an archive: the server closes what was open for the old role. Who is still signed in goes on with the new one.
      queries.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(({ workspaces }) => {
        if (!workspaces.some(({ id }) => id === workspace)) location.assign('/')
        else if (wasLive) setTries((n) => n + 1)
        else signIn()
      }, signIn)
    })
    setClient(made)
    return () => {
      stop()
      made.close()
    }
  }, [workspace, tries, queries])
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
