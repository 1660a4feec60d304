// Text that is meant for elsewhere (SQL, a command line), with a button that copies it. "Show SQL" is this, folded.
import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { ScrollRegion } from './scroll-region.tsx'
import './copy-card.css'

interface Props {
  text: string
  label: string
  title?: string
  /** A sentence under the title. */
  about?: string
}

export function CopyCard({ text, label, title, about }: Props) {
  return (
    <figure className="tm-copy">
      {title && (
        <figcaption>
          {title}
          {about && <span>{about}</span>}
        </figcaption>
      )}
      <ScrollRegion label={label}>
        <pre>{text}</pre>
      </ScrollRegion>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon className="tm-copy-button" onClick={copy} aria-label={copied ? 'Copied' : `Copy ${label}`}>
              {copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </figure>
  )
}

export function ShowSql({ sql, label = 'Show SQL' }: { sql: string; label?: string }) {
  return (
    <details className="tm-show-sql">
      <summary>{label}</summary>
      <CopyCard text={sql} label="SQL" />
    </details>
  )
}
