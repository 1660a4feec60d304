// The preview follows what is written: half a second after the last key, or at once with run(). Old rows stay while it is asked for.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { offsetOf } from './draft.ts'
import { previewMatview } from './preview-matview.ts'

export function usePreview(definition: string) {
  const workspace = useWorkspace()
  const [asked, setAsked] = useState(definition)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(definition), 600)
    return () => clearTimeout(timer)
  }, [definition])
  const query = useQuery({
    queryKey: ['preview', workspace, asked],
    queryFn: ({ signal }) => previewMatview(workspace, asked, signal),
    enabled: /\S+\s+\S/.test(asked),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 30_000,
    retry: false,
  })
  const error = asked === definition ? query.error : null
  const at = error instanceof ApiError ? offsetOf(asked, error.more.position) : null
  return {
    preview: query.data,
    error,
    at,
    busy: query.isFetching,
    run: () => (asked === definition ? void query.refetch() : setAsked(definition)),
  }
}
