// values.ts: is this value plainly of its column's type, in a spelling that the column still has? AssemblyScript; called by
// scan.ts for every field of a typed column. `false` is no refusal: it means "ask the recognisers" (../validators.ts).
//
// What is answered here has to agree with them, bit by bit; test/server/upload/scanner.test.ts compares the two.

// the types and spellings of ../types.ts
const BOOL = 1,
  INT4 = 2,
  INT8 = 3,
  NUM = 4,
  FLOAT = 5,
  DATE = 6,
  TS = 7,
  TSTZ = 8,
  TIME = 9,
  UUID = 10,
  TEXT = 12,
  ANY = 13
const FIT = 1 << 30,
  EXACT = 1
const LOWER = 1,
  UPPER = 2,
  TITLE = 4
const ISO = 1
const TRIMMED = 1 << 7,
  NO_SECONDS = 1 << 8,
  SEP_T = 1 << 9,
  SEP_SPACE = 1 << 10,
  ZONE_Z = 1 << 11,
  ZONE_HH = 1 << 12,
  ZONE_HH_MM = 1 << 14

export function plain(type: i32, s: i32, e: i32, spell: i32, wide: bool): bool {
  const n = e - s
  let is = 0
  switch (type) {
    case TEXT:
    case ANY:
      return true
    case INT4:
      is = n < 10 && integer(s, e) ? FIT | EXACT : 0
      break
    case INT8:
      is = n < 19 && (n <= 15 || wide) && integer(s, e) ? FIT | EXACT : 0
      break
    case NUM:
      is = n <= 1000 && (n <= 15 || wide) && decimal(s, e) ? FIT | EXACT : 0
      break
    case FLOAT:
      is = shortest(s, e) ? FIT | EXACT : 0
      break
    case DATE:
      is = n === 10 && isoDay(s) ? FIT | ISO : 0
      break
    case TS:
      is = n >= 10 && isoDay(s) ? (n === 10 ? FIT : stamp(s, e, e)) : 0
      break
    case TSTZ:
      is = n >= 17 && isoDay(s) ? zoned(s, e) : 0
      break
    case TIME:
      is = n >= 5 && n <= 15 ? clock(s, e) : 0
      break
    case BOOL:
      is = boolean(s, n)
      break
    case UUID:
      is = n === 36 ? uuid(s) : 0
      break
  }
  return is !== 0 && (spell & is) === spell
}

function digit(p: i32): bool {
  return u32(load<u8>(p)) - 48 < 10
}
function two(p: i32): u32 {
  return (u32(load<u8>(p)) - 48) * 10 + u32(load<u8>(p, 1)) - 48
}

/** -?(0|[1-9]\d*), but not -0. */
function integer(s: i32, e: i32): bool {
  const first = i32(load<u8>(s))
  let p = first === 45 ? s + 1 : s
  if (p === e) return false
  if (load<u8>(p) === 48) return p === s && e - p === 1
  for (; p < e; p++) if (!digit(p)) return false
  return true
}

/** A plain decimal without a sign of trouble: not negative zero, no exponent. */
function decimal(s: i32, e: i32): bool {
  const minus = load<u8>(s) === 45
  let p = minus ? s + 1 : s
  if (p === e) return false
  let some: bool = false // a digit other than zero
  const whole = p
  while (p < e && digit(p)) {
    if (load<u8>(p) !== 48) some = true
    p++
  }
  if (p === whole || (p - whole > 1 && load<u8>(whole) === 48)) return false
  if (p < e) {
    if (load<u8>(p) !== 46) return false
    const fraction = ++p
    while (p < e && digit(p)) {
      if (load<u8>(p) !== 48) some = true
      p++
    }
    if (p === fraction || p !== e) return false
  }
  return some || !minus
}

/** A decimal that double precision prints as it stands: at most 15 characters, no zero at its end, not very small. */
function shortest(s: i32, e: i32): bool {
  if (e - s > 15 || !decimal(s, e)) return false
  let dot: bool = false
  for (let p = s; p < e; p++) if (load<u8>(p) === 46) dot = true
  if (!dot) return true
  const first = load<u8>(s) === 45 ? s + 1 : s
  return load<u8>(e - 1) !== 48 && (load<u8>(first) !== 48 || load<u32>(first + 2) !== 0x30303030)
}

/** YYYY-MM-DD at s; days after the 28th are asked about. */
function isoDay(s: i32): bool {
  if (load<u8>(s, 4) !== 45 || load<u8>(s, 7) !== 45) return false
  if (!digit(s) || !digit(s + 1) || !digit(s + 2) || !digit(s + 3)) return false
  if (!digit(s + 5) || !digit(s + 6) || !digit(s + 8) || !digit(s + 9)) return false
  const month = two(s + 5),
    day = two(s + 8)
  if (month - 1 > 11 || day === 0 || load<u32>(s) === 0x30303030) return false
  if (day <= 28) return true
  if (day <= 30) return month !== 2
  return day === 31 && (month === 1 || month === 3 || month === 5 || month === 7 || month === 8 || month === 10 || month === 12)
}

