// Ctrl+G.
import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { count } from '../../shared/format/text.ts'
import { useReturnFocus } from '../../shared/ui/use-return-focus.ts'

export function GoToRow({ count: total, close, go }: { count: number; close: () => void; go: (index: number) => void }) {
  useReturnFocus()
  const [text, setText] = useState('')
  const wanted = Number(text.replace(/[^\d]/g, ''))
  return (
    <Modal opened onClose={close} title="Go to row" size="xs">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          close()
          if (wanted) setTimeout(() => go(Math.max(0, Math.min(total - 1, wanted - 1))))
        }}
      >
        <TextInput
          data-autofocus
          label={`Row 1 to ${count(total)}`}
          inputMode="numeric"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" mt="sm" fullWidth disabled={!wanted}>
          Go
        </Button>
      </form>
    </Modal>
  )
}
