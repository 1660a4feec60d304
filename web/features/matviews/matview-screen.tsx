// A view: what it is, when it refreshes, what each refresh brought. /views/<name>; its rows are on the relation's page.
import { Button } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { nextRuns, periodMs, scheduleWords, secondsOf, utc } from '../../shared/format/schedule.ts'
import { duration, relative } from '../../shared/format/text.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { NOTIFY } from './draft.ts'
import { matviewQuery, type Matview } from './fetch-matview.ts'
import { MatviewActions } from './matview-actions.tsx'
import { RunsChart } from './runs-chart.tsx'
import { RunsTable } from './runs-table.tsx'
import { useRuns, type Run } from './use-runs.ts'
import './matview.css'

export function MatviewScreen() {
  const workspace = useWorkspace()
  const { name = '' } = useParams({ strict: false })
  const { data, error, refetch } = useQuery(matviewQuery(workspace, name))
  return (
    <div className="tm-page">
      <title>{`${name} · Tidemark`}</title>
      {error ? (
        <>
          <div className="tm-page-head">
            <h1>{name}</h1>
          </div>
          <Problem error={error} retry={() => void refetch()} />
        </>
      ) : data ? (
        <Page key={data.id} view={data} />
      ) : (
        <Waiting lines={8} />
      )}
    </div>
  )
}

function Page({ view }: { view: Matview }) {
  const workspace = useWorkspace()
  const queries = useQueryClient()
  const { runs, error, again } = useRuns(view.id, view.name)
  const [failed, setFailed] = useState<unknown>(null)
  const changed = () => {
    again()
    void queries.invalidateQueries({ queryKey: ['matview', workspace, view.name] })
  }
  return (
    <>
      <div className="tm-page-head">
        <h1>{view.name}</h1>
        <LiveDot withWord />
        <span className="tm-spacer" />
        <Button
          variant="default"
          leftSection={<IconTable size={15} aria-hidden />}
          renderRoot={(props) => <AppLink {...relationTo(workspace, view.name)} {...props} />}
        >
          Rows
        </Button>
        <MatviewActions view={view} changed={changed} failed={setFailed} />
      </div>
      <div className="tm-matview">
        {failed !== null && <Problem error={failed} />}
        <Facts view={view} runs={runs ?? []} />
        <section aria-labelledby="matview-definition">
          <h2 id="matview-definition" className="tm-section-title">
            Definition
          </h2>
          <CopyCard text={view.definition} label="definition" />
        </section>
        <section aria-labelledby="matview-runs">
          <h2 id="matview-runs" className="tm-section-title">
            Runs
          </h2>
          {error && <Problem error={error} retry={again} compact />}
          {runs ? (
            <>
              <RunsChart runs={runs} />
              <RunsTable runs={runs} />
            </>
          ) : (
            !error && <Waiting lines={5} />
          )}
        </section>
      </div>
    </>
  )
}

function Facts({ view, runs }: { view: Matview; runs: Run[] }) {
  const { schedule, scheduling, key, notifyWhen, runner, updatedAt } = view
  const took = Number(runs[0]?.durationMs ?? 0)
  const period = schedule ? periodMs(schedule) : null
  const next = schedule && scheduling?.active ? nextRuns(schedule) : []
  return (
    <dl className="tm-card tm-facts">
      <dt>Refreshes</dt>
      <dd>
        {scheduleWords(schedule)} {schedule && <code className="tm-mono tm-dim">{schedule}</code>}{' '}
        {scheduling && !scheduling.active && (
          <span className="tm-badge" data-tone="warn">
            paused
          </span>
        )}
        {next.length > 0 && (
          <div className="tm-dim tm-small">
            Next: {next.map((run) => utc(run, secondsOf(schedule!) !== null)).join(' · ')} UTC{runner && `, by ${runner}`}
          </div>
        )}
        {period !== null && took > period && (
          <div className="tm-small tm-facts-warn">
            The last refresh took {duration(took)}, longer than the {duration(period)} between two. Refresh less often, or narrow the
            definition.
          </div>
        )}
      </dd>
      <dt>Key</dt>
      <dd>{key?.length ? key.join(', ') : <span className="tm-dim">None: a change shows as one row gone and one come</span>}</dd>
      <dt>Announced</dt>
      <dd>
        {NOTIFY.find(({ value }) => value === notifyWhen)?.name} <span className="tm-dim">and when it fails</span>
      </dd>
      <dt>Changed</dt>
      <dd title={updatedAt}>{relative(updatedAt)}</dd>
    </dl>
  )
}
