// time-values.ts: the recognisers of dates, times and timestamps; validators.ts picks them by type. Answers as there: 0, or FIT and
// the spellings. Pure; runs in the browser too.

import { type Bytes, digit, digits, two } from './bytes.ts'
import {
  DMY_DASH,
  DMY_DOT,
  DMY_SLASH,
  FIT,
  ISO,
  MDY_DASH,
  MDY_SLASH,
  NO_SECONDS,
  PADDED,
  SEP_SPACE,
  SEP_T,
  TRIMMED,
  UNPADDED,
  YMD_DOT,
  YMD_SLASH,
  ZONE_HH,
  ZONE_HHMM,
  ZONE_HH_MM,
  ZONE_Z,
} from './types.ts'

const DAYS = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
function dayExists(y: number, m: number, d: number): boolean {
  if (y === 0 || m < 1 || m > 12 || d < 1 || d > DAYS[m]!) return false
  return m !== 2 || d !== 29 || (y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0))
}
function isoDay(b: Bytes, i: number): boolean {
  if (b[i + 4] !== 45 || b[i + 7] !== 45) return false
  const y1 = b[i]! - 48,
    y2 = b[i + 1]! - 48,
    y3 = b[i + 2]! - 48,
    y4 = b[i + 3]! - 48
  const m1 = b[i + 5]! - 48,
    m2 = b[i + 6]! - 48,
    d1 = b[i + 8]! - 48,
    d2 = b[i + 9]! - 48
  if (y1 < 0 || y1 > 9 || y2 < 0 || y2 > 9 || y3 < 0 || y3 > 9 || y4 < 0 || y4 > 9) return false
  if (m1 < 0 || m1 > 1 || m2 < 0 || m2 > 9 || d1 < 0 || d1 > 3 || d2 < 0 || d2 > 9) return false
  const d = d1 * 10 + d2,
    m = m1 * 10 + m2
  if (d !== 0 && d <= 28 && m !== 0 && m <= 12 && y1 + y2 + y3 + y4 > 0) return true
  return dayExists(y1 * 1000 + y2 * 100 + y3 * 10 + y4, m, d)
}

/** A day that exists: YYYY-MM-DD, YYYY/M/D, D/M/YYYY, M/D/YYYY, with / - or . ; both orders when both are possible. */
export function date(b: Bytes, s: number, e: number): number {
  const n = e - s
  if (n < 8 || n > 10) return 0
  if (b[s + 4] === 45) return n === 10 && isoDay(b, s) ? FIT | ISO : 0
  if (b[s + 4] === 47 || b[s + 4] === 46) {
    const sep = b[s + 4]!,
      i = digits(b, s + 5, e),
      j = digits(b, i + 1, e)
    if (digits(b, s, s + 4) === s + 4 && b[i] === sep && j === e && i - s - 5 <= 2 && i > s + 5 && j - i - 1 <= 2 && j > i + 1) {
      const pad = padding(b, s + 5, i, i + 1, j)
      return dayExists(int(b, s, s + 4), int(b, s + 5, i), int(b, i + 1, j)) ? FIT | pad | (sep === 47 ? YMD_SLASH : YMD_DOT) : 0
    }
  }
  const i = digits(b, s, e),
    sep = b[i]
  if (i === s || i - s > 2 || (sep !== 47 && sep !== 45 && sep !== 46)) return 0
  const j = digits(b, i + 1, e)
  if (b[j] !== sep || j === i + 1 || j - i - 1 > 2 || e - j !== 5 || digits(b, j + 1, e) !== e) return 0
  const x = int(b, s, i),
    y = int(b, i + 1, j),
    year = int(b, j + 1, e)
  let mask = 0
  if (dayExists(year, y, x)) mask |= sep === 47 ? DMY_SLASH : sep === 45 ? DMY_DASH : DMY_DOT
  if (sep !== 46 && dayExists(year, x, y)) mask |= sep === 47 ? MDY_SLASH : MDY_DASH
  return mask ? FIT | mask | padding(b, s, i, i + 1, j) : 0
}
const int = (b: Bytes, s: number, e: number): number => {
  let v = 0
  for (; s < e; s++) v = v * 10 + b[s]! - 48
  return v
}
function padding(b: Bytes, s1: number, e1: number, s2: number, e2: number): number {
  const zero = b[s1] === 48 || b[s2] === 48,
    short = e1 - s1 === 1 || e2 - s2 === 1
  return zero ? (short ? 0 : PADDED) : short ? UNPADDED : PADDED | UNPADDED
}

/** Where HH:MM[:SS[.f]] that begins at i ends, or -1: hour ≤ 23, second ≤ 59, at most 6 fraction digits. */
function clockEnd(b: Bytes, i: number, e: number): number {
  if (e - i < 5 || b[i + 2] !== 58) return -1
  const h1 = b[i]! - 48,
    h2 = b[i + 1]! - 48,
    m1 = b[i + 3]! - 48,
    m2 = b[i + 4]! - 48
  if (h1 < 0 || h1 > 2 || h2 < 0 || h2 > 9 || (h1 === 2 && h2 > 3) || m1 < 0 || m1 > 5 || m2 < 0 || m2 > 9) return -1
  i += 5
  if (i >= e || b[i] !== 58) return i
  if (i + 3 > e) return -1
  const s1 = b[i + 1]! - 48,
    s2 = b[i + 2]! - 48
  if (s1 < 0 || s1 > 5 || s2 < 0 || s2 > 9) return -1
  i += 3
  if (i >= e || b[i] !== 46) return i
  const k = ++i
  i = digits(b, i, e)
  return i === k || i - k > 6 ? -1 : i
}
/** The spellings of the clock b[i..end). */
function clockMask(b: Bytes, i: number, end: number): number {
  const n = end - i
  if (n === 8) return 1 | TRIMMED
  return n === 5 ? NO_SECONDS : (1 << (n - 9)) | (b[end - 1] === 48 ? 0 : TRIMMED)
}
export function time(b: Bytes, s: number, e: number): number {
  if (e - s < 5 || e - s > 15) return 0
  return clockEnd(b, s, e) === e ? FIT | clockMask(b, s, e) : 0
}
export function stamp(b: Bytes, s: number, e: number, zone: boolean): number {
  if (e - s < 16 || (b[s + 10] !== 84 && b[s + 10] !== 32) || !isoDay(b, s)) return 0
  let i = clockEnd(b, s + 11, e)
  if (i < 0) return 0
  const mask = FIT | clockMask(b, s + 11, i) | (b[s + 10] === 84 ? SEP_T : SEP_SPACE)
  if (!zone) return i === e ? mask : 0
  if (i === e) return 0
  if (b[i] === 90) return i + 1 === e ? mask | ZONE_Z : 0
  if (b[i] !== 43 && b[i] !== 45) return 0
  const minus = b[i] === 45,
    n = e - ++i
  if ((n !== 2 && n !== 4 && n !== 5) || !digit(b[i]!) || !digit(b[i + 1]!) || two(b, i) > 14) return 0
  let zero = !minus && two(b, i) === 0
  if (n !== 2) {
    const m = n === 5 ? i + 3 : i + 2
    if ((n === 5 && b[i + 2] !== 58) || !digit(b[m]!) || !digit(b[m + 1]!) || two(b, m) > 59) return 0
    zero &&= two(b, m) === 0
  }
  return zero ? mask | (n === 2 ? ZONE_HH : n === 4 ? ZONE_HHMM : ZONE_HH_MM) : mask
}
