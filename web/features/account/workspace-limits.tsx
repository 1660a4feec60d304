// How much a workspace may take: its owner chooses, up to what the operator allows (the server says so in words). Called by workspace-settings.tsx.
import { Button, NumberInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useChange } from '../../shared/api/use-change.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { LIMITS } from './people.ts'

export interface Limits {
  refreshTimeoutMs: number
  connectionLimit: number
  tempFileLimitBytes: string
  storageQuotaBytes: string
  maxMatviewRows: string
}
const GB = 1024 ** 3
type Name = keyof Limits

/** `per`: how many of the server's units one of the page's is. BigInts travel as text. */
const FIELDS: { name: Name; label: string; about: string; per: number; text?: true; suffix: string }[] = [
  { name: 'refreshTimeoutMs', label: 'A refresh takes at most', about: 'Then it is stopped and fails', per: 1000, suffix: ' s' },
  { name: 'maxMatviewRows', label: 'A view has at most', about: 'More rows: the refresh fails', per: 1, text: true, suffix: ' rows' },
  { name: 'storageQuotaBytes', label: 'Storage', about: 'Uploads beyond it are refused', per: GB, text: true, suffix: ' GB' },
  {
    name: 'tempFileLimitBytes',
    label: 'Working space of a query',
    about: 'For sorts and joins on disk',
    per: GB,
    text: true,
    suffix: ' GB',
  },
  { name: 'connectionLimit', label: 'Connections', about: 'At once, to PostgreSQL', per: 1, suffix: '' },
]

export function WorkspaceLimits({ limits, editable }: { limits: Limits; editable: boolean }) {
  const shown = (name: Name, per: number) => Math.round((Number(limits[name]) / per) * 1000) / 1000
  const [values, setValues] = useState(
    () => Object.fromEntries(FIELDS.map(({ name, per }) => [name, shown(name, per)])) as Record<Name, number | string>,
  )
  const save = useChange(LIMITS)
  const changed = FIELDS.filter(({ name, per }) => values[name] !== '' && Number(values[name]) !== shown(name, per))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(
      Object.fromEntries(
        changed.map(({ name, per, text }) => {
          const number = Math.round(Number(values[name]) * per)
          return [name, text ? String(number) : number]
        }),
      ),
    )
  }
  return (
    <form className="tm-card tm-limits" onSubmit={submit} aria-label="Limits">
      {FIELDS.map(({ name, label, about, per, suffix }) => (
        <NumberInput
          key={name}
          label={label}
          description={about}
          readOnly={!editable}
          min={per === GB ? 0.001 : 1}
          decimalScale={per === GB ? 3 : 0}
          thousandSeparator={' '}
          suffix={suffix}
          hideControls
          value={values[name]}
          onChange={(value) => setValues((old) => ({ ...old, [name]: value }))}
        />
      ))}
      {editable && (
        <div className="tm-stack">
          {save.error && <Problem error={save.error} compact />}
          <div>
            <Button type="submit" disabled={!changed.length} loading={save.isPending}>
              Save the limits
            </Button>
          </div>
        </div>
      )}
    </form>
  )
}
