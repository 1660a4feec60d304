// The marks of refreshes, newest first: a page over HTTP, then each new one by subscription as it happens. Called by the events screen.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { graphql } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useLiveState, useSubscription } from '../../shared/live/live-provider.tsx'

export interface RefreshEvent {
  id: string
  refreshId: string | null
  matviewName: string
  status: 'NEW' | 'UNCHANGED' | 'FAILED' | 'DROPPED'
  statusChangeTime: string
  durationMs: string | null
  rowCount: string | null
  inserted: string | null
  updated: string | null
  deleted: string | null
  changesTruncated: boolean
  errorCode: string | null
  error: string | null
}
interface Answer {
  matviewRefreshEvents: { nodes: RefreshEvent[]; pageInfo: { hasNextPage: boolean } }
}
const FIELDS =
  'id refreshId matviewName status statusChangeTime durationMs rowCount inserted updated deleted changesTruncated errorCode error'
const QUERY = `query Events($first: Int!, $filter: MatviewRefreshEventFilter) {
  matviewRefreshEvents(first: $first, orderBy: [ID_DESC], filter: $filter) { nodes { ${FIELDS} } pageInfo { hasNextPage } }
}`
const MARKS = `subscription Marks($matview: String) { matviewRefreshed(matview: $matview) { event { ${FIELDS} } } }`
const PAGE = 25 // more on request: how to listen stands below
const MOST = 500 // a page that is left open keeps the newest

/** @param held while true (paused, or the mouse is over the list) new events wait for show(), so that nothing moves under the hand. */
export function useEvents(matview: string | undefined, after: string | undefined, held: boolean) {
  const workspace = useWorkspace()
  const queries = useQueryClient()
  const [first, setFirst] = useState(PAGE)
  const waiting = useRef<RefreshEvent[]>([])
  const [waitingCount, setWaitingCount] = useState(0)
  const queryKey = ['events', workspace, matview ?? null, after ?? null, first]
  const id = after && /^\d{1,18}$/.test(after) ? after : undefined
  // The server refuses an empty filter.
  const filter = {
    ...(matview ? { matviewName: { equalTo: matview } } : {}),
    ...(id ? { id: { greaterThan: id } } : {}),
  }
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => graphql<Answer>(workspace, QUERY, { first, ...(matview || id ? { filter } : {}) }, signal),
    placeholderData: keepPreviousData,
  })

  const show = () => {
    const fresh = waiting.current.splice(0)
    setWaitingCount(0)
    if (!fresh.length) return
    queries.setQueryData<Answer>(queryKey, (old) => {
      if (!old) return old
      const known = new Set(old.matviewRefreshEvents.nodes.map(({ id }) => id))
      const nodes = [...fresh.filter(({ id }) => !known.has(id)).reverse(), ...old.matviewRefreshEvents.nodes].slice(0, MOST)
      return { matviewRefreshEvents: { ...old.matviewRefreshEvents, nodes } }
    })
  }
  const liveError = useSubscription<{ matviewRefreshed: { event: RefreshEvent } | null }>(
    MARKS,
    { matview: matview ?? null },
    ({ data }) => {
      if (!data?.matviewRefreshed) return
      waiting.current = [...waiting.current, data.matviewRefreshed.event].slice(-MOST)
      if (held) setWaitingCount(waiting.current.length)
      else show()
    },
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: show() is new in each render; it is called when the hand leaves
  useEffect(() => {
    if (!held) show()
  }, [held])

  // What happened while the connection was away is asked for when it is back.
  const { state } = useLiveState()
  const { refetch } = query
  useEffect(() => {
    if (state === 'live') void refetch()
  }, [state, refetch])

  const page = query.data?.matviewRefreshEvents
  return {
    events: page?.nodes ?? [],
    isLoading: query.isLoading,
    error: query.error ?? liveError,
    retry: () => void refetch(),
    waitingCount,
    show,
    more: page?.pageInfo.hasNextPage && first < MOST ? () => setFirst((n) => n + PAGE) : null,
  }
}

/** The event of the address, when it is not among those shown: older than the first page, or of another view. */
export function useOneEvent(id: string | undefined, shown: RefreshEvent[]): RefreshEvent | undefined {
  const workspace = useWorkspace()
  const missing = id !== undefined && /^\d{1,18}$/.test(id) && !shown.some((event) => event.id === id)
  const { data } = useQuery({
    queryKey: ['event', workspace, id],
    queryFn: ({ signal }) => graphql<Answer>(workspace, QUERY, { first: 1, filter: { id: { equalTo: id } } }, signal),
    enabled: missing,
    staleTime: Infinity,
  })
  return missing ? data?.matviewRefreshEvents.nodes[0] : undefined
}
