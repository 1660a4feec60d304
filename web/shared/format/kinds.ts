// The formats that a person can give a column. One entry per kind: its name, what it needs, which types it suits.
// To add one: an entry here, a case in text.ts (plain text: copy, search, export) and, if it is not plain text, in cell.tsx.
export type FormatKind =
  | 'auto'
  | 'text'
  | 'number'
  | 'currency'
  | 'percent'
  | 'bytes'
  | 'date'
  | 'relative'
  | 'bool'
  | 'json'
  | 'link'
  | 'image'
  | 'tag'
  | 'bar'

export interface Format {
  kind: FormatKind
  /** decimals, currency code, date style, maximum of a bar: what the kind's editor writes. */
  opt?: Record<string, string | number | boolean>
}

export interface FormatSpec {
  kind: FormatKind
  name: string
  about: string
  suits: (type: string) => boolean
}

const NUMBERS = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'money', 'oid'])
const DATES = new Set(['date', 'timestamp without time zone', 'timestamp with time zone', 'timestamp', 'timestamptz'])

export const isNumber = (type: string) => NUMBERS.has(bare(type))
export const isDate = (type: string) => DATES.has(bare(type))
export const isJson = (type: string) => bare(type) === 'json' || bare(type) === 'jsonb'
export const isBoolean = (type: string) => bare(type) === 'boolean'
export const isText = (type: string) => /^(text|character|varchar|citext|name|"char"|uuid)/.test(type)

/** `numeric(10,2)` → `numeric`; `timestamp(3) with time zone` → `timestamp with time zone`. */
export function bare(type: string): string {
  return type.replace(/\(\d+(,-?\d+)?\)/, '')
}

/** What a column's header shows: short, lower case. */
export function shortType(type: string): string {
  const names: Record<string, string> = {
    'timestamp with time zone': 'timestamptz',
    'timestamp without time zone': 'timestamp',
    'double precision': 'double',
    'character varying': 'varchar',
    'time without time zone': 'time',
    'time with time zone': 'timetz',
  }
  return names[bare(type)] ?? bare(type)
}

const any = () => true
export const FORMATS: FormatSpec[] = [
  { kind: 'auto', name: 'Automatic', about: 'As the type suggests', suits: any },
  { kind: 'text', name: 'Plain text', about: 'Exactly what is stored', suits: any },
  { kind: 'number', name: 'Number', about: '1,234.50', suits: isNumber },
  { kind: 'currency', name: 'Currency', about: '€1,234.50', suits: isNumber },
  { kind: 'percent', name: 'Percent', about: '0.125 as 12.5 %', suits: isNumber },
  { kind: 'bytes', name: 'Bytes', about: '1.2 MB', suits: isNumber },
  { kind: 'bar', name: 'Bar', about: 'A bar beside the number', suits: isNumber },
  { kind: 'date', name: 'Date', about: '3 Nov 2026, 14:05', suits: isDate },
  { kind: 'relative', name: 'Relative time', about: '5 minutes ago', suits: isDate },
  { kind: 'bool', name: 'Yes / no', about: 'A mark and a word', suits: (type) => isBoolean(type) || isNumber(type) || isText(type) },
  { kind: 'tag', name: 'Tag', about: 'A coloured label per value', suits: (type) => !isJson(type) },
  { kind: 'link', name: 'Link', about: 'Opens in a new tab', suits: isText },
  { kind: 'image', name: 'Image', about: 'The picture at the address', suits: isText },
  { kind: 'json', name: 'JSON', about: 'Indented when opened', suits: (type) => isJson(type) || isText(type) },
]

/** The kind that `auto` stands for. */
export function resolveAuto(type: string): FormatKind {
  if (isNumber(type)) return 'number'
  if (isDate(type)) return 'date'
  if (isBoolean(type)) return 'bool'
  if (isJson(type)) return 'json'
  return 'text'
}

/** Numbers are read from the right; everything else from the left. */
export function isRightAligned(format: Format, type: string): boolean {
  const kind = format.kind === 'auto' ? resolveAuto(type) : format.kind
  return ['number', 'currency', 'percent', 'bytes'].includes(kind) || (kind === 'text' && isNumber(type))
}

/** Whether its cells are nothing but text; the other kinds have marks, colours or links (cell.tsx). */
export function isPlainText(format: Format, type: string): boolean {
  return !['bool', 'tag', 'link', 'image', 'json', 'bar'].includes(format.kind === 'auto' ? resolveAuto(type) : format.kind)
}
