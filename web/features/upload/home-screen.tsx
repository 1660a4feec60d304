// Home: the drop zone; once there is something, recent relations, schedules with their last result, last events.
import { Button } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { graphql } from '../../shared/api/request.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { count, duration, relative } from '../../shared/format/text.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'
import { AppLink, relationTo } from '../../shared/ui/app-link.tsx'
import { RelationIcon, KIND_WORDS } from '../../shared/ui/relation-icon.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { Checklist } from './checklist.tsx'
import { ChooseFile } from './choose-file.tsx'
import './home.css'

interface Recent {
  schedules: { nodes: { id: string; schedule: string; active: boolean; matview: { name: string } | null }[] }
  matviewRefreshEvents: {
    nodes: {
      id: string
      matviewName: string
      status: string
      statusChangeTime: string
      durationMs: number | null
      inserted: string | null
      updated: string | null
      deleted: string | null
      error: string | null
    }[]
  }
}
const QUERY = `{
  schedules(first: 20) { nodes { id schedule active matview { name } } }
  matviewRefreshEvents(first: 8, orderBy: [ID_DESC]) { nodes { id matviewName status statusChangeTime durationMs inserted updated deleted error } }
}`

export function HomeScreen() {
  const workspace = useWorkspace()
  const role = useRole()
  const { data: relations, error } = useCatalog()
  const home = useQuery({ queryKey: ['home', workspace], queryFn: () => graphql<Recent>(workspace, QUERY), retry: false })
  const [, setTick] = useState(0)
  useSubscription('subscription { matviewRefreshed { event { id } } }', NONE, () => void home.refetch().then(() => setTick((n) => n + 1)))

  const events = home.data?.matviewRefreshEvents.nodes ?? []
  const schedules = home.data?.schedules.nodes ?? []
  const empty = relations?.length === 0
  const steps = {
    imported: !empty,
    viewed: relations?.some(({ kind }) => kind === 'matview') ?? false,
    scheduled: schedules.length > 0,
    marked: events.some(({ status }) => !/failed/i.test(status)),
  }
  const firstTable = relations?.find(({ kind }) => kind === 'table')
  return (
    <div className="tm-page">
      <title>Home · Tidemark</title>
      <div className="tm-page-head">
        <h1>{empty ? 'Welcome to Tidemark' : 'Home'}</h1>
        <span className="tm-spacer" />
        {!empty && role !== 'reader' && (
          <Button
            variant="default"
            leftSection={<IconStack2 size={15} aria-hidden />}
            renderRoot={(props) => <AppLink to={`/w/${workspace}/views/new`} {...props} />}
          >
            Make a view
          </Button>
        )}
      </div>
      {error && <Problem error={error} />}
      {relations && !steps.marked && <Checklist steps={steps} workspace={workspace} table={firstTable?.name ?? null} />}
      {role !== 'reader' && relations && <ChooseFile compact={!empty} />}
      {!relations && !error && <Waiting lines={6} />}
      {!empty && relations && (
        <div className="tm-home">
          <section aria-labelledby="home-relations">
            <h2 id="home-relations" className="tm-section-title">
              Tables and views
            </h2>
            <ul className="tm-card tm-links">
              {relations.slice(0, 12).map((relation) => (
                <li key={relation.name}>
                  <AppLink {...relationTo(workspace, relation.name)} className="tm-links-row">
                    <RelationIcon kind={relation.kind} />
                    <span className="tm-truncate">{relation.name}</span>
                    <span className="tm-dim tm-small tm-links-kind">{KIND_WORDS[relation.kind]}</span>
                    <span className="tm-tabular tm-links-end">
                      {relation.api ? <LiveCount live={relation.api.live} estimate={relation.estimatedRows} /> : '–'}
                    </span>
                  </AppLink>
                </li>
              ))}
            </ul>
          </section>
          <section aria-labelledby="home-events">
            <h2 id="home-events" className="tm-section-title">
              Last refreshes
            </h2>
            {events.length === 0 ? (
              <p className="tm-card tm-home-none">
                No view has been refreshed yet. A view is a SELECT over your tables that refreshes by itself; every refresh leaves its mark
                here.
              </p>
            ) : (
              <ul className="tm-card tm-links">
                {events.map((event) => (
                  <li key={event.id}>
                    <AppLink to={`/w/${workspace}/events`} search={{ matview: event.matviewName }} className="tm-links-row">
                      <span className="tm-tabular tm-dim tm-small">#{event.id}</span>
                      <span className="tm-truncate">{event.matviewName}</span>
                      {event.error ? (
                        <span className="tm-badge" data-tone="bad">
                          failed
                        </span>
                      ) : (
                        <Delta {...event} />
                      )}
                      <span className="tm-dim tm-small tm-links-end" title={event.statusChangeTime}>
                        {relative(event.statusChangeTime)} · {duration(event.durationMs)}
                      </span>
                    </AppLink>
                  </li>
                ))}
              </ul>
            )}
            {schedules.length > 0 && (
              <>
                <h2 className="tm-section-title tm-home-second">Schedules</h2>
                <ul className="tm-card tm-links">
                  {schedules.map(({ id, schedule, active, matview }) => (
                    <li key={id}>
                      <AppLink to="/w/$workspace/views/$name" params={{ workspace, name: matview?.name ?? '' }} className="tm-links-row">
                        <span className="tm-truncate">{matview?.name ?? 'a view'}</span>
                        <code className="tm-mono tm-dim">{schedule}</code>
                        <span className="tm-links-end">
                          {active ? (
                            <span className="tm-badge" data-tone="ok">
                              runs
                            </span>
                          ) : (
                            <span className="tm-badge">paused</span>
                          )}
                        </span>
                      </AppLink>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </section>
        </div>
      )}
    </div>
  )
}
const NONE = {}

function Delta({ inserted, updated, deleted }: { inserted: string | null; updated: string | null; deleted: string | null }) {
  return (
    <span className="tm-delta tm-tabular">
      <span data-of="in">+{count(inserted ?? 0)}</span> <span data-of="up">~{count(updated ?? 0)}</span>{' '}
      <span data-of="out">−{count(deleted ?? 0)}</span>
    </span>
  )
}

/** A count that follows the table: one small subscription. */
function LiveCount({ live, estimate }: { live: string; estimate: number | null }) {
  const [total, setTotal] = useState<number | string | null>(null)
  useSubscription<Record<string, { totalCount: number | string }>>(`subscription { ${live}(first: 1) { totalCount } }`, NONE, ({ data }) =>
    setTotal(data?.[live]?.totalCount ?? null),
  )
  return <>{total !== null ? count(total) : estimate === null ? '…' : `~${count(estimate)}`}</>
}
