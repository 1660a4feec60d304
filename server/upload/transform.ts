// transform.ts: values that are rewritten before they are judged, because the sender asked for it: NULL tokens and numbers with
// thousands separators or a currency. Called by load.ts. Never applied unasked. Pure; browser too.

import type { NumberFormat } from './options.ts'
import type { Transform } from './tap.ts'

const encoder = new TextEncoder(),
  decoder = new TextDecoder()

export function makeTransform(o: { nulls: readonly string[]; numbers: NumberFormat | null }): Transform | null {
  if (o.nulls.length === 0 && !o.numbers) return null
  const nulls = o.nulls.map((s) => encoder.encode(s))
  const number = o.numbers ? numberReader(o.numbers) : null
  return (v, _column, quoted) => {
    for (const n of nulls) if (same(v, n) && (n.length > 0 || quoted)) return null
    if (number && v.length > 0 && v.length <= 60) {
      const plain = number(decoder.decode(v))
      if (plain !== null) return encoder.encode(plain)
    }
    return v
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const quoteRegExp = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** '1.234,50 €' → '1234.50'; null when the text is not a number in that format. Groups have three digits. */
function numberReader(f: NumberFormat): (text: string) => string | null {
  const t = f.thousands ? quoteRegExp(f.thousands) : '(?!)'
  const money = f.currency ? '(?:\\p{Sc}|[A-Z]{3})?' : ''
  const re = new RegExp(
    `^\\s*(-|\\+)?\\s*${money}\\s*(-)?\\s*(\\d{1,3}(?:${t}\\d{3})+|\\d+)(?:${quoteRegExp(f.decimal)}(\\d+))?\\s*${money}\\s*$`,
    'u',
  )
  return (text) => {
    const m = re.exec(text)
    if (!m) return null
    const whole = m[3]!.replace(/\D/g, '')
    if (whole.length > 1 && whole[0] === '0') return null // a leading zero: not a quantity
    return `${m[1] === '-' || m[2] ? '-' : ''}${whole}${m[4] === undefined ? '' : `.${m[4]}`}`
  }
}
