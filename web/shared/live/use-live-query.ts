// A page of a <relation>Live subscription as a screen of a list uses it: whole at once and whole at each change. What was seen last
// stays in the cache, so that a screen that is visited again paints at once. Called by all screens of lists; asks nothing over HTTP.
import { keepPreviousData, type QueryKey, skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ApiError } from '../api/request.ts'
import { useSubscription } from './live-provider.tsx'

/** @param query null: not yet, or not for this person. @param keep while more of the same is asked for, what is shown stays. */
export function useLiveQuery<T>(
  key: QueryKey,
  query: string | null,
  variables: Record<string, unknown> = NOTHING,
  keep = false,
): { data: T | undefined; error: ApiError | null; isLoading: boolean } {
  const queries = useQueryClient()
  const { data } = useQuery<T>({
    queryKey: key,
    queryFn: skipToken,
    staleTime: Infinity,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  })
  const error = useSubscription<T>(query, variables, (payload) => payload.data && queries.setQueryData(key, payload.data))
  return { data, error, isLoading: query !== null && data === undefined && error === null }
}
const NOTHING = {}
