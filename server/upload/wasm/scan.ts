// scan.ts: the inner loop of an upload, in AssemblyScript. Compiled by build.mjs into scan.wasm, called by ../scanner.ts.
// Finds records in raw bytes and checks every field of a typed column; changes no byte of the file.
//
// It only ever says yes. A record that COPY (format csv) might read in another way than the file means it is ODD, a value that is
// not plainly of its column's type is ASKed about: the patient reader and the recognisers in JavaScript decide on both. So
// what is here may be fast and narrow, and nothing is decided in two places.
//
// All numbers are addresses in the one memory, which ../machine.ts lays out; the file's bytes lie in it, too.

import { plain } from './values'

// answers
const MORE = 0,
  ODD = 1,
  ASK = 2
// flags of a field
const QUOTED = 1,
  DOUBLED = 2
const LF = 10,
  CR = 13,
  BACKSLASH = 92

// The layout: tables of one entry per column (at most COLUMNS), the questions, the index of structural bytes.
const COLUMNS = 4096
const TYPES = 4096, // u8: type; 255 for a column that is not looked at
  EMPTIES = TYPES + COLUMNS, // u8: the kinds of empty value that were met
  WIDE = EMPTIES + COLUMNS, // u8: more than 15 digits were met
  SPELL = WIDE + COLUMNS, // i32: the spellings that are left
  ASKS = SPELL + 4 * COLUMNS, // 4 × i32 per question: column, start, end, flags
  INDEX = ASKS + 16 * COLUMNS // i32 each: addresses of structural bytes
const CAPACITY = 8192

let delimiter: i32 = 44,
  quote: i32 = 34,
  quoting: bool = true,
  backslash: bool = false,
  eol: i32 = LF, // 23 = CRLF
  columns: i32 = 0

// the index holds what is structural in [indexedFrom, indexed); entries from `next` on are not consumed
let next: i32 = 0,
  count: i32 = 0,
  indexedFrom: i32 = 0,
  indexed: i32 = 0,
  limit: i32 = 0

/** Where the accepted records end, how many there were in this call, and their line ends. */
export let end: i32 = 0
export let records: i32 = 0
export let lines: i32 = 0
/** After ASK: how many questions, where the record ends, its line ends. */
export let asks: i32 = 0
export let recordEnd: i32 = 0
export let recordLines: i32 = 0

export function setup(delimiter_: i32, quote_: i32, quoting_: i32, backslash_: i32, eol_: i32, columns_: i32): void {
  delimiter = delimiter_
  quote = quote_
  quoting = quoting_ !== 0
  backslash = backslash_ !== 0
  eol = eol_
  columns = columns_
}

function structuralIn(p: i32, d: v128, q: v128, b: v128): u64 {
  const v = v128.load(p)
  const hit = v128.or(
    v128.or(i8x16.eq(v, d), i8x16.eq(v, q)),
    v128.or(v128.or(i8x16.eq(v, i8x16.splat(u8(LF))), i8x16.eq(v, i8x16.splat(u8(CR)))), i8x16.eq(v, b)),
  )
  return u64(i8x16.bitmask(hit))
}

/** Indexes the next stretch of bytes. False: there is nothing structural up to the limit. */
function refill(): bool {
  next = 0
  count = 0
  indexedFrom = indexed
  const d = i8x16.splat(u8(delimiter)),
    q = i8x16.splat(u8(quote)),
    b = i8x16.splat(u8(backslash ? BACKSLASH : quote))
  let at = INDEX
  const full = INDEX + 4 * (CAPACITY - 64)
  let p = indexed
  while (p + 64 <= limit && at < full) {
    let hits =
      structuralIn(p, d, q, b) |
      (structuralIn(p + 16, d, q, b) << 16) |
      (structuralIn(p + 32, d, q, b) << 32) |
      (structuralIn(p + 48, d, q, b) << 48)
    while (hits !== 0) {
      store<i32>(at, p + i32(ctz(hits)))
      at += 4
      hits &= hits - 1
    }
    p += 64
  }
  while (p < limit && p + 64 > limit && at < full) {
    const c = i32(load<u8>(p))
    if (c === delimiter || c === quote || c === LF || c === CR || (backslash && c === BACKSLASH)) {
      store<i32>(at, p)
      at += 4
    }
    p++
  }
  indexed = p
  count = (at - INDEX) >> 2
  return count > 0 || (p < limit && refill())
}

