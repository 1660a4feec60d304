// Files on their way, for as long as the page is open: one XHR each (fetch tells no progress) and the upload's live row.
// Called by the import screens, the chips and the window's drop zone; writes nothing but its own list.
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { ApiError } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'

export type Mode = 'create' | 'append' | 'replace' | 'upsert'
export interface UploadResult {
  id: string
  workspace: string
  table: string
  mode: Mode
  rows: number
  rejected: number
  duration_ms: number
  columns: { name: string; type: string }[]
}
/** sending: bytes leave the browser. storing: all are sent, the server commits. done: committed. */
export type Phase = 'sending' | 'storing' | 'done' | 'failed' | 'cancelled'
export interface Job {
  id: string
  /** The server's id of it, once its row has been seen. */
  uploadId: string | null
  fileName: string
  table: string
  phase: Phase
  total: number
  sent: number
  /** Stored so far, as the server says. */
  rows: number
  /** Expected, from the sample. */
  estimate: number
  startedAt: number
  endedAt: number | null
  result: UploadResult | null
  error: ApiError | null
}
export type Options = Record<string, string>

interface Uploads {
  jobs: Job[]
  /** The file that waits on the import page. */
  chosen: File | null
  choose(file: File | null): void
  start(file: File, table: string, options: Options, estimate: number): string
  cancel(id: string): void
  forget(id: string): void
}

const UploadsContext = createContext<Uploads | null>(null)
export const useUploads = (): Uploads => useContext(UploadsContext)!

const LIVE = `subscription { uploadsLive(first: 20, orderBy: [ID_DESC]) { nodes { id tableName state rows bytesTotal } } }`
interface LiveUploads {
  uploadsLive: { nodes: { id: string; tableName: string | null; state: string; rows: string; bytesTotal: string | null }[] }
}

export function UploadsProvider({ children }: { children: ReactNode }) {
  const workspace = useWorkspace()
  const queries = useQueryClient()
  const [jobs, setJobs] = useState<Job[]>([])
  const [chosen, choose] = useState<File | null>(null)
  const requests = useRef(new Map<string, XMLHttpRequest>())
  const change = useCallback(
    (id: string, part: Partial<Job>) => setJobs((all) => all.map((job) => (job.id === id ? { ...job, ...part } : job))),
    [],
  )

  const start = useCallback(
    (file: File, table: string, options: Options, estimate: number) => {
      const id = crypto.randomUUID().slice(0, 8)
      const request = new XMLHttpRequest()
      requests.current.set(id, request)
      const query = new URLSearchParams({ workspace, table, file_name: file.name, ...options })
      request.open('POST', `/upload-file?${query}`)
      request.setRequestHeader('content-type', 'text/csv')
      request.setRequestHeader('x-workspace', workspace)
      request.setRequestHeader('x-requested-with', 'tidemark')
      request.upload.onprogress = (event) => change(id, { sent: event.loaded, ...(event.loaded >= file.size ? { phase: 'storing' } : {}) })
      request.upload.onload = () => change(id, { sent: file.size, phase: 'storing' })
      request.onload = () => {
        const endedAt = Date.now()
        let body: Record<string, unknown> = {}
        try {
          body = JSON.parse(request.responseText) as Record<string, unknown>
        } catch {
          body = { message: 'The server answered something unreadable', hint: 'Look at the list of uploads before you try again.' }
        }
        if (request.status === 201 || request.status === 200) {
          const result = body as unknown as UploadResult
          change(id, { phase: 'done', result, rows: result.rows, table: result.table, endedAt })
          void queries.invalidateQueries({ queryKey: ['catalog', workspace] })
        } else change(id, { phase: 'failed', error: new ApiError(body, request.status), endedAt })
        requests.current.delete(id)
      }
      request.onerror = () =>
        change(id, {
          phase: 'failed',
          endedAt: Date.now(),
          error: new ApiError({
            code: 'OFFLINE',
            message: 'The connection broke before the file was stored',
            hint: 'Nothing was kept of it: send it again.',
          }),
        })
      request.onabort = () => change(id, { phase: 'cancelled', endedAt: Date.now() })
      setJobs((all) => [
        {
          id,
          uploadId: null,
          fileName: file.name,
          table,
          phase: 'sending',
          total: file.size,
          sent: 0,
          rows: 0,
          estimate,
          startedAt: Date.now(),
          endedAt: null,
          result: null,
          error: null,
        },
        ...all,
      ])
      request.send(file)
      return id
    },
    [workspace, change, queries],
  )
  const cancel = useCallback((id: string) => requests.current.get(id)?.abort(), [])
  const forget = useCallback((id: string) => setJobs((all) => all.filter((job) => job.id !== id)), [])

  const running = jobs.some(({ phase }) => phase === 'sending' || phase === 'storing')
  useSubscription<LiveUploads>(running ? LIVE : null, NONE, ({ data }) => {
    const nodes = data?.uploadsLive.nodes ?? []
    const taken = new Set(jobs.map(({ uploadId }) => uploadId))
    // Oldest first on both sides, so that the same file sent twice is told apart.
    for (const job of [...jobs].reverse()) {
      if (job.phase !== 'sending' && job.phase !== 'storing') continue
      const row = job.uploadId
        ? nodes.find(({ id }) => id === job.uploadId)
        : nodes.findLast(
            ({ id, state, tableName, bytesTotal }) =>
              state === 'RUNNING' && !taken.has(id) && tableName === job.table && Number(bytesTotal) === job.total,
          )
      if (!row) continue
      taken.add(row.id)
      if (row.id !== job.uploadId || Number(row.rows) !== job.rows) change(job.id, { uploadId: row.id, rows: Number(row.rows) })
    }
  })
  // Leaving the page would stop what is under way: the browser asks.
  useEffect(() => {
    if (!running) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [running])

  const value = useMemo(() => ({ jobs, chosen, choose, start, cancel, forget }), [jobs, chosen, start, cancel, forget])
  return <UploadsContext.Provider value={value}>{children}</UploadsContext.Provider>
}
const NONE = {}
