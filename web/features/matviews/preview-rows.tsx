// The first rows of a definition as a table. Called by view-form.tsx.
import { CellValue } from '../../shared/format/cell.tsx'
import type { Preview } from './preview-matview.ts'

export function PreviewRows({ preview: { columns, rows, more } }: { preview: Preview }) {
  return (
    <>
      <div className="tm-card tm-view-rows" role="region" aria-label="Preview" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map(({ name, type }) => (
                <th key={name} scope="col">
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
                  <td key={name}>
                    <CellValue value={row[name]} type={type} format={AUTO} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
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
