// A secret that the server tells once: it stays until it is closed by hand, never by a click beside it.
// Called by tokens, webhooks and invites.
import { Button, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { CopyCard } from './copy-card.tsx'

interface Props {
  title: string
  secret: string | null
  /** What it is called, e.g. "Token". */
  label: string
  close: () => void
  /** A line to try it with. */
  example?: string | undefined
  children?: ReactNode
}

export function SecretOnce({ title, secret, label, close, example, children }: Props) {
  return (
    <Modal opened={secret !== null} onClose={close} title={title} closeOnClickOutside={false} closeOnEscape={false} size="lg">
      <div className="tm-stack">
        <CopyCard text={secret ?? ''} label={label} />
        <div className="tm-dim">It is shown this once: nobody can look it up later. {children}</div>
        {example && <CopyCard title="Try it" text={example} label="line to try it" />}
        <div>
          <Button onClick={close}>I have kept it</Button>
        </div>
      </div>
    </Modal>
  )
}
