// /import/<job>: bytes sent and rows stored, rate, time left, cancel; then the table. "Done" only after COMMIT.
import { Button, Progress } from '@mantine/core'
import { IconCheck, IconDownload, IconFileUnknown, IconStack2, IconTable } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { bytes, count, duration } from '../../shared/format/text.ts'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { Empty } from '../../shared/ui/states.tsx'
import { UploadProblem } from './upload-problem.tsx'
import { useUploads, type Job } from './uploads.tsx'
import './preview.css'

export function ProgressScreen() {
  const workspace = useWorkspace()
  const { jobs, cancel } = useUploads()
  const { job: wanted } = useParams({ strict: false })
  const job = jobs.find(({ id }) => id === wanted)
  return (
    <div className="tm-page">
      <title>Import · Tidemark</title>
      <div className="tm-page-head">
        <h1>Import</h1>
      </div>
      {job ? (
        <div className="tm-card tm-progress">
          <JobView job={job} workspace={workspace} cancel={() => cancel(job.id)} />
        </div>
      ) : (
        <Empty
          icon={IconFileUnknown}
          title="This import is not of this tab"
          action={<AppLink to={`/w/${workspace}/import`}>All imports</AppLink>}
        >
          Its page lives as long as the tab that sent the file.
        </Empty>
      )}
    </div>
  )
}

function JobView({ job, workspace, cancel }: { job: Job; workspace: string; cancel: () => void }) {
  const now = useNow(job.endedAt === null)
  const seconds = Math.max(0.2, ((job.endedAt ?? now) - job.startedAt) / 1000)
  const running = job.phase === 'sending' || job.phase === 'storing'
  const rows = job.phase === 'done' ? (job.result?.rows ?? job.rows) : job.rows
  const rate = job.sent / seconds
  const left = job.sent > 0 && rate > 0 ? Math.round((job.total - job.sent) / rate) : null
  const share = job.phase === 'done' ? 100 : Math.min(99, job.estimate ? (rows / job.estimate) * 100 : 0)
  return (
    <>
      <div className="tm-progress-title">
        {job.phase === 'done' && (
          <span className="tm-badge" data-tone="ok">
            <IconCheck size={13} aria-hidden /> stored
          </span>
        )}
        <h2>
          {job.fileName} <span className="tm-dim">→ {job.table}</span>
        </h2>
        <span className="tm-spacer" />
        {running && (
          <Button variant="default" onClick={cancel}>
            Cancel
          </Button>
        )}
      </div>
      {job.phase !== 'failed' && job.phase !== 'cancelled' && (
        <>
          <div className="tm-progress-bar">
            <div className="tm-progress-words">
              <span>Sent</span>
              <span>
                {bytes(job.sent)} of {bytes(job.total)} · {bytes(rate)}/s
                {job.phase === 'sending' && left !== null && ` · ${duration(left * 1000)} left`}
              </span>
            </div>
            <Progress value={job.total ? (job.sent / job.total) * 100 : 100} size="md" aria-label="Bytes sent" transitionDuration={120} />
          </div>
          <div className="tm-progress-bar">
            <div className="tm-progress-words">
              <span>Stored</span>
              <span>
                {count(rows)} {job.phase === 'done' ? 'rows' : `of about ${count(job.estimate)} rows`} · {count(Math.round(rows / seconds))}
                /s
              </span>
            </div>
            <Progress
              value={share}
              size="md"
              color={job.phase === 'done' ? 'green' : 'tide'}
              aria-label="Rows stored"
              transitionDuration={120}
            />
          </div>
        </>
      )}
      <div role="status" className="tm-dim">
        {job.phase === 'sending' && 'You can go elsewhere in this tab: the import goes on, a chip below shows how far it is.'}
        {job.phase === 'storing' && 'Everything is sent. PostgreSQL stores it; it is there when this says "stored".'}
        {job.phase === 'cancelled' && 'Cancelled. Nothing of the file was kept.'}
        {job.phase === 'done' && `${count(rows)} rows in ${duration((job.endedAt ?? now) - job.startedAt)}, committed.`}
      </div>
      {job.error && <UploadProblem error={job.error} table={job.table} />}
      {job.result && (
        <>
          <ul className="tm-progress-columns" aria-label="Columns">
            {job.result.columns.map(({ name, type }) => (
              <li key={name} className="tm-badge">
                {name} <span className="tm-mono">{type}</span>
              </li>
            ))}
          </ul>
          <div className="tm-progress-foot">
            <Button
              size="sm"
              leftSection={<IconTable size={16} aria-hidden />}
              renderRoot={(props) => <AppLink {...relationTo(workspace, job.table)} {...props} />}
            >
              Open {job.table}
            </Button>
            <Button
              size="sm"
              variant="default"
              leftSection={<IconStack2 size={16} aria-hidden />}
              renderRoot={(props) => <AppLink to={`/w/${workspace}/views/new`} search={{ from: job.table }} {...props} />}
            >
              Make a view of it
            </Button>
            {job.result.rejected > 0 && (
              <Button
                size="sm"
                variant="subtle"
                leftSection={<IconDownload size={16} aria-hidden />}
                renderRoot={(props) => <AppLink {...relationTo(workspace, `${job.table}_rejects`)} {...props} />}
              >
                {count(job.result.rejected)} rejected rows
              </Button>
            )}
          </div>
        </>
      )}
      {(job.phase === 'failed' || job.phase === 'cancelled') && (
        <div className="tm-progress-foot">
          <Button size="sm" variant="default" renderRoot={(props) => <AppLink to={`/w/${workspace}/import`} {...props} />}>
            Choose a file
          </Button>
        </div>
      )}
    </>
  )
}

function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
