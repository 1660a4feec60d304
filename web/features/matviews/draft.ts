// What a person is writing: a view that is not there yet, or a change of one. Held by the two screens, filled by view-form.tsx.
export type NotifyWhen = 'NOT_EMPTY' | 'CHANGED' | 'ALWAYS'

export interface Draft {
  name: string
  definition: string
  key: string[]
  /** null: refreshed by hand only. */
  schedule: string | null
  notifyWhen: NotifyWhen
}

export const NOTIFY: { value: NotifyWhen; name: string; about: string }[] = [
  { value: 'NOT_EMPTY', name: 'When it has rows', about: 'every refresh after which the view is not empty' },
  { value: 'CHANGED', name: 'When rows changed', about: 'something came, changed or went' },
  { value: 'ALWAYS', name: 'Always', about: 'every refresh, whatever it brought' },
]

/** An identifier as SQL takes it: bare when it may be. */
const ident = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

export const startOf = (from: string | undefined): string => (from ? `SELECT *\nFROM ${ident(from)}` : 'SELECT ')

/** The SQL behind the form. */
export function draftSql({ name, definition, key, schedule, notifyWhen }: Draft): string {
  const body = definition.trim().replace(/;\s*$/, '')
  return [
    `create materialized view ${ident(name || 'name')} as\n${body};`,
    `-- key: ${key.length ? key.map(ident).join(', ') : 'none'}`,
    `-- schedule: ${schedule ?? 'by hand'}`,
    `-- announced: ${notifyWhen.toLowerCase()}`,
  ].join('\n')
}

/** The place of an error in the definition: PostgreSQL counts characters from 1, an editor UTF-16 units from 0. */
export function offsetOf(definition: string, position: unknown): number | null {
  const at = Number(position)
  if (!Number.isInteger(at) || at < 1) return null
  return Array.from(definition)
    .slice(0, at - 1)
    .join('').length
}
