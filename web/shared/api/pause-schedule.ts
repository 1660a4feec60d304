// Rests or resumes the schedule of a view without forgetting it. Called by matview-actions.tsx and schedules-screen.tsx.
import { graphql } from './request.ts'

const MUTATION = `mutation Pause($name: String!, $paused: Boolean!) {
  pauseSchedule(input: { name: $name, paused: $paused }) { clientMutationId }
}`

export async function pauseSchedule(workspace: string, name: string, paused: boolean): Promise<void> {
  await graphql(workspace, MUTATION, { name, paused })
}
