// A value as text in the person's language. bigint and numeric stay decimal strings from PostgreSQL to the screen:
// Intl.NumberFormat formats strings exactly, Number would lose digits. Formatters are cached: building one per cell
// costs 13 times a cached one.
import { bare, isDate, resolveAuto, type Format } from './kinds.ts'

/** A value as GraphQL sends it. bigint and numeric: string. */
export type Value = string | number | boolean | null | undefined | object

let language: string | undefined // undefined: the browser's
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>()

/** The language of formats (Settings). '' is the browser's own. */
export function setLanguage(tag: string): void {
  language = tag || undefined
  cache.clear()
}

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${JSON.stringify(options)}`
  let made = cache.get(key)
  if (!made) cache.set(key, (made = new Intl.NumberFormat(language, options)))
  return made as Intl.NumberFormat
}
function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${JSON.stringify(options)}`
  let made = cache.get(key)
  if (!made) cache.set(key, (made = new Intl.DateTimeFormat(language, options)))
  return made as Intl.DateTimeFormat
}

const DECIMAL = /^-?\d+(\.\d+)?$/

/** Formats a decimal string exactly; what is no number (NaN, Infinity) stays as it is. */
function decimal(value: Value, options: Intl.NumberFormatOptions): string {
  if (typeof value === 'number') return numberFormat(options).format(value)
  const text = String(value)
  if (!DECIMAL.test(text)) return /^-?\d+(\.\d+)?e[+-]?\d+$/i.test(text) ? numberFormat(options).format(Number(text)) : text
  return numberFormat(options).format(text as `${number}`)
}

function numberOptions(value: Value, opt: Format['opt']): Intl.NumberFormatOptions {
  const decimals = opt?.decimals
  if (typeof decimals === 'number')
    return { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: opt?.grouping !== false }
  const own = typeof value === 'string' ? ownDecimals(value) : undefined
  const fraction =
    own === undefined
      ? { maximumFractionDigits: 12 }
      : { minimumFractionDigits: Math.min(own, 20), maximumFractionDigits: Math.min(own, 20) }
  return { ...fraction, useGrouping: opt?.grouping !== false }
}

/** As many decimals as the value itself has: 9.50 stays 9.50. A quotient's sixteen lose the zeros at their end. */
function ownDecimals(text: string): number {
  const dot = text.indexOf('.')
  if (dot < 0) return 0
  let end = text.length
  if (end - dot - 1 > 6) while (end > dot + 3 && text[end - 1] === '0') end--
  return end - dot - 1
}

const DATE_STYLES: Record<string, Intl.DateTimeFormatOptions> = {
  short: { dateStyle: 'short' },
  medium: { dateStyle: 'medium' },
  long: { dateStyle: 'long' },
}

/** PostgreSQL's `2026-01-02 03:04:05.123456+00` and ISO alike; null when it is no date (infinity, BC). */
export function parseDate(value: Value): Date | null {
  const text = String(value)
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? Date.parse(`${text}T00:00:00`) // a date is a day here, not midnight in Greenwich
    : Date.parse(
        text
          .replace(' ', 'T')
          .replace(/([+-]\d{2})$/, '$1:00')
          .replace(/(\.\d{3})\d+/, '$1'),
      )
  return Number.isNaN(time) ? null : new Date(time)
}

function date(value: Value, type: string, opt: Format['opt']): string {
  const at = parseDate(value)
  if (!at) return String(value)
  if (opt?.style === 'iso')
    return bare(type) === 'date'
      ? String(value)
      : String(value)
          .replace('T', ' ')
          .replace(/\.\d+/, '')
          .replace(/\+00:00$/, 'Z')
  const style = DATE_STYLES[String(opt?.style ?? 'medium')] ?? DATE_STYLES.medium!
  if (bare(type) === 'date' || opt?.time === false) return dateFormat(style).format(at)
  return dateFormat({ ...style, timeStyle: opt?.seconds === false ? 'short' : 'medium' }).format(at)
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]
/** "5 minutes ago"; what lies less than ten seconds back is "now". */
export function relative(value: Value, now = Date.now()): string {
  const at = parseDate(value)
  if (!at) return String(value)
  const seconds = (at.getTime() - now) / 1000
  let made = cache.get('r') as Intl.RelativeTimeFormat | undefined
  if (!made) cache.set('r', (made = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })))
  if (Math.abs(seconds) < 10) return made.format(0, 'second')
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1)!
  return made.format(Math.round(seconds / size), unit)
}

