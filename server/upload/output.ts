// output.ts: what goes to COPY: slices of the file as they stand, and single records written anew between them.
// Called by tap.ts; load.ts takes the buffers. A passed slice is never copied, so the caller must not reuse its chunks.

const QUOTE_NEEDED = new Uint8Array(256)
for (const c of [10, 13, 32]) QUOTE_NEEDED[c] = 1

export class Output {
  readonly delimiter: number
  readonly quote: number
  private readonly eol: Uint8Array
  /** The fields that are written; null: all. */
  private readonly keep: readonly number[] | null
  private readonly buffers: Uint8Array[] = []
  private source: Uint8Array | null = null
  private from = 0
  private to = 0
  private scratch = new Uint8Array(64 << 10)
  private used = 0
  private begun = 0 // where the unflushed part of the scratch buffer begins

  constructor(delimiter: number, quote: number, eol: string, keep: readonly number[] | null = null) {
    this.keep = keep
    this.delimiter = delimiter
    this.quote = quote
    this.eol = new TextEncoder().encode(eol)
  }

  /** b[s..e) as it stands; neighbouring slices become one. */
  pass(b: Uint8Array, s: number, e: number): void {
    if (e <= s) return
    if (this.source === b && this.to === s) {
      this.to = e
      return
    }
    this.cutSlice()
    this.cutScratch()
    this.source = b
    this.from = s
    this.to = e
  }

  /** One record anew. null = NULL (unquoted empty); an empty value is written as "". */
  record(fields: readonly (Uint8Array | null)[]): void {
    const values = this.keep === null ? fields : this.keep.map((i) => fields[i]!)
    this.cutSlice()
    let size = values.length + 2
    for (const v of values) size += v === null ? 0 : v.length * 2 + 2
    if (this.used + size > this.scratch.length) {
      this.cutScratch()
      this.scratch = new Uint8Array(Math.max(size, 64 << 10))
      this.used = this.begun = 0
    }
    const out = this.scratch
    let n = this.used
    for (let i = 0; i < values.length; i++) {
      if (i > 0) out[n++] = this.delimiter
      const v = values[i]!
      if (v === null) continue
      let quoted = v.length === 0 || v[0] === 92
      for (let k = 0; k < v.length && !quoted; k++) {
        const c = v[k]!
        quoted = QUOTE_NEEDED[c] === 1 || c === this.delimiter || c === this.quote
      }
      if (!quoted) {
        out.set(v, n)
        n += v.length
        continue
      }
      out[n++] = this.quote
      for (let k = 0; k < v.length; k++) {
        const c = v[k]!
        if (c === this.quote) out[n++] = c
        out[n++] = c
      }
      out[n++] = this.quote
    }
    for (const c of this.eol) out[n++] = c
    this.used = n
  }

  private cutSlice(): void {
    if (this.source !== null) this.buffers.push(this.source.subarray(this.from, this.to))
    this.source = null
  }
  private cutScratch(): void {
    if (this.used > this.begun) this.buffers.push(this.scratch.subarray(this.begun, this.used))
    this.begun = this.used
  }

  /** Everything so far, in order. */
  take(): Uint8Array[] {
    this.cutSlice()
    this.cutScratch()
    return this.buffers.splice(0)
  }
}
