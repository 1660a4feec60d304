// Changes name, definition, key or announcement of a view; schedule and history stay. Called by edit-view-screen.tsx.
import { graphql } from '../../shared/api/request.ts'
import type { Draft } from './draft.ts'

export const ALTER = `mutation AlterMatview($input: AlterMatviewInput!) {
  alterMatview(input: $input) { matview { id name } }
}`

export async function alterMatview(workspace: string, name: string, draft: Draft): Promise<{ id: string; name: string }> {
  const data = await graphql<{ alterMatview: { matview: { id: string; name: string } } }>(workspace, ALTER, {
    input: alterInput(name, draft),
  })
  return data.alterMatview.matview
}

export const alterInput = (name: string, draft: Draft) => ({
  name,
  ...(draft.name.trim() === name ? {} : { newName: draft.name.trim() }),
  definition: draft.definition,
  key: draft.key,
  notifyWhen: draft.notifyWhen,
})