export function bytes(value: Value): string {
  let size = Number(value)
  if (!Number.isFinite(size)) return String(value)
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte']
  let unit = 0
  while (Math.abs(size) >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return numberFormat({
    style: 'unit',
    unit: units[unit]!,
    unitDisplay: unit === 0 ? 'long' : 'short', // 147 bytes, 1.2 kB
    maximumFractionDigits: unit === 0 || Math.abs(size) >= 100 ? 0 : 1,
  }).format(size)
}

export function isTrue(value: Value): boolean {
  return value === true || /^(t|true|yes|y|on|1)$/i.test(String(value))
}

/** Counts in prose and navigation: 1,234 and, beyond 10,000 when short, 12k. */
export function count(value: number | string | null | undefined, short = false): string {
  if (value === null || value === undefined) return '–'
  return short && Number(value) >= 10_000
    ? numberFormat({ notation: 'compact', maximumFractionDigits: 1 }).format(Number(value))
    : decimal(value, {})
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${numberFormat({ maximumFractionDigits: 1 }).format(ms / 1000)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** The stored value as PostgreSQL would read it back: what is edited, copied and compared. */
export function rawText(value: Value): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? (composite(value) ?? JSON.stringify(value)) : String(value)
}

/** Intervals, ranges and points come as objects (query.ts); this is how PostgreSQL writes them. null: it is JSON. */
function composite(value: object): string | null {
  const v = value as Record<string, any>
  if ('months' in v && 'seconds' in v) {
    const parts = ['years', 'months', 'days', 'hours', 'minutes', 'seconds'].filter((unit) => v[unit])
    return parts.map((unit) => `${v[unit]} ${v[unit] === 1 ? unit.slice(0, -1) : unit}`).join(' ') || '0 seconds'
  }
  if ('start' in v && 'end' in v && Object.keys(v).length === 2)
    return `${v.start?.inclusive ? '[' : '('}${v.start?.value ?? ''},${v.end?.value ?? ''}${v.end?.inclusive ? ']' : ')'}`
  return 'x' in v && 'y' in v && Object.keys(v).length === 2 ? `(${v.x},${v.y})` : null
}

/** What the cell says in words: the same for screen, search on the page and a screen reader. */
export function formatText(value: Value, format: Format, type: string): string {
  if (value === null || value === undefined) return ''
  const kind = format.kind === 'auto' ? resolveAuto(type) : format.kind
  switch (kind) {
    case 'number':
    case 'bar':
      return decimal(value, numberOptions(value, format.opt))
    case 'currency': {
      const currency = String(format.opt?.currency ?? 'EUR')
      const decimals = format.opt?.decimals
      try {
        return decimal(value, {
          style: 'currency',
          currency,
          ...(typeof decimals === 'number' ? { minimumFractionDigits: decimals, maximumFractionDigits: decimals } : {}),
        })
      } catch {
        return `${decimal(value, numberOptions(value, format.opt))} ${currency}`
      }
    }
    case 'percent': {
      const decimals = typeof format.opt?.decimals === 'number' ? format.opt.decimals : 1
      return decimal(value, { style: 'percent', minimumFractionDigits: 0, maximumFractionDigits: decimals })
    }
    case 'bytes':
      return bytes(value)
    case 'date':
      return isDate(type) ? date(value, type, format.opt) : String(value)
    case 'relative':
      return relative(value)
    case 'bool':
      return isTrue(value) ? String(format.opt?.yes ?? 'Yes') : String(format.opt?.no ?? 'No')
    default:
      return rawText(value)
  }
}

/**
 * formatText for a whole column: what its values have in common is looked up once. A number's formatter depends on how many
 * decimals the value itself has; those are few.
 */
export function textMaker(format: Format, type: string): (value: Value) => string {
  const kind = format.kind === 'auto' ? resolveAuto(type) : format.kind
  if (kind !== 'number' || typeof format.opt?.decimals === 'number') return (value) => formatText(value, format, type)
  const known: Intl.NumberFormat[] = []
  return (value) => {
    const text = String(value)
    if (typeof value !== 'string' || !DECIMAL.test(text)) return formatText(value, format, type)
    const own = ownDecimals(text)
    return (known[own] ??= numberFormat(numberOptions(text, format.opt))).format(text as `${number}`)
  }
}
