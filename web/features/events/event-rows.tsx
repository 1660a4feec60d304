// The rows of one refresh as a table: what each was, what it became. Pure; called by event-changes.tsx.
import { ScrollRegion } from '../../shared/ui/scroll-region.tsx'
import type { Column } from '../../shared/api/catalog.ts'
import { formatText, rawText, type Value } from '../../shared/format/text.ts'

type Fields = Record<string, unknown>
export interface Change {
  seq: number
  op: string
  key: Fields
  old: Fields | null
  new: Fields | null
}

const OPS: Record<string, { sign: string; word: string; tone: string }> = {
  insert: { sign: '+', word: 'came', tone: 'ok' },
  update: { sign: '~', word: 'changed', tone: 'info' },
  delete: { sign: '−', word: 'went', tone: 'bad' },
}
const asText = (value: unknown, type: string | undefined) => {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'object') return JSON.stringify(value)
  return type === undefined ? rawText(value as Value) : formatText(value as Value, { kind: 'auto' }, type)
}

/**
 * The columns of the rows, in the order of the view as it is now; what it has no more comes last. jsonb keeps no order of its own.
 * A view without a key has a made-up one, which is nobody's business.
 */
export function columnsOf(changes: Change[], known: readonly Column[]): string[] {
  const found = new Set(changes.flatMap(({ key, old, new: now }) => Object.keys(now ?? old ?? key)))
  return [...known.map(({ name }) => name).filter((name) => found.delete(name)), ...found]
}

export function EventRows({ changes, known }: { changes: Change[]; known: readonly Column[] }) {
  const columns = columnsOf(changes, known)
  return (
    <ScrollRegion className="tm-event-rows" label="Rows of this refresh">
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {changes.map(({ seq, op, key, old, new: now }) => {
            const kind = OPS[op] ?? { sign: '', word: op, tone: '' }
            return (
              <tr key={seq} data-op={op}>
                <th scope="row">
                  <span className="tm-badge" data-tone={kind.tone}>
                    {kind.sign} {kind.word}
                  </span>
                </th>
                {columns.map((name) => {
                  const was = (old ?? key)[name]
                  const is = (now ?? old ?? key)[name]
                  const type = known.find((column) => column.name === name)?.type
                  const changed = op === 'update' && old && JSON.stringify(was) !== JSON.stringify(is)
                  return (
                    <td key={name} data-changed={changed || undefined}>
                      {changed && <del>{asText(was, type)}</del>} {op === 'delete' ? <del>{asText(is, type)}</del> : asText(is, type)}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </ScrollRegion>
  )
}