/** HH:MM[:SS[.f]] of exactly these bytes: its spellings, or 0. */
function clock(s: i32, e: i32): i32 {
  const n = e - s
  if (load<u8>(s, 2) !== 58 || !digit(s) || !digit(s + 1) || !digit(s + 3) || !digit(s + 4)) return 0
  if (two(s) > 23 || two(s + 3) > 59) return 0
  if (n === 5) return FIT | NO_SECONDS
  if (n < 8 || load<u8>(s, 5) !== 58 || !digit(s + 6) || !digit(s + 7) || two(s + 6) > 59) return 0
  if (n === 8) return FIT | 1 | TRIMMED
  if (n < 10 || n > 15 || load<u8>(s, 8) !== 46) return 0
  for (let p = s + 9; p < e; p++) if (!digit(p)) return 0
  return FIT | (1 << (n - 9)) | (load<u8>(e - 1) === 48 ? 0 : TRIMMED)
}

/** A day is at s; what of the rest up to `end` is a clock. */
function stamp(s: i32, e: i32, end: i32): i32 {
  const separator = i32(load<u8>(s, 10))
  if ((separator !== 84 && separator !== 32) || end - s < 16) return 0
  const is = clock(s + 11, end)
  return is === 0 ? 0 : is | (separator === 84 ? SEP_T : SEP_SPACE)
}

/** The zones that people write: Z, +00, +02:00. */
function zoned(s: i32, e: i32): i32 {
  if (load<u8>(e - 1) === 90) {
    const is = stamp(s, e, e - 1)
    return is === 0 ? 0 : is | ZONE_Z
  }
  const long = load<u8>(e - 3) === 58
  const sign = long ? e - 6 : e - 3
  if (sign < s + 16) return 0
  const c = i32(load<u8>(sign))
  if ((c !== 43 && c !== 45) || !digit(sign + 1) || !digit(sign + 2) || two(sign + 1) > 14) return 0
  let zero = c === 43 && two(sign + 1) === 0
  if (long) {
    if (!digit(e - 2) || !digit(e - 1) || two(e - 2) > 59) return 0
    zero = zero && two(e - 2) === 0
  }
  const is = stamp(s, e, sign)
  return is === 0 ? 0 : zero ? is | (long ? ZONE_HH_MM : ZONE_HH) : is
}

function boolean(s: i32, n: i32): i32 {
  if (n === 4) {
    const w = load<u32>(s)
    return w === 0x65757274 ? FIT | LOWER : w === 0x45555254 ? FIT | UPPER : w === 0x65757254 ? FIT | TITLE : 0
  }
  if (n !== 5) return 0
  const w = load<u32>(s),
    last = i32(load<u8>(s, 4))
  if (w === 0x736c6166 && last === 101) return FIT | LOWER
  if (w === 0x534c4146 && last === 69) return FIT | UPPER
  return w === 0x736c6146 && last === 101 ? FIT | TITLE : 0
}

function within(v: v128, low: u8, width: u8): v128 {
  return i8x16.lt_u(i8x16.sub(v, i8x16.splat(low)), i8x16.splat(width))
}

/** 36 characters at s, dashed: sixteen bytes at a time, which of them are digits, small and capital hex letters. */
function uuid(s: i32): i32 {
  if (load<u8>(s, 8) !== 45 || load<u8>(s, 13) !== 45 || load<u8>(s, 18) !== 45 || load<u8>(s, 23) !== 45) return 0
  const a = v128.load(s),
    b = v128.load(s, 16),
    c = v128.load(s, 20)
  const digits =
    u64(i8x16.bitmask(within(a, 48, 10))) | (u64(i8x16.bitmask(within(b, 48, 10))) << 16) | (u64(i8x16.bitmask(within(c, 48, 10))) << 20)
  const small =
    u64(i8x16.bitmask(within(a, 97, 6))) | (u64(i8x16.bitmask(within(b, 97, 6))) << 16) | (u64(i8x16.bitmask(within(c, 97, 6))) << 20)
  const large =
    u64(i8x16.bitmask(within(a, 65, 6))) | (u64(i8x16.bitmask(within(b, 65, 6))) << 16) | (u64(i8x16.bitmask(within(c, 65, 6))) << 20)
  const dashes: u64 = (1 << 8) | (1 << 13) | (1 << 18) | (1 << 23)
  if ((digits | small | large | dashes) !== 0xfffffffff) return 0
  return FIT | (large === 0 ? LOWER : 0) | (small === 0 ? UPPER : 0)
}
