// Import → View → Schedule → Send → First mark: shown until the first event.
import { IconCheck } from '@tabler/icons-react'
import { AppLink } from '../../shared/ui/app-link.tsx'

interface Props {
  steps: { imported: boolean; viewed: boolean; scheduled: boolean; marked: boolean }
  workspace: string
  table: string | null
}

export function Checklist({ steps, workspace, table }: Props) {
  const all = [
    { name: 'Import', about: 'a CSV becomes a table', done: steps.imported, to: `/w/${workspace}/import` },
    {
      name: 'View',
      about: 'a SELECT over it',
      done: steps.viewed,
      to: `/w/${workspace}/views/new`,
      search: table ? { from: table } : undefined,
    },
    { name: 'Schedule', about: 'when it refreshes', done: steps.scheduled, to: `/w/${workspace}/schedules` },
    { name: 'Send', about: 'who is told', done: steps.marked, to: `/w/${workspace}/events` },
    { name: 'First mark', about: 'an event with its rows', done: steps.marked, to: `/w/${workspace}/events` },
  ]
  const next = all.findIndex(({ done }) => !done)
  return (
    <ol className="tm-steps" aria-label="First steps">
      {all.map(({ name, about, done, to, search }, index) => (
        <li
          key={name}
          data-done={done || undefined}
          data-next={index === next || undefined}
          aria-current={index === next ? 'step' : undefined}
        >
          <AppLink to={to} search={search}>
            <span className="tm-step-mark" aria-hidden>
              {done ? <IconCheck size={13} stroke={3} /> : index + 1}
            </span>
            <span>
              <b>{name}</b>
              <span className="tm-step-about">{about}</span>
              {done && <span className="tm-visually-hidden">done</span>}
            </span>
          </AppLink>
        </li>
      ))}
    </ol>
  )
}
