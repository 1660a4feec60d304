// The rows of one refresh as a table: what each was, what it became. Pure; called by event-changes.tsx.
import { ScrollRegion } from '../../shared/ui/scroll-region.tsx'
import { rawText, type Value } from '../../shared/format/text.ts'

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
const text = (value: unknown) =>
  value === null || value === undefined ? 'null' : rawText((typeof value === 'object' ? JSON.stringify(value) : value) as Value)

/** The columns in the order of the row. A view without a key has a made-up one, which is nobody's business. */
export function columnsOf(changes: Change[]): string[] {
  return [...new Set(changes.flatMap(({ key, old, new: now }) => Object.keys(now ?? old ?? key)))]
}

export function EventRows({ changes }: { changes: Change[] }) {
  const columns = columnsOf(changes)
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
                  const changed = op === 'update' && old && JSON.stringify(was) !== JSON.stringify(is)
                  return (
                    <td key={name} data-changed={changed || undefined}>
                      {changed && <del>{text(was)}</del>} {op === 'delete' ? <del>{text(is)}</del> : text(is)}
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
