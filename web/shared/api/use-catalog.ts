// The workspace's relations as React sees them: fetched once, fetched again when the server says that the schema changed.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { fetchCatalog, type Relation } from './catalog.ts'
import { useWorkspace } from './session.ts'

export const catalogQuery = (workspace: string) =>
  queryOptions({ queryKey: ['catalog', workspace], queryFn: () => fetchCatalog(workspace), staleTime: Infinity })

export function useCatalog() {
  return useQuery(catalogQuery(useWorkspace()))
}

export function useRelation(name: string): { relation: Relation | undefined; isLoading: boolean; error: unknown } {
  const { data, isLoading, error } = useCatalog()
  return { relation: data?.find((relation) => relation.name === name), isLoading, error }
}
