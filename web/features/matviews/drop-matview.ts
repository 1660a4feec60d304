// Drops a view with its schedule. Called by drop-dialog.tsx.
import { graphql } from '../../shared/api/request.ts'

const MUTATION = `mutation Drop($name: String!) {
  dropMatview(input: { name: $name }) { clientMutationId }
}`

export async function dropMatview(workspace: string, name: string): Promise<void> {
  await graphql(workspace, MUTATION, { name })
}
