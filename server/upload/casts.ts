// casts.ts: values that PostgreSQL's own cast takes where the type was GIVEN (columns option, append into a typed table).
// Called by columns.ts when a strict recogniser says no. Wider than inference may be: who says boolean means yes and no, too.

import { T } from './types.ts'

const utf8 = new TextDecoder()
const INTEGER = /^\s*[+-]?\d+\s*$/,
  DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$|^\s*(nan|[+-]?inf(inity)?)\s*$/i
const BOOLEAN = /^\s*(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|1|0)\s*$/i
const STAMP = /^\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?\s*$/,
  ZONE = /([ ]?(Z|UTC|GMT)|[+-]\d\d(:?\d\d)?)\s*$/i
const UUID = /^\s*\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?\s*$/i

export function castable(type: number, b: Uint8Array, s: number, e: number, doubled: boolean): boolean {
  let v = utf8.decode(b.subarray(s, e))
  if (doubled) v = v.replaceAll('""', '"')
  switch (type) {
    case T.INT4:
    case T.INT8: {
      if (!INTEGER.test(v)) return false
      const n = BigInt(v.trim().replace(/^\+/, '')),
        limit = type === T.INT4 ? 1n << 31n : 1n << 63n
      return n >= -limit && n < limit
    }
    case T.NUM:
      return DECIMAL.test(v)
    case T.FLOAT:
      return DECIMAL.test(v) && (Number.isFinite(Number(v)) || /[a-df-z]/i.test(v))
    case T.BOOL:
      return BOOLEAN.test(v)
    case T.DATE:
      return /^\s*\d{4}-\d\d-\d\d\s*$/.test(v) && exists(v)
    case T.TS:
      return STAMP.test(v) && exists(v)
    case T.TSTZ:
      return (STAMP.test(v) || STAMP.test(v.replace(ZONE, ''))) && exists(v)
    case T.TIME:
      return /^\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?\s*$/.test(v)
    case T.UUID:
      return UUID.test(v)
    case T.JSON:
      try {
        JSON.parse(v)
        return !/\\u(0000|d[89a-f])/i.test(v)
      } catch {
        return false
      }
  }
  return true
}
const exists = (v: string): boolean => {
  const day = v.trim().slice(0, 10),
    d = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(d.getTime()) && d.toISOString().startsWith(day)
}
