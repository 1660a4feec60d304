// The sidebar on a narrow screen.
import { Drawer } from '@mantine/core'
import { Sidebar } from './sidebar.tsx'

export default function NavDrawer({ close, openPalette, openKeys }: { close: () => void; openPalette: () => void; openKeys: () => void }) {
  return (
    <Drawer.Root opened onClose={close} size={280}>
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content aria-label="Navigation">
        <Sidebar openPalette={() => (close(), openPalette())} openKeys={() => (close(), openKeys())} />
      </Drawer.Content>
    </Drawer.Root>
  )
}
