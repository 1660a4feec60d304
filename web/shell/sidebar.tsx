// Navigation: workspace, quick find, screens, every relation by itself, the account.
import { ActionIcon, Tooltip } from '@mantine/core'
import { IconKeyboard, IconPlus, IconSearch } from '@tabler/icons-react'
import { useCatalog } from '../shared/api/use-catalog.ts'
import type { Relation, RelationKind } from '../shared/api/catalog.ts'
import { useRole, useWorkspace } from '../shared/api/session.ts'
import { count } from '../shared/format/text.ts'
import { AppLink, relationTo } from '../shared/ui/app-link.tsx'
import { RelationIcon } from '../shared/ui/relation-icon.tsx'
import { LiveDot } from '../shared/live/live-dot.tsx'
import { AccountMenu } from './account-menu.tsx'
import { SCREENS } from './navigation.ts'
import { WorkspaceMenu } from './workspace-menu.tsx'

const GROUPS: { title: string; kinds: RelationKind[]; empty: string }[] = [
  { title: 'Tables', kinds: ['table', 'foreign'], empty: 'Drop a CSV anywhere to make one.' },
  { title: 'Views', kinds: ['matview', 'view'], empty: 'Made of a SELECT over tables.' },
]

export function Sidebar({ openPalette, openKeys }: { openPalette: () => void; openKeys: () => void }) {
  const workspace = useWorkspace()
  const { data: relations } = useCatalog()
  const role = useRole()
  return (
    <nav className="tm-nav" aria-label="Workspace">
      <div className="tm-nav-head">
        <WorkspaceMenu />
      </div>
      <button type="button" className="tm-find" onClick={openPalette}>
        <IconSearch size={15} aria-hidden />
        <span>Find anything</span>
        <kbd className="tm-kbd">Ctrl K</kbd>
      </button>
      <div className="tm-nav-scroll">
        <ul className="tm-nav-list">
          {SCREENS.filter((screen) => screen.part === 'top').map((screen) => (
            <ScreenLink key={screen.name} workspace={workspace} screen={screen} />
          ))}
        </ul>
        {GROUPS.map((group) => {
          const own = relations?.filter((relation) => group.kinds.includes(relation.kind)) ?? []
          return (
            <section key={group.title} aria-label={group.title}>
              <div className="tm-nav-title">
                <h2>{group.title}</h2>
                {role !== 'reader' && group.title === 'Views' && (
                  <Tooltip label="Make a view">
                    <ActionIcon component={AppLink} to={`/w/${workspace}/views/new`} size={24} aria-label="Make a view">
                      <IconPlus size={14} aria-hidden />
                    </ActionIcon>
                  </Tooltip>
                )}
              </div>
              <ul className="tm-nav-list">
                {own.map((relation) => (
                  <RelationLink key={relation.name} workspace={workspace} relation={relation} />
                ))}
              </ul>
              {relations && own.length === 0 && <p className="tm-nav-empty">{group.empty}</p>}
            </section>
          )
        })}
      </div>
      <ul className="tm-nav-list tm-nav-bottom">
        {SCREENS.filter((screen) => screen.part === 'bottom').map((screen) => (
          <ScreenLink key={screen.name} workspace={workspace} screen={screen} />
        ))}
      </ul>
      <div className="tm-nav-foot">
        <AccountMenu />
        <LiveDot />
        <Tooltip label="Keyboard (?)">
          <ActionIcon onClick={openKeys} aria-label="Keyboard shortcuts">
            <IconKeyboard size={17} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </nav>
  )
}

function ScreenLink({ workspace, screen }: { workspace: string; screen: (typeof SCREENS)[number] }) {
  const Icon = screen.icon
  return (
    <li>
      <AppLink
        to={`/w/${workspace}${screen.path}`}
        className="tm-nav-link"
        activeOptions={{ exact: screen.path === '', includeSearch: false }}
      >
        <Icon size={16} stroke={1.7} aria-hidden />
        <span className="tm-truncate">{screen.name}</span>
      </AppLink>
    </li>
  )
}

function RelationLink({ workspace, relation }: { workspace: string; relation: Relation }) {
  return (
    <li>
      <AppLink {...relationTo(workspace, relation.name)} className="tm-nav-link" activeOptions={{ includeSearch: false }}>
        <RelationIcon kind={relation.kind} />
        <span className="tm-truncate">{relation.name}</span>
        {relation.estimatedRows !== null && (
          <span className="tm-nav-count" title="rows, about">
            ~{count(relation.estimatedRows, true)}
          </span>
        )}
      </AppLink>
    </li>
  )
}
