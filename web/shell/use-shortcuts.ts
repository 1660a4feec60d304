// Shortcuts of the whole app. Single-key ones can be switched off in Settings (WCAG 2.1.4); Ctrl+K always works.
import { useGo } from '../shared/ui/use-go.ts'
import { useEffect, useRef } from 'react'
import { useWorkspace } from '../shared/api/session.ts'
import { readPreference } from '../shared/ui/preferences.ts'
import { SCREENS } from './navigation.ts'

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return !!element?.closest?.('input, textarea, select, [contenteditable="true"], .cm-editor')
}

export function useShortcuts({ openPalette, openKeys }: { openPalette: () => void; openKeys: () => void }): void {
  const navigate = useGo()
  const workspace = useWorkspace()
  const pendingG = useRef(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        openPalette()
        return
      }
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.defaultPrevented ||
        isTyping(event.target) ||
        readPreference('singleKeys') === 'off'
      )
        return
      // In a grid, letters replace the cell: only ? and / act there.
      const inGrid = !!(event.target as HTMLElement).closest?.('[role=grid][data-editable]')
      if (event.key === '?') return openKeys()
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]')
        if (!search) return
        event.preventDefault()
        return search.focus()
      }
      if (inGrid) return
      if (event.key === 'g') {
        pendingG.current = Date.now()
        return
      }
      if (Date.now() - pendingG.current > 1200) return
      pendingG.current = 0
      const screen = SCREENS.find(({ key }) => key === event.key)
      if (screen) {
        event.preventDefault()
        void navigate({ to: `/w/${workspace}${screen.path}` })
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, workspace, openPalette, openKeys])
}