/** The next structural byte that was not consumed, or the limit. */
function peek(): i32 {
  return next < count || refill() ? load<i32>(INDEX + (next << 2)) : limit
}

/** The bytes from `from` to `to` are new: forget what was indexed. */
export function begin(from: i32, to: i32): void {
  limit = to
  indexed = indexedFrom = from
  next = count = 0
}

/** Goes to `from`: behind a record that was read in another way, which may be before where the scan gave up. */
function seek(from: i32): void {
  if (from < indexedFrom || from > indexed) {
    indexed = indexedFrom = from
    next = count = 0
    return
  }
  while (next > 0 && load<i32>(INDEX + ((next - 1) << 2)) >= from) next--
  while (next < count && load<i32>(INDEX + (next << 2)) < from) next++
}

/** Checks complete records from `from` on. `final`: nothing follows the limit. */
export function scan(from: i32, final: bool): i32 {
  const N = columns,
    D = delimiter,
    Q = quote,
    lineByte = eol === CR ? CR : LF
  end = from
  records = 0
  lines = 0
  seek(from)
  let at = from
  while (at < limit) {
    const start = at
    let column = 0,
      inner = 0,
      p = 0,
      flags = 0,
      s = 0
    asks = 0
    for (;;) {
      s = at
      flags = 0
      p = peek()
      if (p === at && p < limit && i32(load<u8>(p)) === Q) {
        if (!quoting) return ODD
        flags = QUOTED
        s = at + 1
        next++
        for (;;) {
          p = peek()
          if (p >= limit) return final ? ODD : MORE
          next++
          const c = i32(load<u8>(p))
          if (c === lineByte) inner++
          else if (c === Q) {
            if (p + 1 === limit) {
              if (!final) return MORE
              break
            }
            if (i32(load<u8>(p + 1)) !== Q) break
            flags = QUOTED | DOUBLED
            peek()
            next++
          } else if (c === BACKSLASH && backslash) return ODD
        }
        at = p + 1
        if (at < limit) {
          const c = i32(load<u8>(at))
          if (c !== D && c !== LF && c !== CR) return ODD
        }
      } else {
        while (p < limit && backslash && i32(load<u8>(p)) === BACKSLASH) {
          next++
          p = peek()
        }
        at = p
        if (p >= limit) {
          if (!final) return MORE
        } else if (i32(load<u8>(p)) === Q) return ODD
      }
      if (column < N) {
        const type = i32(load<u8>(TYPES + column))
        if (type !== 255) {
          const sure =
            s === p
              ? (load<u8>(EMPTIES + column) & (flags & QUOTED ? 2 : 1)) !== 0
              : plain(type, s, p, load<i32>(SPELL + (column << 2)), load<u8>(WIDE + column) !== 0)
          if (!sure) {
            const ask = ASKS + (asks << 4)
            store<i32>(ask, column)
            store<i32>(ask, s, 4)
            store<i32>(ask, p, 8)
            store<i32>(ask, flags, 12)
            asks++
          }
        }
      }
      column++
      if (at >= limit || i32(load<u8>(at)) !== D) break
      peek()
      next++
      at++
      if (at === limit && !final) return MORE
    }
    if (column !== N) return at >= limit && !final ? MORE : ODD
    if (at < limit) {
      let kind = i32(load<u8>(at))
      peek()
      next++
      if (kind === CR) {
        if (at + 1 === limit) {
          if (!final) return MORE
        } else if (i32(load<u8>(at + 1)) === LF) {
          kind = 23
          at++
          peek()
          next++
        }
      }
      at++
      if (kind !== eol) return ODD
    }
    // one column: a blank line, a lone \. , which ends the COPY, or an old end of file (Ctrl-Z)
    if (N === 1 && !(flags & QUOTED) && (p - s < 2 || i32(load<u8>(start)) === BACKSLASH)) {
      if (p === s || i32(load<u8>(start)) === BACKSLASH || load<u8>(start) === 26) return ODD
    }
    if (asks > 0) {
      recordEnd = at
      recordLines = inner + 1
      return ASK
    }
    records++
    lines += inner + 1
    end = at
  }
  return MORE
}
