// The saved views of one relation, as the server has them. Asked for by use-view.ts, and by routes.tsx before the screen is there.
import { queryOptions } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'
import { readConfig, type ViewConfig } from './view-config.ts'

export interface SavedView {
  id: string
  accountId: string
  name: string
  shared: boolean
  isDefault: boolean
  config: ViewConfig
}

export const FIELDS = 'id accountId name shared isDefault config'
export const savedViewsQuery = (workspace: string, relation: string) =>
  queryOptions({
    queryKey: ['saved-views', workspace, relation],
    staleTime: 60_000,
    queryFn: async () => {
      const data = await graphql<{ savedViews: { nodes: (Omit<SavedView, 'config'> & { config: unknown })[] } }>(
        workspace,
        `query SavedViews($relation: String!) { savedViews(filter: { relation: { equalTo: $relation } }, orderBy: [NAME_ASC]) { nodes { ${FIELDS} } } }`,
        { relation },
      )
      return data.savedViews.nodes.map((view): SavedView => ({ ...view, config: readConfig(view.config) }))
    },
  })
