// What a view is, in four lines: when it refreshes, what tells its rows apart, what is announced, what reads what. Called by matview-screen.tsx.
import { Fragment } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { nextRuns, periodMs, scheduleWords, secondsOf, utc } from '../../shared/format/schedule.ts'
import { duration } from '../../shared/format/text.ts'
import { Ago } from '../../shared/ui/ago.tsx'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { NOTIFY } from './draft.ts'
import type { Matview } from './fetch-matview.ts'
import type { Run } from './use-runs.ts'

interface Props {
  view: Matview
  runs: Run[]
  reads: string[]
  readers: string[]
}

export function MatviewFacts({ view, runs, reads, readers }: Props) {
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
        {next.length > 0 && secondsOf(schedule!) === null && (
          <div className="tm-dim tm-small">Next: {next.map((run) => utc(run)).join(' · ')} UTC</div>
        )}
        {runner && <div className="tm-dim tm-small">Run by {runner}</div>}
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
      <dd>
        <Ago at={updatedAt} />
      </dd>
      <dt>Reads</dt>
      <dd>
        <Names of={reads} none="No table: its rows come from the definition alone" />
      </dd>
      <dt>Read by</dt>
      <dd>
        <Names of={readers} none="No other view" />
      </dd>
    </dl>
  )
}

function Names({ of, none }: { of: string[]; none: string }) {
  const workspace = useWorkspace()
  if (!of.length) return <span className="tm-dim">{none}</span>
  return of.map((name, index) => (
    <Fragment key={name}>
      {index > 0 && ', '}
      <AppLink {...relationTo(workspace, name)}>{name}</AppLink>
    </Fragment>
  ))
}
