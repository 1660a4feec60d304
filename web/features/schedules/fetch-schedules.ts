// All schedules of the workspace, and the last run of each view. Called by schedules-screen.tsx.
import { queryOptions } from '@tanstack/react-query'
import { graphql } from '../../shared/api/request.ts'

export interface LastRun {
  matviewId: string
  status: 'ANNOUNCED' | 'QUIET' | 'FAILED'
  startedAt: string
  durationMs: string
  inserted: string | null
  updated: string | null
  deleted: string | null
  error: string | null
}
export interface Schedule {
  id: string
  schedule: string
  active: boolean
  runner: string
  lastRunAt: string | null
  matview: { id: string; name: string } | null
  last: LastRun | null
}
interface Answer {
  schedules: { nodes: Omit<Schedule, 'last'>[] }
}

const QUERY = '{ schedules(first: 200, orderBy: [ID_ASC]) { nodes { id schedule active runner lastRunAt matview { id name } } } }'
const RUN = 'nodes { matviewId status startedAt durationMs inserted updated deleted error }'

export const schedulesQuery = (workspace: string) =>
  queryOptions({
    queryKey: ['schedules', workspace],
    retry: false,
    queryFn: async (): Promise<Schedule[]> => {
      const { schedules } = await graphql<Answer>(workspace, QUERY)
      const last = await lastRuns(
        workspace,
        schedules.nodes.flatMap(({ matview }) => matview?.id ?? []),
      )
      return schedules.nodes.map((node) => ({ ...node, last: last.get(node.matview?.id ?? '') ?? null }))
    },
  })

/** One document that asks for the newest run of each view: a busy view's runs do not push the others out. */
async function lastRuns(workspace: string, ids: string[]): Promise<Map<string, LastRun>> {
  const found = new Map<string, LastRun>()
  for (let from = 0; from < ids.length; from += 20) {
    const some = ids.slice(from, from + 20)
    const fields = some.map((_, k) => `r${k}: runs(first: 1, orderBy: [ID_DESC], filter: { matviewId: { equalTo: $i${k} } }) { ${RUN} }`)
    const query = `query LastRuns(${some.map((_, k) => `$i${k}: BigInt!`).join(', ')}) { ${fields.join(' ')} }`
    const data = await graphql<Record<string, { nodes: LastRun[] }>>(
      workspace,
      query,
      Object.fromEntries(some.map((id, k) => [`i${k}`, id])),
    )
    for (const { nodes } of Object.values(data)) if (nodes[0]) found.set(nodes[0].matviewId, nodes[0])
  }
  return found
}
