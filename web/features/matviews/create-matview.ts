// Makes a materialized view. Called by make-view-screen.tsx.
import { graphql } from '../../shared/api/request.ts'
import type { Draft } from './draft.ts'

export const CREATE = `mutation CreateMatview($input: CreateMatviewInput!) {
  createMatview(input: $input) { matview { id name } }
}`

export async function createMatview(workspace: string, draft: Draft): Promise<{ id: string; name: string }> {
  const data = await graphql<{ createMatview: { matview: { id: string; name: string } } }>(workspace, CREATE, { input: createInput(draft) })
  return data.createMatview.matview
}

export const createInput = ({ name, definition, key, schedule, notifyWhen }: Draft) => ({
  name: name.trim(),
  definition,
  key: key.length ? key : null,
  schedule,
  notifyWhen,
})
