// A button that asks before it does: the question stands where the button is, not in a window over the page.
// Called by the people and tokens screens.
import { Button, Popover } from '@mantine/core'
import { useState, type ReactNode } from 'react'

interface Props {
  label: string
  /** What happens, in a sentence. */
  question: ReactNode
  confirm: string
  loading: boolean
  disabled?: boolean
  size?: 'compact-xs' | 'xs' | 'sm'
  onConfirm: () => void
}

export function ConfirmButton({ label, question, confirm, loading, disabled = false, size = 'compact-xs', onConfirm }: Props) {
  const [opened, setOpened] = useState(false)
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size={size} disabled={disabled} loading={loading} onClick={() => setOpened(!opened)}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <div className="tm-stack">
          <span>{question}</span>
          <span className="tm-actions">
            <Button color="red" onClick={() => (setOpened(false), onConfirm())}>
              {confirm}
            </Button>
            <Button variant="default" onClick={() => setOpened(false)}>
              Cancel
            </Button>
          </span>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
