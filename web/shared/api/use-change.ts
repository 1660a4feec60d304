// A mutation as the screens of lists use it. What it changed comes back by the live query of the list; the error stays until
// the next try. Called by the events, webhooks, people and tokens screens; `mutation` takes one variable, $input.
import { useMutation } from '@tanstack/react-query'
import { graphql } from './request.ts'
import { useWorkspace } from './session.ts'

export function useChange<T>(mutation: string, done?: (data: T) => void) {
  const workspace = useWorkspace()
  return useMutation({
    mutationFn: (input: Record<string, unknown>) => graphql<T>(workspace, mutation, { input }),
    onSuccess: (data) => done?.(data),
  })
}
