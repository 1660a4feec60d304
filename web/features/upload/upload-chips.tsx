// What is under way while one is elsewhere: a chip per file, back to its page on a click.
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react'
import { ActionIcon } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { useWorkspace } from '../../shared/api/session.ts'
import { count } from '../../shared/format/text.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { useUploads } from './uploads.tsx'

export function UploadChips() {
  const workspace = useWorkspace()
  const { jobs, forget } = useUploads()
  const { pathname } = useLocation()
  const shown = jobs.filter((job) => job.phase !== 'cancelled' && !pathname.endsWith(`/import/${job.id}`)).slice(0, 3)
  if (!shown.length) return null
  return (
    <aside className="tm-chips" aria-label="Imports">
      {shown.map((job) => {
        const running = job.phase === 'sending' || job.phase === 'storing'
        return (
          <div key={job.id} className="tm-chip" data-phase={job.phase}>
            <AppLink to={`/w/${workspace}/import/${job.id}`}>
              {job.phase === 'done' ? (
                <IconCheck size={15} aria-hidden />
              ) : job.phase === 'failed' ? (
                <IconAlertTriangle size={15} aria-hidden />
              ) : (
                <span
                  className="tm-chip-ring"
                  style={{ '--done': `${(job.sent / job.total) * 100}%` } as React.CSSProperties}
                  aria-hidden
                />
              )}
              <span className="tm-truncate">{job.table}</span>
              <span className="tm-dim">
                {running
                  ? `${Math.round((job.sent / Math.max(1, job.total)) * 100)} %`
                  : job.phase === 'done'
                    ? `${count(job.rows)} rows`
                    : 'failed'}
              </span>
            </AppLink>
            {!running && (
              <ActionIcon size={24} onClick={() => forget(job.id)} aria-label={`Dismiss ${job.table}`}>
                <IconX size={14} aria-hidden />
              </ActionIcon>
            )}
          </div>
        )
      })}
    </aside>
  )
}
