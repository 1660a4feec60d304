// /w/<workspace>/<relation>: the page that every table, view and materialized view has by itself.
import { Button } from '@mantine/core'
import { IconTableOff } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { useRelation } from '../../shared/api/use-catalog.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { RelationView } from './relation-view.tsx'

export function RelationScreen() {
  const workspace = useWorkspace()
  const name = useParams({ strict: false }).relation ?? ''
  const { relation, isLoading, error } = useRelation(name)
  if (isLoading)
    return (
      <div className="tm-page">
        <Waiting lines={8} />
      </div>
    )
  if (error)
    return (
      <div className="tm-page">
        <Problem error={error} retry={() => location.reload()} />
      </div>
    )
  if (!relation)
    return (
      <div className="tm-page">
        <title>{`${name} · Tidemark`}</title>
        <h1 className="tm-visually-hidden">{name}</h1>
        <Empty
          icon={IconTableOff}
          title={`There is no ${name} in this workspace`}
          action={
            <Button component="a" href={`/w/${workspace}/import`} variant="default">
              Import a file
            </Button>
          }
        >
          It may have been dropped or renamed, or you may not see it. If somebody makes it, this page shows it by itself.
        </Empty>
      </div>
    )
  if (!relation.api)
    return (
      <div className="tm-page">
        <h1 className="tm-visually-hidden">{name}</h1>
        <Empty
          icon={IconTableOff}
          title={`${name} cannot be shown yet`}
          action={<AppLink to={`/w/${workspace}/api`}>Open the API page</AppLink>}
        >
          The API has no name for it. It appears here as soon as the API is built again, usually within a second.
        </Empty>
      </div>
    )
  return <RelationView key={`${workspace}/${name}`} relation={relation} />
}
