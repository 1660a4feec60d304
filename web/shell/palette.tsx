// Ctrl+K: relations, screens and actions by a few letters. A combobox with a listbox; the arrow keys stay in the input.
import { Modal, useMantineColorScheme } from '@mantine/core'
import { IconCornerDownLeft, IconKeyboard, IconLogout, IconMoon, IconPlus, IconSun } from '@tabler/icons-react'
import { useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useCatalog } from '../shared/api/use-catalog.ts'
import { signOut, useSession, useWorkspace } from '../shared/api/session.ts'
import { relationTo } from '../shared/ui/app-link.tsx'
import { useGo } from '../shared/ui/use-go.ts'
import { KIND_WORDS, RelationIcon } from '../shared/ui/relation-icon.tsx'
import { SCREENS } from './navigation.ts'
import { useReturnFocus } from '../shared/ui/use-return-focus.ts'

interface Entry {
  id: string
  name: string
  about: string
  icon: ReactNode
  run: () => void
}

/** Letters in order, closer together is better; 0 = no match. */
function score(text: string, wanted: string): number {
  const hay = text.toLowerCase()
  const at = hay.indexOf(wanted)
  if (at >= 0) return 100 - at - hay.length / 100
  let from = 0
  for (const letter of wanted) {
    const found = hay.indexOf(letter, from)
    if (found < 0) return 0
    from = found + 1
  }
  return 20 - from / 100
}

export default function Palette({ close, openKeys }: { close: () => void; openKeys: () => void }) {
  useReturnFocus()
  const workspace = useWorkspace()
  const { workspaces } = useSession()
  const { data: relations } = useCatalog()
  const navigate = useGo()
  const { setColorScheme } = useMantineColorScheme()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)

  const entries = useMemo<Entry[]>(() => {
    const go = (to: string) => () => void navigate({ to })
    return [
      ...(relations ?? []).map((relation) => ({
        id: `r-${relation.name}`,
        name: relation.name,
        about: KIND_WORDS[relation.kind],
        icon: <RelationIcon kind={relation.kind} />,
        run: () => void navigate(relationTo(workspace, relation.name)),
      })),
      ...SCREENS.map(({ name, path, about, icon: Icon }) => ({
        id: `s-${name}`,
        name,
        about,
        icon: <Icon size={16} stroke={1.7} />,
        run: go(`/w/${workspace}${path}`),
      })),
      {
        id: 'a-view',
        name: 'Make a view',
        about: 'A SELECT that refreshes by itself',
        icon: <IconPlus size={16} />,
        run: go(`/w/${workspace}/views/new`),
      },
      { id: 'a-dark', name: 'Dark appearance', about: 'Settings', icon: <IconMoon size={16} />, run: () => setColorScheme('dark') },
      { id: 'a-light', name: 'Light appearance', about: 'Settings', icon: <IconSun size={16} />, run: () => setColorScheme('light') },
      { id: 'a-keys', name: 'Keyboard shortcuts', about: '?', icon: <IconKeyboard size={16} />, run: openKeys },
      ...workspaces
        .filter(({ id }) => id !== workspace)
        .map(({ id, name }) => ({ id: `w-${id}`, name, about: 'Workspace', icon: <IconCornerDownLeft size={16} />, run: go(`/w/${id}`) })),
      { id: 'a-out', name: 'Sign out', about: 'Account', icon: <IconLogout size={16} />, run: () => void signOut() },
    ]
  }, [relations, workspaces, workspace, navigate, setColorScheme, openKeys])

  const wanted = text.trim().toLowerCase()
  const found = wanted
    ? entries
        .map((entry) => ({ entry, points: Math.max(score(entry.name, wanted), score(entry.about, wanted) / 3) }))
        .filter(({ points }) => points > 0)
        .sort((a, b) => b.points - a.points)
        .map(({ entry }) => entry)
    : entries
  const shown = found.slice(0, 60)
  const at = Math.min(active, shown.length - 1)
  const run = (entry: Entry | undefined) => {
    if (!entry) return
    close()
    entry.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.max(0, Math.min(shown.length - 1, at + step))
      setActive(next)
      document.getElementById(`palette-${shown[next]?.id}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(shown[at])
    }
  }

  return (
    <Modal opened onClose={close} withCloseButton={false} padding={0} size={560} yOffset="12vh" centered={false} aria-label="Find anything">
      <input
        className="tm-palette-input"
        placeholder="Find a relation, a screen, an action…"
        data-autofocus
        value={text}
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={shown[at] ? `palette-${shown[at].id}` : undefined}
        aria-label="Find anything"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => (setText(event.currentTarget.value), setActive(0))}
        onKeyDown={onKeyDown}
      />
      <div id="palette-list" role="listbox" aria-label="Results" className="tm-palette">
        {shown.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, which names the active option
          <div
            key={entry.id}
            id={`palette-${entry.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onMouseMove={() => setActive(index)}
            onClick={() => run(entry)}
          >
            <span className="tm-palette-icon" aria-hidden>
              {entry.icon}
            </span>
            <span className="tm-truncate">{entry.name}</span>
            <span className="tm-palette-about">{entry.about}</span>
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p className="tm-palette-none" role="status">
          Nothing is called “{text}”.
        </p>
      )}
    </Modal>
  )
}
