// decode.ts: whatever was sent, as UTF-8 without BOM: counts and hashes the bytes as they came, inflates gzip and zstd,
// transcodes UTF-16 and Windows-1252. Called by load.ts. Nothing is held but one chunk.
//
// Encoding, when it is not given: everything is ASCII until the first byte that is not; that chunk decides between UTF-8 and
// Windows-1252. So a file whose first umlaut comes after a gigabyte is read right, too.

import { createHash } from 'node:crypto'
import { isAscii } from 'node:buffer'
import { Readable, pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { AppError } from '../errors.ts'
import type { Encoding } from './dialect.ts'
import { guessEncoding, multibyte } from './encoding.ts'

const SEE: [number[], string, string][] = [
  [
    [0x50, 0x4b, 3, 4],
    'an Excel file or a zip archive',
    'In Excel: File, Save as, "CSV UTF-8 (Comma delimited)". Unpack an archive first.',
  ],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', "Export it as CSV first, for example: duckdb -c \"copy 'file.parquet' to 'file.csv'\"."],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel file (.xls)', 'In Excel: File, Save as, "CSV UTF-8 (Comma delimited)".'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF', 'Send the table as CSV.'],
  [[0x42, 0x5a, 0x68], 'a bzip2 file', 'Send it as gzip or zstd, or unpacked.'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'an xz file', 'Send it as gzip or zstd, or unpacked.'],
]
const starts = (b: Uint8Array, magic: readonly number[]): boolean => magic.every((c, i) => b[i] === c)

export class Decoder {
  bytes = 0 // as sent
  decoded = 0 // after decompression
  waitingSince: number | null = null // since when the sender owes us bytes
  encoding: Encoding = 'utf-8'
  compression: 'gzip' | 'zstd' | null = null
  private readonly hash = createHash('sha256')
  private readonly source: AsyncIterable<Uint8Array>
  private readonly given: Encoding | undefined
  private readonly maxBytes: number
  private readonly convert: ((text: AsyncIterable<Buffer>) => AsyncIterable<Buffer>) | undefined

  constructor(
    source: AsyncIterable<Uint8Array>,
    encoding: Encoding | undefined,
    maxBytes = Infinity,
    convert?: (text: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  ) {
    this.source = source
    this.given = encoding
    this.maxBytes = maxBytes
    this.convert = convert
  }

  sha256(): string {
    return this.hash.digest('hex')
  }

  /** Decoded bytes, in pieces of at most `size`. */
  async *chunks(size: number): AsyncGenerator<Buffer> {
    for await (const b of this.convert ? this.convert(this.text()) : this.text()) {
      if (b.length <= size) {
        if (b.length > 0) yield b
      } else for (let i = 0; i < b.length; i += size) yield b.subarray(i, i + size)
    }
  }

  private async *text(): AsyncGenerator<Buffer> {
    let state: Encoding | 'open' | 'start' = 'start'
    let decoder: TextDecoder | null = null
    let held: Buffer = Buffer.alloc(0)
    const transcode = (b: Buffer): Buffer => Buffer.from(decoder!.decode(b, { stream: true }))
    for await (let b of this.inflated()) {
      this.decoded += b.length
      if (this.decoded > this.maxBytes) throw new AppError('TMBIG', `The file is larger than ${this.maxBytes} bytes`)
      if (state === 'start') {
        if (held.length > 0) b = Buffer.concat([held, b])
        if (b.length < 4096) {
          held = b
          continue
        }
        held = Buffer.alloc(0)
        ;[state, b] = this.begin(b, false)
        if (state !== 'open' && state !== 'utf-8') decoder = new TextDecoder(state)
      } else if (state === 'open' && !isAscii(b)) {
        state = this.encoding = choose(b)
        if (state !== 'utf-8') decoder = new TextDecoder(state)
      }
      yield decoder ? transcode(b) : b
    }
    if (held.length > 0) {
      const [last, b] = this.begin(held, true)
      yield last === 'open' || last === 'utf-8' ? b : Buffer.from(new TextDecoder(last).decode(b))
    } else if (decoder) yield Buffer.from(decoder.decode())
  }

  private begin(b: Buffer, final: boolean): [Encoding | 'open', Buffer] {
    const guess = guessEncoding(b, final)
    this.encoding = this.given ?? guess.encoding
    const bomIsOurs = guess.bom > 0 && (this.given === undefined || this.given === guess.encoding)
    const body = bomIsOurs ? b.subarray(guess.bom) : b
    return [this.given ?? (guess.sure ? guess.encoding : 'open'), body]
  }

  private async *inflated(): AsyncGenerator<Buffer> {
    const raw = this.counted()
    const first: Buffer[] = []
    let n = 0
    while (n < 8) {
      const x = await raw.next()
      if (x.done) break
      first.push(x.value)
      n += x.value.length
    }
    const head = Buffer.concat(first)
    const rest = async function* (): AsyncGenerator<Buffer> {
      yield head
      yield* raw
    }
    for (const [magic, what, hint] of SEE) if (starts(head, magic)) throw new AppError('TMMED', `This is ${what}`, { hint })
    this.compression = starts(head, [0x1f, 0x8b]) ? 'gzip' : starts(head, [0x28, 0xb5, 0x2f, 0xfd]) ? 'zstd' : null
    if (!this.compression) {
      yield* rest()
      return
    }
    const inflate = this.compression === 'gzip' ? createGunzip({ chunkSize: 256 << 10 }) : createZstdDecompress({ chunkSize: 256 << 10 })
    pipeline(Readable.from(rest(), { objectMode: false }), inflate, () => {})
    try {
      for await (const b of inflate) yield b as Buffer
    } catch (error) {
      if (/^Z_|ZSTD|incorrect|unexpected end/i.test(String((error as { code?: string }).code ?? '') + String((error as Error).message)))
        throw new AppError('TMCSV', `The ${this.compression} data is damaged or cut off`, {
          hint: 'Compress and send the file again.',
          cause: error,
        })
      throw error
    }
  }

  private async *counted(): AsyncGenerator<Buffer> {
    const it = this.source[Symbol.asyncIterator]()
    try {
      for (;;) {
        this.waitingSince = Date.now()
        const r = await it.next()
        this.waitingSince = null
        if (r.done) return
        const x = r.value
        const b = Buffer.isBuffer(x) ? x : Buffer.from(x.buffer, x.byteOffset, x.byteLength)
        this.bytes += b.length
        this.hash.update(b)
        yield b
      }
    } finally {
      it.return?.().catch(() => {}) // lets the request flow again: the rest is thrown away
    }
  }
}

/** The first chunk with bytes ≥ 0x80 decides. */
function choose(b: Buffer): Encoding {
  const { good, bad } = multibyte(b, false)
  return bad > good ? 'windows-1252' : 'utf-8'
}
