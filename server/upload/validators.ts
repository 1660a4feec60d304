// validators.ts: strict recognisers of typed values that work on bytes, without making a string (JSON excepted).
// Called by the scanner for every field of a typed column, by infer and sniff. Pure; runs in the browser too.
//
// "PostgreSQL's cast accepts it" is NOT the test (date takes 'today', boolean takes 0, timestamp drops '+05'): each recogniser
// is narrower than its cast, so that 007, +4179… and 1E5 stay text. `spelling` answers 0 when the value does not fit the type,
// else FIT plus the spellings (types.ts) that this value is an example of.

import { type Bytes, digit, digits, two } from './bytes.ts'
import { date, stamp, time } from './time-values.ts'
import { BOOL_LOWER, BOOL_TITLE, BOOL_UPPER, EXACT, FIT, ISO, T, UUID_LOWER, UUID_UPPER } from './types.ts'

const utf8 = new TextDecoder()

/** 32 bits in canonical spelling: no '+', no leading zero, no '-0'. */
function int4(b: Bytes, s: number, e: number): number {
  let i = b[s] === 45 ? s + 1 : s
  const n = e - i,
    signed = i !== s
  if (n < 1 || n > 10) return 0
  if (b[i] === 48) return n === 1 && !signed ? FIT | EXACT : 0
  let v = 0
  for (; i < e; i++) {
    const d = b[i]! - 48
    if (d < 0 || d > 9) return 0
    v = v * 10 + d
  }
  return v <= 2147483647 || (signed && v === 2147483648) ? FIT | EXACT : 0
}

const MAX = '9223372036854775807',
  MIN = '9223372036854775808'
function int8(b: Bytes, s: number, e: number): number {
  const i = b[s] === 45 ? s + 1 : s,
    n = e - i
  if (n < 1 || n > 19) return 0
  if (b[i] === 48) return n === 1 && i === s ? FIT | EXACT : 0
  if (digits(b, i, e) !== e) return 0
  if (n < 19) return FIT | EXACT
  const limit = i === s ? MAX : MIN
  for (let k = 0; k < 19; k++) {
    const d = b[i + k]! - limit.charCodeAt(k)
    if (d) return d < 0 ? FIT | EXACT : 0
  }
  return FIT | EXACT
}

/** Where -?(0|[1-9]\d*)(\.\d+)? ends, or -1. */
function plainEnd(b: Bytes, s: number, e: number): number {
  let i = b[s] === 45 ? s + 1 : s
  const k = i
  if (i >= e) return -1
  if (b[i] === 48) i++
  else if ((i = digits(b, i, e)) === k) return -1
  if (i === e || b[i] !== 46) return i
  const f = ++i
  i = digits(b, i, e)
  return i === f ? -1 : i
}

/** Where the exponent that begins at i ends, or -1: at most two digits, and a '.' in the mantissa or a sign (1E5 may be a code). */
function exponentEnd(b: Bytes, i: number, e: number, dot: boolean): number {
  if (i >= e || (b[i]! | 32) !== 101) return -1
  i++
  const sign = b[i] === 43 || b[i] === 45
  if (sign) i++
  const k = i
  i = digits(b, i, e)
  return i === k || i - k > 2 || (!dot && !sign) ? -1 : i
}

const hasDot = (b: Bytes, s: number, e: number): boolean => {
  for (let i = s; i < e; i++) if (b[i] === 46) return true
  return false
}

/** Significant digits of a number: what decides whether double precision can hold it. */
export function significant(b: Bytes, s: number, e: number): number {
  let n = 0
  for (let i = s; i < e && (b[i]! | 32) !== 101; i++) if (digit(b[i]!) && (n > 0 || b[i] !== 48)) n++
  return n
}

/** numeric: prints back exactly, but for -0.00 and exponents. */
function num(b: Bytes, s: number, e: number): number {
  if (e - s > 1000) return 0
  const i = plainEnd(b, s, e)
  if (i === e) {
    if (b[s] !== 45) return FIT | EXACT
    for (let k = s; k < e; k++) if (b[k]! > 48) return FIT | EXACT
    return FIT
  }
  return i > 0 && exponentEnd(b, i, e, hasDot(b, s, i)) === e ? FIT : 0
}

/** double precision: at most 15 digits, so that it holds the value and PostgreSQL prints its shortest form. */
function float(b: Bytes, s: number, e: number): number {
  if (e - s > 40 || significant(b, s, e) > 15) return 0
  const i = plainEnd(b, s, e)
  if (i < 0) return 0
  const first = b[s] === 45 ? s + 1 : s
  if (i === e) {
    const dot = hasDot(b, s, e),
      small = b[first] === 48 && b[first + 1] === 46 && b[first + 2] === 48 && b[first + 3] === 48 && b[first + 4] === 48
    if (b[s] === 45 && significant(b, s, e) === 0) return FIT
    return (dot && b[e - 1] === 48) || (small && b[first + 5] === 48) || (!dot && e - first > 15) ? FIT : FIT | EXACT
  }
  const dot = hasDot(b, s, i)
  if (exponentEnd(b, i, e, dot) !== e) return 0
  // d.ddde-05 as PostgreSQL prints it: one digit before the dot, no trailing zero, sign, two digits, below -4 or from 15 on
  const canonical =
    b[first] !== 48 &&
    (dot ? b[first + 1] === 46 && b[i - 1] !== 48 : i === first + 1) &&
    b[i] === 101 &&
    (b[i + 1] === 45 || b[i + 1] === 43) &&
    e - i === 4 &&
    (b[i + 1] === 45 ? two(b, i + 2) > 4 : two(b, i + 2) >= 15)
  return canonical ? FIT | EXACT : FIT
}

