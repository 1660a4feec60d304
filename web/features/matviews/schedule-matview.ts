// Sets or takes away the schedule of a view. Called by schedule-dialog.tsx.
import { graphql } from '../../shared/api/request.ts'

const MUTATION = `mutation Schedule($name: String!, $schedule: String) {
  scheduleMatview(input: { name: $name, schedule: $schedule }) { matview { id } }
}`

export async function scheduleMatview(workspace: string, name: string, schedule: string | null): Promise<void> {
  await graphql(workspace, MUTATION, { name, schedule })
}
