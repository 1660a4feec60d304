// Rests or resumes a schedule without forgetting it. Called by schedules-screen.tsx.
import { graphql } from '../../shared/api/request.ts'

const MUTATION = `mutation Pause($name: String!, $paused: Boolean!) {
  pauseSchedule(input: { name: $name, paused: $paused }) { clientMutationId }
}`

export async function pauseSchedule(workspace: string, name: string, paused: boolean): Promise<void> {
  await graphql(workspace, MUTATION, { name, paused })
}
