// options.ts: the fields of a request (form fields before the file, or the query of a raw body) as checked options.
// Called by route.ts. Throws TMARG with the field's name; guesses nothing.

import { AppError } from '../errors.ts'
import type { Dialect, Encoding } from './dialect.ts'
import type { DateOrder } from './infer.ts'
import type { Known } from './sniff.ts'

export type Mode = 'create' | 'append' | 'replace' | 'upsert'
/** What `columns` says of one column of the file. */
export interface ColumnOption {
  name?: string // rename
  type?: string
  skip?: boolean
}
export interface NumberFormat {
  decimal: string
  thousands: string
  currency: boolean
}

export interface UploadOptions {
  workspace?: string
  table?: string
  fileName?: string
  mode: Mode | null // null: not given; then an existing table is a conflict
  key: string[] | null
  onError: 'abort' | 'skip'
  ragged: 'auto' | 'pad' | 'reject'
  columns: Map<string, ColumnOption> | ColumnOption[] | null
  types: 'infer' | 'text' // text: every column is kept as it is written
  dialect: Known
  nulls: string[]
  dateOrder: DateOrder | null
  numbers: NumberFormat | null
  addColumns: boolean
  widen: boolean
  dryRun: boolean
}

const bad = (field: string, what: string): AppError => new AppError('TMARG', `Option ${field}: ${what}`, { more: { option: field } })

function json(field: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw bad(field, 'this is not JSON')
  }
}
function flag(o: Record<string, string>, field: string): boolean {
  const v = o[field]
  if (v === undefined || v === '' || v === 'false' || v === '0') return v === '' && field in o && field === 'dry_run'
  if (v === 'true' || v === '1') return true
  throw bad(field, 'say true or false')
}
function oneOf<X extends string>(o: Record<string, string>, field: string, values: readonly X[]): X | null {
  const v = o[field]
  if (v === undefined || v === '') return null
  const low = v.toLowerCase() as X
  if (!values.includes(low)) throw bad(field, `say ${values.join(', ')}, not "${v.slice(0, 40)}"`)
  return low
}
/** 'a,b' or '["a","b"]'. */
function list(o: Record<string, string>, field: string): string[] | null {
  const v = o[field]
  if (v === undefined) return null
  const x = v.trimStart().startsWith('[') ? json(field, v) : v.split(',').map((s) => s.trim())
  if (!Array.isArray(x) || !x.every((s) => typeof s === 'string')) throw bad(field, 'say a list of words')
  return x
}

const ENCODINGS: Record<string, Encoding> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  utf16le: 'utf-16le',
  utf16: 'utf-16le',
  'utf-16be': 'utf-16be',
  utf16be: 'utf-16be',
  'windows-1252': 'windows-1252',
  win1252: 'windows-1252',
  cp1252: 'windows-1252',
  latin1: 'windows-1252',
  'iso-8859-1': 'windows-1252',
}
const NAMED: Record<string, string> = { tab: '\t', '\\t': '\t', comma: ',', semicolon: ';', pipe: '|', space: ' ', none: '' }

