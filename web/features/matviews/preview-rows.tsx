// The first rows of a definition as a table. Called by view-form.tsx.
import { CellValue } from '../../shared/format/cell.tsx'
import { isNumber } from '../../shared/format/kinds.ts'
import { ScrollRegion } from '../../shared/ui/scroll-region.tsx'
import type { Preview } from './preview-matview.ts'

export function PreviewRows({ preview: { columns, rows, more } }: { preview: Preview }) {
  return (
    <>
      <ScrollRegion className="tm-card tm-view-rows" label="Preview">
        <table>
          <thead>
            <tr>
              {columns.map(({ name, type }) => (
                <th key={name} scope="col" className={isNumber(type) ? 'tm-right' : undefined}>
                  {name}
                  <span className="tm-dim tm-mono">{type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {columns.map(({ name, type }) => (
                  <td key={name} className={isNumber(type) ? 'tm-right' : undefined}>
                    <CellValue value={row[name]} type={type} format={AUTO} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <p className="tm-dim tm-small" role="status">
        {rows.length === 0
          ? 'No rows: the definition is right, and nothing matches it now.'
          : more
            ? `The first ${rows.length} rows.`
            : rows.length === 1
              ? 'One row, and no more.'
              : `All ${rows.length} rows.`}
      </p>
    </>
  )
}
const AUTO = { kind: 'auto' } as const
