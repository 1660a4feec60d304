// The frame around every screen of a workspace: sidebar, the window as a drop zone, palette, shortcuts, chips of uploads.
import { ActionIcon } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconMenu2, IconSearch } from '@tabler/icons-react'
import { Outlet, useLocation } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { DropZone } from '../features/upload/drop-zone.tsx'
import { UploadChips } from '../features/upload/upload-chips.tsx'
import { UploadsProvider } from '../features/upload/uploads.tsx'
import { LiveDot } from '../shared/live/live-dot.tsx'
import { LiveProvider } from '../shared/live/live-provider.tsx'
import { useWorkspace, useWorkspaceInfo } from '../shared/api/session.ts'
import { RoleWatch } from './role-watch.tsx'
import { Sidebar } from './sidebar.tsx'
import { useShortcuts } from './use-shortcuts.ts'
import './shell.css'

const NavDrawer = lazy(() => import('./nav-drawer.tsx'))
const Palette = lazy(() => import('./palette.tsx'))
const KeyHelp = lazy(() => import('./key-help.tsx'))

export function Shell() {
  const workspace = useWorkspace()
  const name = useWorkspaceInfo()?.name ?? 'Tidemark'
  const [menu, { open, close }] = useDisclosure(false)
  const [layer, setLayer] = useState<'palette' | 'keys' | null>(null)
  const { pathname } = useLocation()
  useShortcuts({ openPalette: () => setLayer('palette'), openKeys: () => setLayer('keys') })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes whenever the address changes
  useEffect(close, [pathname])

  return (
    <LiveProvider workspace={workspace} key={workspace}>
      <RoleWatch />
      <UploadsProvider>
        <a className="tm-skip" href="#content">
          Skip to content
        </a>
        <div className="tm-shell">
          <div className="tm-topbar">
            <ActionIcon size={36} onClick={open} aria-label="Open navigation" aria-expanded={menu}>
              <IconMenu2 size={20} aria-hidden />
            </ActionIcon>
            <span className="tm-topbar-name tm-truncate">{name}</span>
            <span className="tm-spacer" />
            <LiveDot />
            <ActionIcon size={36} onClick={() => setLayer('palette')} aria-label="Find anything">
              <IconSearch size={19} aria-hidden />
            </ActionIcon>
          </div>
          <div className="tm-side">
            <Sidebar openPalette={() => setLayer('palette')} openKeys={() => setLayer('keys')} />
          </div>
          <main id="content" className="tm-main" tabIndex={-1}>
            <Suspense>
              <Outlet />
            </Suspense>
          </main>
        </div>
        <UploadChips />
        <DropZone />
        <Suspense>
          {menu && <NavDrawer close={close} openPalette={() => setLayer('palette')} openKeys={() => setLayer('keys')} />}
          {layer === 'palette' && <Palette close={() => setLayer(null)} openKeys={() => setLayer('keys')} />}
          {layer === 'keys' && <KeyHelp close={() => setLayer(null)} />}
        </Suspense>
      </UploadsProvider>
    </LiveProvider>
  )
}