function dialect(o: Record<string, string>): Known {
  const given = o.dialect ? json('dialect', o.dialect) : {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw bad('dialect', 'say an object')
  const all: Record<string, unknown> = { ...(given as object) }
  for (const f of ['delimiter', 'quote', 'escape', 'encoding', 'header', 'preamble', 'line_end']) if (o[f] !== undefined) all[f] = o[f]
  const known: Known = {}
  for (const [k, v] of Object.entries(all)) {
    const text = typeof v === 'string' ? v : v === null ? '' : String(v)
    switch (k) {
      case 'delimiter': {
        const d = NAMED[text] ?? text
        if (d.length < 1 || d.length > 4 || /["\r\n]/.test(d)) throw bad('delimiter', 'one to four characters, no quote or line end')
        known.delimiter = d
        break
      }
      case 'quote': {
        const q = NAMED[text] ?? text
        if (q.length > 1 || q > '\x7f' || /[\r\n]/.test(q)) throw bad('quote', 'one ASCII character, or none')
        known.quote = q
        break
      }
      case 'escape': {
        const e = text === '\\' ? 'backslash' : text === '"' || text === "'" ? 'doubled' : text
        if (e !== 'doubled' && e !== 'backslash' && e !== 'none') throw bad('escape', 'say doubled, backslash or none')
        known.escape = e
        break
      }
      case 'encoding': {
        const e = ENCODINGS[text.toLowerCase()]
        if (!e) throw bad('encoding', 'say utf-8, utf-16le, utf-16be or windows-1252')
        known.encoding = e
        break
      }
      case 'header':
        if (!/^(true|false|0|1)$/.test(text)) throw bad('header', 'say true or false')
        known.header = text === 'true' || text === '1'
        break
      case 'preamble':
      case 'skip':
        if (!/^\d{1,6}$/.test(text)) throw bad('preamble', 'a number of lines')
        known.preamble = Number(text)
        break
      case 'line_end': {
        const l = ({ lf: '\n', crlf: '\r\n', cr: '\r' } as Record<string, Dialect['line_end']>)[text.toLowerCase()] ?? text
        if (l !== '\n' && l !== '\r\n' && l !== '\r') throw bad('line_end', 'say lf, crlf or cr')
        known.line_end = l
        break
      }
      default:
        throw bad('dialect', `there is no "${k.slice(0, 40)}"; say delimiter, quote, escape, encoding, header, preamble, line_end`)
    }
  }
  if (known.quote !== undefined && known.quote !== '' && known.delimiter?.includes(known.quote)) throw bad('quote', 'it is the delimiter')
  return known
}

function columns(text: string | undefined): UploadOptions['columns'] {
  if (!text) return null
  const x = json('columns', text)
  const one = (v: unknown): ColumnOption => {
    if (typeof v === 'string') return { type: v }
    if (v === null || v === false) return { skip: true }
    if (typeof v !== 'object' || Array.isArray(v)) throw bad('columns', 'say a type, or an object with name, type, skip')
    const { name, type, skip, ...rest } = v as Record<string, unknown>
    if (Object.keys(rest).length > 0) throw bad('columns', `there is no "${Object.keys(rest)[0]}"; say name, type, skip`)
    if ((name !== undefined && typeof name !== 'string') || (type !== undefined && typeof type !== 'string'))
      throw bad('columns', 'name and type are words')
    return { ...(name === undefined ? {} : { name }), ...(type === undefined ? {} : { type }), ...(skip === true ? { skip: true } : {}) }
  }
  if (Array.isArray(x)) return x.map(one)
  if (typeof x !== 'object' || x === null) throw bad('columns', 'say an object or a list')
  return new Map(Object.entries(x).map(([k, v]) => [k, one(v)]))
}

const KNOWN_FIELDS = new Set([
  'workspace',
  'table',
  'mode',
  'key',
  'on_error',
  'columns',
  'dialect',
  'delimiter',
  'quote',
  'escape',
  'encoding',
  'header',
  'preamble',
  'line_end',
  'nulls',
  'date_order',
  'decimal',
  'thousands',
  'currency',
  'types',
  'ragged',
  'add_columns',
  'widen',
  'dry_run',
  'file_name',
])

export function readOptions(o: Record<string, string>): UploadOptions {
  for (const k of Object.keys(o)) if (!KNOWN_FIELDS.has(k)) throw bad(k.slice(0, 40), 'there is no such option')
  if (o.table !== undefined && (o.table === '' || Buffer.byteLength(o.table) > 63 || /[\0-\x1f]/.test(o.table) || o.table.startsWith('_')))
    throw new AppError('TMNAM', 'A table name has 1 to 63 bytes, no control characters, and does not begin with _')
  const numbers =
    o.decimal !== undefined || o.thousands !== undefined || flag(o, 'currency')
      ? { decimal: o.decimal ?? (o.thousands === '.' ? ',' : '.'), thousands: o.thousands ?? '', currency: flag(o, 'currency') }
      : null
  if (numbers && (!/^[.,]$/.test(numbers.decimal) || !/^[.,'’ {2}_]?$/.test(numbers.thousands) || numbers.decimal === numbers.thousands))
    throw bad('decimal', "decimal is . or , and thousands another one of . , ' space")
  return {
    ...(o.workspace ? { workspace: o.workspace } : {}),
    ...(o.table ? { table: o.table.normalize('NFC') } : {}),
    ...(o.file_name ? { fileName: o.file_name } : {}),
    mode: oneOf(o, 'mode', ['create', 'append', 'replace', 'upsert'] as const),
    key: list(o, 'key')?.filter((k) => k !== '') ?? null,
    onError: oneOf(o, 'on_error', ['abort', 'skip'] as const) ?? 'abort',
    ragged: oneOf(o, 'ragged', ['auto', 'pad', 'reject'] as const) ?? 'auto',
    columns: columns(o.columns),
    types: oneOf(o, 'types', ['infer', 'text'] as const) ?? 'infer',
    dialect: dialect(o),
    nulls: list(o, 'nulls') ?? [],
    dateOrder: oneOf(o, 'date_order', ['dmy', 'mdy', 'ymd'] as const),
    numbers,
    addColumns: flag(o, 'add_columns'),
    widen: flag(o, 'widen'),
    dryRun: flag(o, 'dry_run'),
  }
}
