// The first 50 rows under their columns; per column: name, type, how sure, what would not fit.
import { NativeSelect, TextInput, Checkbox } from '@mantine/core'
import { count } from '../../shared/format/text.ts'
import { ScrollRegion } from '../../shared/ui/scroll-region.tsx'
import { TYPES, type Preview } from './preview.ts'

/** As the `columns` option of /upload-file takes it. */
export interface ColumnChoice {
  name?: string
  type?: string
  skip?: boolean
}

interface Props {
  preview: Preview
  choices: Record<string, ColumnChoice>
  setChoices: (choices: Record<string, ColumnChoice>) => void
  file: string
}

export function PreviewTable({ preview, choices, setChoices, file }: Props) {
  const choose = (source: string, part: ColumnChoice) => {
    const next = { ...choices[source], ...part }
    if (!next.name || next.name === source) delete next.name
    if (!next.skip) delete next.skip
    const all = { ...choices, [source]: next }
    if (!Object.keys(next).length) delete all[source]
    setChoices(all)
  }
  return (
    <ScrollRegion className="tm-card tm-preview-table" label={`First rows of ${file}`}>
      <table>
        <thead>
          <tr>
            <th scope="col" className="tm-preview-line">
              Line
            </th>
            {preview.columns.map((column, index) => {
              const choice = choices[column.source]
              const type = choice?.type ?? column.type
              const { lines, count: misfits } =
                choice?.type && choice.type !== column.type ? preview.misfits(index, choice.type) : { lines: [], count: 0 }
              return (
                <th key={column.source} scope="col" data-skip={choice?.skip || undefined}>
                  <div className="tm-preview-column">
                    <span className="tm-preview-names">
                      <Checkbox
                        size="xs"
                        aria-label={`Import ${column.source}`}
                        checked={!choice?.skip}
                        onChange={(event) => choose(column.source, { skip: !event.currentTarget.checked })}
                      />
                      <TextInput
                        size="xs"
                        variant="unstyled"
                        aria-label={`Name of column ${index + 1}`}
                        value={choice?.name ?? column.source}
                        disabled={choice?.skip}
                        onChange={(event) => choose(column.source, { name: event.currentTarget.value })}
                      />
                    </span>
                    <NativeSelect
                      size="xs"
                      aria-label={`Type of ${column.source}`}
                      data={[...TYPES]}
                      value={type}
                      disabled={choice?.skip}
                      onChange={(event) =>
                        choose(column.source, {
                          type: event.currentTarget.value === column.type ? undefined : event.currentTarget.value,
                        } as ColumnChoice)
                      }
                    />
                    {misfits > 0 ? (
                      <span className="tm-preview-note" data-tone="bad">
                        {count(misfits)} would fail: line {lines.map((line) => count(line)).join(', ')}
                        {misfits > lines.length && ' …'}
                      </span>
                    ) : column.nearly && !choice?.type ? (
                      <button
                        type="button"
                        className="tm-preview-note"
                        data-tone="warn"
                        title={`Use ${column.nearly.type}`}
                        onClick={() => choose(column.source, { type: column.nearly!.type })}
                      >
                        {column.nearly.type} {Math.floor(column.nearly.share * 1000) / 10} %: not line{' '}
                        {column.nearly.lines.map((line) => count(line)).join(', ')}
                      </button>
                    ) : (
                      <span className="tm-preview-note">
                        {column.filled === 0
                          ? 'no values'
                          : column.filled < 1
                            ? `${Math.round(column.filled * 100)} % filled`
                            : preview.whole
                              ? 'all rows fit'
                              : 'all of the sample fit'}
                      </span>
                    )}
                  </div>
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((cells, row) => (
            <tr key={row}>
              <td className="tm-preview-line tm-tabular">{count(preview.lines[row])}</td>
              {preview.columns.map((column, index) => (
                <td
                  key={column.source}
                  data-skip={choices[column.source]?.skip || undefined}
                  data-right={/int|numeric|double/.test(choices[column.source]?.type ?? column.type) || undefined}
                  title={cells[index]}
                >
                  {cells[index] === '' || cells[index] === undefined ? <span className="tm-null">null</span> : cells[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}
