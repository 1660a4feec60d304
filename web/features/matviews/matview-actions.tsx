// What can be done with a view: refresh, pause, schedule, edit, export, drop. Called by matview-screen.tsx.
import { ActionIcon, Button, Menu } from '@mantine/core'
import {
  IconClockEdit,
  IconDots,
  IconFileExport,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { pauseSchedule } from '../../shared/api/pause-schedule.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { AppLink } from '../../shared/ui/app-link.tsx'
import { DropDialog } from './drop-dialog.tsx'
import { ExportDialog } from './export-dialog.tsx'
import type { Matview } from './fetch-matview.ts'
import { refreshMatview } from './refresh-matview.ts'
import { ScheduleDialog } from './schedule-dialog.tsx'

interface Props {
  view: Matview
  /** Who reads it: what stands in the way of dropping it. */
  readers: string[]
  failed: (error: unknown) => void
}

export function MatviewActions({ view, readers, failed }: Props) {
  const workspace = useWorkspace()
  const reader = useRole() === 'reader'
  const { name, scheduling } = view
  const [open, setOpen] = useState<'schedule' | 'drop' | 'export' | null>(null)
  const close = () => setOpen(null)
  const told = { onMutate: () => failed(null), onError: failed }
  const refresh = useMutation({ mutationFn: () => refreshMatview(workspace, name), ...told })
  const pause = useMutation({ mutationFn: () => pauseSchedule(workspace, name, scheduling!.active), ...told })
  return (
    <>
      {!reader && (
        <>
          <Button leftSection={<IconRefresh size={15} aria-hidden />} loading={refresh.isPending} onClick={() => refresh.mutate()}>
            Refresh now
          </Button>
          {scheduling && (
            <Button
              variant="default"
              loading={pause.isPending}
              leftSection={scheduling.active ? <IconPlayerPause size={15} aria-hidden /> : <IconPlayerPlay size={15} aria-hidden />}
              onClick={() => pause.mutate()}
            >
              {scheduling.active ? 'Pause' : 'Resume'}
            </Button>
          )}
          <Button variant="default" leftSection={<IconClockEdit size={15} aria-hidden />} onClick={() => setOpen('schedule')}>
            Schedule
          </Button>
          <Button
            variant="default"
            leftSection={<IconPencil size={15} aria-hidden />}
            renderRoot={(props) => <AppLink to="/w/$workspace/views/$name/edit" params={{ workspace, name }} {...props} />}
          >
            Edit
          </Button>
        </>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More">
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconFileExport size={15} aria-hidden />} onClick={() => setOpen('export')}>
            Export as migration
          </Menu.Item>
          {!reader && (
            <Menu.Item color="red" leftSection={<IconTrash size={15} aria-hidden />} onClick={() => setOpen('drop')}>
              Drop…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'schedule' && <ScheduleDialog view={view} close={close} />}
      {open === 'drop' && <DropDialog name={name} readers={readers} close={close} />}
      {open === 'export' && <ExportDialog name={name} close={close} />}
    </>
  )
}
