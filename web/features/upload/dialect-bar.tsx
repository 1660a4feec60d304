// How the file is read, each guess to be changed: delimiter, quote, encoding, header, lines before it.
import { NativeSelect, NumberInput, Switch } from '@mantine/core'
import type { Dialect } from '../../../server/upload/dialect.ts'
import type { Known } from '../../../server/upload/sniff.ts'

const DELIMITERS = [
  { value: ',', label: 'Comma ,' },
  { value: ';', label: 'Semicolon ;' },
  { value: '\t', label: 'Tab' },
  { value: '|', label: 'Pipe |' },
  { value: ':', label: 'Colon :' },
  { value: ' ', label: 'Space' },
]

export function DialectBar({ dialect, set }: { dialect: Dialect; set: (part: Known) => void }) {
  const delimiters = DELIMITERS.some(({ value }) => value === dialect.delimiter)
    ? DELIMITERS
    : [...DELIMITERS, { value: dialect.delimiter, label: `"${dialect.delimiter}"` }]
  return (
    <div className="tm-dialect" role="group" aria-label="How the file is read">
      <NativeSelect
        size="xs"
        label="Delimiter"
        data={delimiters}
        value={dialect.delimiter}
        onChange={(event) => set({ delimiter: event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        label="Quote"
        data={[
          { value: '"', label: 'Double "' },
          { value: "'", label: "Single '" },
          { value: '', label: 'None' },
        ]}
        value={dialect.quote}
        onChange={(event) => set({ quote: event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        label="Encoding"
        data={['utf-8', 'windows-1252', 'utf-16le', 'utf-16be']}
        value={dialect.encoding}
        onChange={(event) => set({ encoding: event.currentTarget.value as Dialect['encoding'] })}
      />
      <NumberInput
        size="xs"
        label="Skip lines"
        w={72}
        min={0}
        max={1000}
        value={dialect.preamble}
        onChange={(value) => set({ preamble: Number(value) || 0 })}
      />
      <Switch size="xs" label="Header" checked={dialect.header} onChange={(event) => set({ header: event.currentTarget.checked })} />
    </div>
  )
}
