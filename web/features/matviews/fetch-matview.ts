// One view as Tidemark keeps it, with its schedule, asked for once. Called by edit-view-screen.tsx; use-matview.ts is the live form.
import { queryOptions } from '@tanstack/react-query'
import { ApiError, graphql } from '../../shared/api/request.ts'
import type { NotifyWhen } from './draft.ts'

export interface Matview {
  id: string
  name: string
  definition: string
  key: string[] | null
  notifyWhen: NotifyWhen
  schedule: string | null
  runner: string | null
  createdAt: string
  updatedAt: string
  scheduling: { active: boolean } | null
}
const QUERY = `query Matview($name: String!) {
  matviews(first: 1, filter: { name: { equalTo: $name } }) {
    nodes { id name definition key notifyWhen schedule runner createdAt updatedAt scheduling { active } }
  }
}`

export const matviewQuery = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ['matview', workspace, name],
    retry: false,
    queryFn: async () => {
      const data = await graphql<{ matviews: { nodes: Matview[] } }>(workspace, QUERY, { name })
      const found = data.matviews.nodes[0]
      if (!found) throw notThere(name)
      return found
    },
  })

export const notThere = (name: string) =>
  new ApiError({
    code: 'TMNOF',
    message: `There is no materialized view ${name}`,
    hint: 'It may have been renamed or dropped: choose one from the navigation.',
  })