// one addition per byte counts the hex digits (low byte), the small letters and the capitals
const HEX = new Int32Array(256)
for (const c of '0123456789') HEX[c.charCodeAt(0)] = 1
for (const c of 'abcdef') {
  HEX[c.charCodeAt(0)] = 1 + (1 << 8)
  HEX[c.charCodeAt(0) - 32] = 1 + (1 << 16)
}
function uuid(b: Bytes, s: number, e: number): number {
  if (e - s !== 36 || b[s + 8] !== 45 || b[s + 13] !== 45 || b[s + 18] !== 45 || b[s + 23] !== 45) return 0
  let n = 0
  for (let i = s; i < e; i++) n += HEX[b[i]!]!
  return (n & 255) !== 32 ? 0 : FIT | (n >> 16 ? 0 : UUID_LOWER) | ((n >> 8) & 255 ? 0 : UUID_UPPER)
}

const word = (b: Bytes, s: number): number => (b[s]! << 24) | (b[s + 1]! << 16) | (b[s + 2]! << 8) | b[s + 3]!
const four = (w: string): number => word(new TextEncoder().encode(w), 0)
const TRUE = [four('true'), four('TRUE'), four('True')] as const,
  FALS = [four('fals'), four('FALS'), four('Fals')] as const
/** true/false in one of three cases; never t, f, yes, no, 0, 1. */
function bool(b: Bytes, s: number, e: number): number {
  if (e - s === 4) {
    const w = word(b, s)
    return w === TRUE[0] ? FIT | BOOL_LOWER : w === TRUE[1] ? FIT | BOOL_UPPER : w === TRUE[2] ? FIT | BOOL_TITLE : 0
  }
  if (e - s !== 5) return 0
  const w = word(b, s),
    last = b[s + 4]
  return w === FALS[0] && last === 101
    ? FIT | BOOL_LOWER
    : w === FALS[1] && last === 69
      ? FIT | BOOL_UPPER
      : w === FALS[2] && last === 101
        ? FIT | BOOL_TITLE
        : 0
}

/** Objects and arrays only. jsonb refuses \u0000 and lone surrogates, numbers beyond numeric, and very deep nesting. */
function json(b: Bytes, s: number, e: number, doubled: boolean): number {
  const open = b[s],
    close = b[e - 1]
  if (!(open === 123 && close === 125) && !(open === 91 && close === 93)) return 0
  let t = utf8.decode(b.subarray(s, e))
  if (doubled) t = t.replaceAll('""', '"')
  if (/\\u(0000|d[89a-f])|[eE][+-]?\d{4}|[[{]{500}/i.test(t)) return 0
  try {
    JSON.parse(t)
    return FIT
  } catch {
    return 0
  }
}

/** 0 when b[s..e) (a field without its quotes) does not fit the type, else its possible spellings. */
export function spelling(type: number, b: Bytes, s: number, e: number, doubled: boolean): number {
  switch (
    type // a switch and not a table of functions: this is the hot path
  ) {
    case T.TEXT:
    case T.ANY:
      return FIT
    case T.INT4:
      return int4(b, s, e)
    case T.INT8:
      return int8(b, s, e)
    case T.NUM:
      return num(b, s, e)
    case T.DATE:
      return date(b, s, e)
    case T.TSTZ:
      return stamp(b, s, e, true)
    case T.TS:
      return stamp(b, s, e, false) || (date(b, s, e) & ISO ? FIT : 0)
    case T.BOOL:
      return bool(b, s, e)
    case T.UUID:
      return uuid(b, s, e)
    case T.FLOAT:
      return float(b, s, e)
    case T.TIME:
      return time(b, s, e)
    case T.JSON:
      return json(b, s, e, doubled)
  }
  return 0
}

const ORDER = [T.INT4, T.INT8, T.NUM, T.DATE, T.BOOL, T.TS, T.TSTZ, T.TIME, T.UUID, T.JSON]
/** The narrowest type of one value. A number with an exponent is a double if it has at most 15 digits. */
export function classify(b: Bytes, s: number, e: number, doubled: boolean): number {
  for (const t of ORDER) {
    const mask = spelling(t, b, s, e, doubled)
    if (mask === 0) continue
    return t === T.NUM && plainEnd(b, s, e) !== e && float(b, s, e) !== 0 ? T.FLOAT : t
  }
  return T.TEXT
}
