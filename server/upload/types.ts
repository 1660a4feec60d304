// types.ts: the types that a column may get, how two of them join, and whether a spelling can be given back exactly.
// Called by validators, scanner, infer, plan and finish. Pure; runs in the browser too.
//
// A column remembers two things: its type (T) and its spelling, a bit mask that is ANDed with every value's possible spellings
// (see validators.ts). As long as one spelling is left, PostgreSQL can print the column exactly as the file had it, so a
// column that turns into text in row 900,000 loses nothing. `invertible` asks that question, `asText` writes the SQL.

export const T = {
  NULL: 0,
  BOOL: 1,
  INT4: 2,
  INT8: 3,
  NUM: 4,
  FLOAT: 5,
  DATE: 6,
  TS: 7,
  TSTZ: 8,
  TIME: 9,
  UUID: 10,
  JSON: 11,
  TEXT: 12,
  ANY: 13,
} as const

/** PostgreSQL's name of each type. NULL (no value seen) becomes text; ANY is a column of a type that only PostgreSQL judges. */
export const SQL = [
  'text',
  'boolean',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'uuid',
  'jsonb',
  'text',
  'text',
] as const

/** Set in every mask: the value fits the type. Without any other bit it fits, but PostgreSQL prints it differently. */
export const FIT = 1 << 30
export const ALL_SPELLINGS = 0x7fffffff
export const EXACT = 1 // integers, numeric, double: printed back as it stands
export const BOOL_LOWER = 1,
  BOOL_UPPER = 2,
  BOOL_TITLE = 4
export const UUID_LOWER = 1,
  UUID_UPPER = 2
// dates: order and separator (one must be left for the column to be a date) and zero padding
export const ISO = 1,
  YMD_SLASH = 2,
  YMD_DOT = 4,
  DMY_SLASH = 8,
  DMY_DASH = 16,
  DMY_DOT = 32,
  MDY_SLASH = 64,
  MDY_DASH = 128
export const DATE_FORMATS = 0xff,
  DMY = DMY_SLASH | DMY_DASH | DMY_DOT,
  MDY = MDY_SLASH | MDY_DASH,
  PADDED = 512,
  UNPADDED = 1024
// times: bit k = k fraction digits (0..6); trimmed as PostgreSQL prints it; no seconds at all; the T or the space; the zone
export const TRIMMED = 1 << 7,
  NO_SECONDS = 1 << 8,
  SEP_T = 1 << 9,
  SEP_SPACE = 1 << 10
export const ZONE_Z = 1 << 11,
  ZONE_HH = 1 << 12,
  ZONE_HHMM = 1 << 13,
  ZONE_HH_MM = 1 << 14
const CLOCK = 0x1ff,
  SEPS = SEP_T | SEP_SPACE,
  ZONES = ZONE_Z | ZONE_HH | ZONE_HHMM | ZONE_HH_MM

/** Narrowest type that holds both. `wide`: a number of more than 15 digits was seen, which double precision would round. */
export function join(a: number, b: number, wide: boolean): number {
  if (a === b || b === T.NULL) return a
  if (a === T.NULL) return b
  const lo = Math.min(a, b),
    hi = Math.max(a, b)
  if (lo >= T.INT4 && hi <= T.FLOAT) return hi === T.FLOAT && wide ? T.NUM : hi
  return lo === T.DATE && hi === T.TS ? T.TS : T.TEXT
}

const single = (mask: number): boolean => mask !== 0 && (mask & (mask - 1)) === 0

/** Can PostgreSQL print every value of the column exactly as the file has it? */
export function invertible(type: number, mask: number): boolean {
  switch (type) {
    case T.INT4:
    case T.INT8:
    case T.TEXT:
    case T.ANY:
      return true
    case T.NUM:
    case T.FLOAT:
      return (mask & EXACT) !== 0
    case T.BOOL:
      return (mask & 7) !== 0
    case T.UUID:
      return (mask & 3) !== 0
    case T.DATE:
      return (mask & ISO) !== 0 || (single(mask & DATE_FORMATS) && (mask & (PADDED | UNPADDED)) !== 0)
    case T.TIME:
      return (mask & CLOCK) !== 0
    case T.TS:
      return (mask & CLOCK) !== 0 && (mask & SEPS) !== 0
    case T.TSTZ:
      return (mask & CLOCK) !== 0 && (mask & SEPS) !== 0 && (mask & ZONES) !== 0
  }
  return false
}

function clock(mask: number): string {
  if (mask & NO_SECONDS) return 'HH24:MI'
  for (let k = 1; k <= 6; k++) if (mask & (1 << k)) return `HH24:MI:SS.FF${k}`
  return 'HH24:MI:SS'
}

const SEPARATOR: [number, string][] = [
  [YMD_SLASH | DMY_SLASH | MDY_SLASH, '/'],
  [YMD_DOT | DMY_DOT, '.'],
  [DMY_DASH | MDY_DASH, '-'],
]

/** The to_char/to_date picture of a date column. */
export function datePicture(mask: number): string {
  if (mask & ISO) return 'YYYY-MM-DD'
  const sep = SEPARATOR.find(([m]) => mask & m)?.[1] ?? '-'
  const fm = mask & PADDED ? '' : 'FM'
  const parts = mask & DMY ? [`${fm}DD`, `${fm}MM`, 'YYYY'] : mask & MDY ? [`${fm}MM`, `${fm}DD`, 'YYYY'] : ['YYYY', `${fm}MM`, `${fm}DD`]
  return parts.join(sep)
}

/** SQL that prints column `c` exactly as the file spelled it; only for invertible columns. */
export function asText(type: number, mask: number, c: string): string {
  switch (type) {
    case T.BOOL:
      return mask & BOOL_LOWER ? `${c}::text` : mask & BOOL_UPPER ? `upper(${c}::text)` : `initcap(${c}::text)`
    case T.UUID:
      return mask & UUID_LOWER ? `${c}::text` : `upper(${c}::text)`
    case T.DATE:
      return mask & ISO ? `${c}::text` : `to_char(${c}, '${datePicture(mask)}')`
    case T.TIME:
      // time has no to_char; an interval has
      return mask & TRIMMED ? `${c}::text` : `to_char(${c}::interval, '${clock(mask)}')`
    case T.TS:
    case T.TSTZ: {
      const at = type === T.TSTZ ? `(${c} at time zone 'UTC')` : c
      const sep = mask & SEP_T ? 'T' : ' '
      const text =
        mask & TRIMMED
          ? sep === 'T'
            ? `replace(${at}::text, ' ', 'T')`
            : `${at}::text`
          : `to_char(${at}, 'YYYY-MM-DD"${sep}"${clock(mask)}')`
      if (type === T.TS) return text
      const zone = mask & ZONE_Z ? 'Z' : mask & ZONE_HH ? '+00' : mask & ZONE_HHMM ? '+0000' : '+00:00'
      return `${text} || '${zone}'`
    }
  }
  return `${c}::text`
}

/** SQL that reads text column `c` into the type: what the final ALTER does with a column that was loaded as text. */
export function fromText(type: number, mask: number, c: string): string {
  const value = type === T.TEXT || type === T.NULL ? c : `nullif(${c}, '')`
  if (type === T.DATE && !(mask & ISO)) return `to_date(${value}, '${datePicture(mask).replaceAll('FM', '')}')`
  return type === T.TEXT || type === T.NULL ? value : `${value}::${SQL[type]}`
}
