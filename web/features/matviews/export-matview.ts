// A view as SQL for a migration. Called by export-dialog.tsx.
import { graphql } from '../../shared/api/request.ts'

const QUERY = 'query Export($name: String!) { exportMatview(name: $name) }'

export async function exportMatview(workspace: string, name: string): Promise<string> {
  return (await graphql<{ exportMatview: string | null }>(workspace, QUERY, { name })).exportMatview ?? ''
}
