// A view: what it is, when it refreshes, what each refresh brought. /views/<name>; its rows are on the relation's page.
import { Button } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { ReadOnly } from '../../shared/ui/read-only.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import type { Matview } from './fetch-matview.ts'
import { MatviewActions } from './matview-actions.tsx'
import { MatviewFacts } from './matview-facts.tsx'
import { RunsChart } from './runs-chart.tsx'
import { RunsTable } from './runs-table.tsx'
import { useMatview } from './use-matview.ts'
import { useRuns } from './use-runs.ts'
import './matview.css'

export function MatviewScreen() {
  const { name = '' } = useParams({ strict: false })
  const { view, error } = useMatview(name)
  return (
    <div className="tm-page">
      <title>{`${name} · Tidemark`}</title>
      {view && !error ? (
        <Page key={view.id} view={view} />
      ) : (
        <>
          <div className="tm-page-head">
            <h1>{name}</h1>
          </div>
          {error ? <Problem error={error} /> : <Waiting lines={8} />}
        </>
      )}
    </div>
  )
}

function Page({ view }: { view: Matview }) {
  const workspace = useWorkspace()
  const { data: relations } = useCatalog()
  const { runs, error } = useRuns(view.id)
  const [failed, setFailed] = useState<unknown>(null)
  const reads = relations?.find(({ name }) => name === view.name)?.reads ?? []
  const readers = (relations ?? []).filter((relation) => relation.reads.includes(view.name)).map(({ name }) => name)
  return (
    <>
      <div className="tm-page-head">
        <h1 className="tm-wrap">{view.name}</h1>
        <LiveDot withWord />
        <span className="tm-spacer" />
        <div className="tm-actions">
          <Button
            variant="default"
            leftSection={<IconTable size={15} aria-hidden />}
            renderRoot={(props) => <AppLink {...relationTo(workspace, view.name)} {...props} />}
          >
            Rows
          </Button>
          <MatviewActions view={view} readers={readers} failed={setFailed} />
        </div>
      </div>
      <ReadOnly what="this view" />
      <div className="tm-matview">
        {failed !== null && <Problem error={failed} />}
        <MatviewFacts view={view} runs={runs ?? []} reads={reads} readers={readers} />
        <section aria-labelledby="matview-definition">
          <h2 id="matview-definition" className="tm-section-title">
            Definition
          </h2>
          <CopyCard text={view.definition} label="definition" />
        </section>
        <section aria-labelledby="matview-runs">
          <h2 id="matview-runs" className="tm-section-title">
            Refreshes
          </h2>
          {error && <Problem error={error} compact />}
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
