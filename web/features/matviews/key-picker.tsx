// Which columns tell rows apart, and why that matters. Called by view-form.tsx.
import { MultiSelect } from '@mantine/core'
import type { Value } from '../../shared/format/text.ts'
import type { Preview } from './preview-matview.ts'

interface Props {
  value: string[]
  onChange: (key: string[]) => void
  preview: Preview | undefined
}

/** What the first rows say against a key; null: nothing. */
function keyProblem(key: string[], rows: Record<string, Value>[]): string | null {
  const empty = key.find((name) => rows.some((row) => row[name] === null))
  if (empty) return `${empty} is empty in some rows: a key must always be there.`
  if (key.length && new Set(rows.map((row) => JSON.stringify(key.map((name) => row[name])))).size < rows.length)
    return 'Some rows share this key: add a column that tells them apart.'
  return null
}

export function KeyPicker({ value, onChange, preview }: Props) {
  const names = preview?.columns.map(({ name }) => name) ?? []
  const gone = preview ? value.find((name) => !names.includes(name)) : undefined
  const problem = gone === undefined ? keyProblem(value, preview?.rows ?? []) : `${gone} is not a column of the definition.`
  return (
    <MultiSelect
      label="Key"
      size="sm"
      description="Columns that tell rows apart: never empty, together unique. With one, an event says what changed in a row; without, one row went and one came."
      placeholder={value.length ? undefined : 'None'}
      data={[...new Set([...names, ...value])]}
      value={value}
      onChange={onChange}
      error={problem}
      clearable
      searchable
    />
  )
}
