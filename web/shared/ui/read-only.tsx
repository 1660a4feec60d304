// Why there is nothing to press here: one line over what a reader may look at but not change.
import { IconEye } from '@tabler/icons-react'
import { useRole, useWorkspaceInfo } from '../api/session.ts'

export function ReadOnly({ what }: { what: string }) {
  const reader = useRole() === 'reader'
  const archived = useWorkspaceInfo()?.archived
  if (!reader) return null
  return (
    <p className="tm-read-only">
      <IconEye size={16} aria-hidden />
      {archived
        ? `This workspace is archived: ${what} can be looked at. An owner can restore it on the page of its people.`
        : `You are a reader here: you see ${what} and change nothing. An owner can make you an editor.`}
    </p>
  )
}
