// A mutation as the screens of lists use it: run it, then ask again for what it changed. The error stays until the next try.
// Called by the events, webhooks, people and tokens screens; `mutation` takes one variable, $input.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { graphql } from './request.ts'
import { useWorkspace } from './session.ts'

export function useChange<T>(mutation: string, refresh: string, done?: (data: T) => void) {
  const workspace = useWorkspace()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (input: Record<string, unknown>) => graphql<T>(workspace, mutation, { input }),
    onSuccess: async (data) => {
      done?.(data)
      await queries.invalidateQueries({ queryKey: [refresh, workspace] })
    },
  })
}
export type Change = Pick<ReturnType<typeof useChange<unknown>>, 'mutate' | 'isPending' | 'error'>
