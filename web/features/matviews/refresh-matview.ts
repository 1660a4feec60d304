// Refreshes a view now. Called by matview-actions.tsx.
import { graphql } from '../../shared/api/request.ts'

export interface Refreshed {
  event: { id: string } | null
  run: {
    status: string
    error: string | null
    durationMs: string | number
    inserted: string | null
    updated: string | null
    deleted: string | null
  }
}
const MUTATION = `mutation Refresh($name: String!) {
  refreshMatview(input: { name: $name }) { event { id } run { status error durationMs inserted updated deleted } }
}`

export async function refreshMatview(workspace: string, name: string): Promise<Refreshed> {
  return (await graphql<{ refreshMatview: Refreshed }>(workspace, MUTATION, { name })).refreshMatview
}
