// What a format still wants to know: decimals, currency, style of dates, the end of the bar.
import { NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core'
import type { Format } from '../../shared/format/kinds.ts'
import { bare, resolveAuto } from '../../shared/format/kinds.ts'

const CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'CNY', 'INR', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'AUD', 'CAD', 'BRL']

export function FormatOptions({ format, type, set }: { format: Format; type: string; set: (format: Format) => void }) {
  const kind = format.kind === 'auto' ? resolveAuto(type) : format.kind
  const { opt = {} } = format
  const change = (part: Record<string, string | number | boolean>) => set({ kind, opt: { ...opt, ...part } })
  const decimals = (
    <NumberInput
      size="xs"
      label="Decimals"
      placeholder="as stored"
      min={0}
      max={12}
      value={typeof opt.decimals === 'number' ? opt.decimals : ''}
      onChange={(value) =>
        value === ''
          ? set({ kind, opt: Object.fromEntries(Object.entries(opt).filter(([name]) => name !== 'decimals')) })
          : change({ decimals: Number(value) })
      }
    />
  )
  return (
    <div
      role="group"
      aria-label="Options of the format"
      className="tm-menu-form"
      onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
    >
      {kind === 'number' && (
        <>
          {decimals}
          <Switch
            size="xs"
            label="Thousands apart"
            checked={opt.grouping !== false}
            onChange={(event) => change({ grouping: event.currentTarget.checked })}
          />
        </>
      )}
      {kind === 'currency' && (
        <>
          <NativeSelect
            size="xs"
            label="Currency"
            data={CURRENCIES}
            value={String(opt.currency ?? 'EUR')}
            onChange={(event) => change({ currency: event.currentTarget.value })}
          />
          {decimals}
        </>
      )}
      {kind === 'percent' && decimals}
      {kind === 'bar' && (
        <NumberInput size="xs" label="Full at" value={Number(opt.max ?? 100)} onChange={(value) => change({ max: Number(value) || 100 })} />
      )}
      {kind === 'date' && (
        <>
          <NativeSelect
            size="xs"
            label="Style"
            data={[
              { value: 'medium', label: 'Medium' },
              { value: 'short', label: 'Short' },
              { value: 'long', label: 'Long' },
              { value: 'iso', label: 'ISO 8601' },
            ]}
            value={String(opt.style ?? 'medium')}
            onChange={(event) => change({ style: event.currentTarget.value })}
          />
          {bare(type) !== 'date' && (
            <Switch
              size="xs"
              label="With the time"
              checked={opt.time !== false}
              onChange={(event) => change({ time: event.currentTarget.checked })}
            />
          )}
        </>
      )}
      {kind === 'bool' && (
        <>
          <TextInput
            size="xs"
            label="Word for yes"
            placeholder="Yes"
            value={String(opt.yes ?? '')}
            onChange={(event) => change({ yes: event.currentTarget.value || 'Yes' })}
          />
          <TextInput
            size="xs"
            label="Word for no"
            placeholder="No"
            value={String(opt.no ?? '')}
            onChange={(event) => change({ no: event.currentTarget.value || 'No' })}
          />
        </>
      )}
    </div>
  )
}
