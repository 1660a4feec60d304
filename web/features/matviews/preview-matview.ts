// The first rows of a definition, without keeping anything. Called by view-preview.tsx.
import { graphql } from '../../shared/api/request.ts'
import type { Value } from '../../shared/format/text.ts'

export interface Preview {
  columns: { name: string; type: string }[]
  rows: Record<string, Value>[]
  more: boolean
}
const MUTATION = `mutation Preview($definition: String!) {
  previewMatview(input: { definition: $definition, first: 50 }) { columns { name type } rows more }
}`

export async function previewMatview(workspace: string, definition: string, signal?: AbortSignal): Promise<Preview> {
  const data = await graphql<{ previewMatview: Preview }>(workspace, MUTATION, { definition }, signal)
  return data.previewMatview
}
