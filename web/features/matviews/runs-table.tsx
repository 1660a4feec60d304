// The runs of a view, newest first: why, what came of it, how long. Called by matview-screen.tsx.
import { useWorkspace } from '../../shared/api/session.ts'
import { count, duration } from '../../shared/format/text.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Counts } from '../../shared/ui/counts.tsx'
import { ScrollRegion } from '../../shared/ui/scroll-region.tsx'
import type { Run } from './use-runs.ts'

const REASONS: Record<string, string> = { create: 'made', schedule: 'schedule', manual: 'by hand' }
const RESULTS = { ANNOUNCED: ['ok', 'announced'], QUIET: [undefined, 'quiet'], FAILED: ['bad', 'failed'] } as const

export function RunsTable({ runs }: { runs: Run[] }) {
  const workspace = useWorkspace()
  if (!runs.length) return <p className="tm-card tm-runs-none">No refresh is kept. "Refresh now" makes another.</p>
  return (
    <ScrollRegion className="tm-card tm-runs" label="Runs">
      <table>
        <thead>
          <tr>
            <th scope="col">Started</th>
            <th scope="col">Why</th>
            <th scope="col">Result</th>
            <th scope="col">Changes</th>
            <th scope="col" className="tm-right">
              Rows
            </th>
            <th scope="col" className="tm-right">
              Took
            </th>
            <th scope="col">Event</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <Ago at={run.startedAt} />
              </td>
              <td>{REASONS[run.reason] ?? run.reason}</td>
              <td>
                <span className="tm-badge" data-tone={RESULTS[run.status]?.[0]}>
                  {RESULTS[run.status]?.[1] ?? run.status}
                </span>
              </td>
              {run.error ? (
                <td colSpan={2} className="tm-runs-error">
                  {run.error} {run.errorCode && <code>{run.errorCode}</code>}
                </td>
              ) : (
                <>
                  <td>
                    <Counts of={run} />
                  </td>
                  <td className="tm-right">{count(run.rowCount)}</td>
                </>
              )}
              <td className="tm-right">{duration(Number(run.durationMs))}</td>
              <td>
                {run.eventId && (
                  <AppLink to={`/w/${workspace}/events`} search={{ event: run.eventId }}>
                    #{run.eventId}
                  </AppLink>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}
