// The view as a migration to copy. Called by matview-actions.tsx.
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useWorkspace } from '../../shared/api/session.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { useReturnFocus } from '../../shared/ui/use-return-focus.ts'
import { exportMatview } from './export-matview.ts'

export function ExportDialog({ name, close }: { name: string; close: () => void }) {
  useReturnFocus()
  const workspace = useWorkspace()
  const { data, error, refetch } = useQuery({
    queryKey: ['export', workspace, name],
    queryFn: () => exportMatview(workspace, name),
    gcTime: 0,
    retry: false,
  })
  return (
    <Modal opened onClose={close} title={`${name} as a migration`} size="xl">
      <p className="tm-dim tm-small">
        For migrations/current of graphile-migrate: definition, key, announcement and schedule. It may be run again.
      </p>
      {error ? (
        <Problem error={error} retry={() => void refetch()} compact />
      ) : data ? (
        <CopyCard text={data} label="migration" />
      ) : (
        <Waiting />
      )}
    </Modal>
  )
}
