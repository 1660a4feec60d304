// A value as it looks in a grid or on a record page. Everything that is not plain text still says its value in words.
import { IconCheck, IconExternalLink, IconMinus } from '@tabler/icons-react'
import { mayShowImage } from './image-hosts.ts'
import { resolveAuto, type Format } from './kinds.ts'
import { formatText, isTrue, parseDate, rawText, type Value } from './text.ts'

/** Only addresses that open a page: `javascript:` in somebody's data must not become a link. */
function safeUrl(value: Value): string | null {
  const text = String(value)
  return /^https?:\/\/\S+$/i.test(text) ? text : /^[^\s@/]+@[^\s@/]+\.[a-z]{2,}$/i.test(text) ? `mailto:${text}` : null
}

const NOT_SHOWN =
  'Not shown as a picture: your browser would ask that host for it. Whoever runs this Tidemark can allow the host (TIDEMARK_IMAGE_HOSTS).'

function CellLink({ url, text, why }: { url: string; text: string; why?: string }) {
  return (
    <a className="tm-cell-link" href={url} target="_blank" rel="noopener noreferrer" tabIndex={-1} title={why}>
      {text.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '')}
      <IconExternalLink size={12} aria-label="opens in a new tab" />
    </a>
  )
}

/** The same value has the same colour everywhere: a hash picks one of eight. */
function tagColour(text: string): number {
  let hash = 7
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0
  return Math.abs(hash) % 8
}

export function CellValue({ value, format, type }: { value: Value; format: Format; type: string }) {
  if (value === null || value === undefined) return <span className="tm-null">null</span>
  if (value === '') return <span className="tm-null">empty</span>
  const kind = format.kind === 'auto' ? resolveAuto(type) : format.kind
  switch (kind) {
    case 'bool': {
      const yes = isTrue(value)
      return (
        <span className="tm-bool" data-yes={yes || undefined}>
          {yes ? <IconCheck size={14} stroke={2.4} aria-hidden /> : <IconMinus size={14} stroke={2} aria-hidden />}
          {formatText(value, format, type)}
        </span>
      )
    }
    case 'tag':
      return (
        <span className="tm-tag" data-c={tagColour(String(value))}>
          {rawText(value)}
        </span>
      )
    case 'link': {
      const url = safeUrl(value)
      return url ? <CellLink url={url} text={rawText(value)} /> : <>{rawText(value)}</>
    }
    case 'image': {
      const url = String(value)
      if (mayShowImage(url)) return <img className="tm-image" src={url} alt={rawText(value)} loading="lazy" referrerPolicy="no-referrer" />
      const page = safeUrl(value)
      return page ? <CellLink url={page} text={rawText(value)} why={NOT_SHOWN} /> : <>{rawText(value)}</>
    }
    case 'json':
      return <span className="tm-mono">{rawText(value)}</span>
    case 'bar': {
      const max = Number(format.opt?.max ?? 100) || 100
      const share = Math.max(0, Math.min(1, Number(value) / max))
      return (
        <span className="tm-bar">
          <span className="tm-bar-track" aria-hidden>
            <span className="tm-bar-fill" style={{ width: `${share * 100}%` }} />
          </span>
          <span>{formatText(value, format, type)}</span>
        </span>
      )
    }
    case 'date':
    case 'relative':
      return <span title={parseDate(value) ? rawText(value) : undefined}>{formatText(value, format, type)}</span>
    default:
      return <>{formatText(value, format, type)}</>
  }
}
