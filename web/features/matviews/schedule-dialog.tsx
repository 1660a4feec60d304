// Change when a view refreshes. Called by matview-actions.tsx.
import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useWorkspace } from '../../shared/api/session.ts'
import { scheduleProblem } from '../../shared/format/schedule.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { useReturnFocus } from '../../shared/ui/use-return-focus.ts'
import type { Matview } from './fetch-matview.ts'
import { scheduleMatview } from './schedule-matview.ts'
import { SchedulePicker } from './schedule-picker.tsx'

export function ScheduleDialog({ view, close }: { view: Matview; close: () => void }) {
  useReturnFocus()
  const workspace = useWorkspace()
  const [schedule, setSchedule] = useState(view.schedule)
  const save = useMutation({
    mutationFn: () => scheduleMatview(workspace, view.name, schedule),
    onSuccess: close,
  })
  return (
    <Modal opened onClose={close} title={`When ${view.name} refreshes`} size="lg">
      <SchedulePicker value={schedule} onChange={setSchedule} />
      {view.scheduling && !view.scheduling.active && <p className="tm-small tm-dim">It is paused; a schedule that is saved runs again.</p>}
      {save.error && <Problem error={save.error} compact />}
      <Button
        mt="lg"
        size="sm"
        loading={save.isPending}
        disabled={schedule !== null && scheduleProblem(schedule) !== null}
        onClick={() => save.mutate()}
      >
        Save
      </Button>
    </Modal>
  )
}
