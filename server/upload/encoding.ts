// encoding.ts: which encoding do these bytes have? Called by sniff (browser) and decode (server). Pure; browser too.

import type { Encoding } from './dialect.ts'

export interface EncodingGuess {
  encoding: Encoding
  bom: number
  sure: boolean
}

/** BOM, else zero bytes in every second place, else UTF-8 unless the bytes say otherwise. `sure` is false for pure ASCII. */
export function guessEncoding(b: Uint8Array, final: boolean): EncodingGuess {
  if (b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf) return { encoding: 'utf-8', bom: 3, sure: true }
  if (b[0] === 0xff && b[1] === 0xfe) return { encoding: 'utf-16le', bom: 2, sure: true }
  if (b[0] === 0xfe && b[1] === 0xff) return { encoding: 'utf-16be', bom: 2, sure: true }
  const n = Math.min(b.length, 4096) & ~1
  let even = 0,
    odd = 0
  for (let i = 0; i < n; i += 2) {
    if (b[i] === 0) even++
    if (b[i + 1] === 0) odd++
  }
  if (n >= 4 && odd > n * 0.3 && even < n * 0.05) return { encoding: 'utf-16le', bom: 0, sure: true }
  if (n >= 4 && even > n * 0.3 && odd < n * 0.05) return { encoding: 'utf-16be', bom: 0, sure: true }
  const { good, bad } = multibyte(b, final)
  // A file with valid multi-byte characters and a few broken ones is a damaged UTF-8 file, not Windows-1252
  return { encoding: bad > good ? 'windows-1252' : 'utf-8', bom: 0, sure: bad + good > 0 }
}

/** Valid multi-byte UTF-8 sequences, and bytes ≥ 0x80 that are not part of one. A sequence cut off at the end counts for neither. */
export function multibyte(b: Uint8Array, final: boolean): { good: number; bad: number } {
  let good = 0,
    bad = 0
  for (let i = 0; i < b.length; i++) {
    const c = b[i]!
    if (c < 0x80) continue
    const n = c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 0
    let k = 1
    while (k <= n && i + k < b.length && (b[i + k]! & 0xc0) === 0x80) k++
    if (n > 0 && k > n) {
      good++
      i += n
    } else if (n > 0 && i + k >= b.length && !final) break
    else bad++
  }
  return { good, bad }
}
