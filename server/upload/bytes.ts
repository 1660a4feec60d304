// bytes.ts: digits in bytes, for the recognisers (validators.ts, time-values.ts). Pure; runs in the browser too.

export type Bytes = Uint8Array

export const digit = (c: number): boolean => c >= 48 && c <= 57
export const two = (b: Bytes, i: number): number => (b[i]! - 48) * 10 + b[i + 1]! - 48
export const digits = (b: Bytes, i: number, e: number): number => {
  while (i < e && digit(b[i]!)) i++
  return i
}
