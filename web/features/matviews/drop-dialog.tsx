// Asks before a view goes, and says what goes with it. Called by matview-actions.tsx.
import { Button, Group, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useWorkspace } from '../../shared/api/session.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { useReturnFocus } from '../../shared/ui/use-return-focus.ts'
import { dropMatview } from './drop-matview.ts'

export function DropDialog({ name, readers, close }: { name: string; readers: string[]; close: () => void }) {
  useReturnFocus()
  const workspace = useWorkspace()
  const go = useGo()
  const queries = useQueryClient()
  const drop = useMutation({
    mutationFn: () => dropMatview(workspace, name),
    onSuccess: async () => {
      await go({ to: '/w/$workspace', params: { workspace } })
      queries.removeQueries({ queryKey: ['matview', workspace, name] })
      await queries.invalidateQueries({ queryKey: ['catalog', workspace] })
    },
  })
  return (
    <Modal opened onClose={close} title={`Drop ${name}?`}>
      <p>
        The view, its rows and its schedule go; who listens is told so. The tables that it reads and the events of the past stay. "Export as
        migration" keeps the definition.
      </p>
      {readers.length > 0 && (
        <p className="tm-problem" data-compact style={{ display: 'block' }}>
          {readers.join(', ')} {readers.length === 1 ? 'reads' : 'read'} it. Drop {readers.length === 1 ? 'that' : 'those'} first: nothing
          is dropped behind your back.
        </p>
      )}
      {drop.error && <Problem error={drop.error} compact />}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" size="sm" onClick={close} data-autofocus>
          Keep it
        </Button>
        <Button color="red" size="sm" loading={drop.isPending} onClick={() => drop.mutate()}>
          Drop {name}
        </Button>
      </Group>
    </Modal>
  )
}
