// intake.ts: the decoded bytes of an upload, copied into the buffers that the load scans. Called by load.ts and pour.ts.
// What the source yields is used up: its memory is freed. Gives up at once when the upload is cancelled,
// also while it waits for the sender.

import { Decoder } from './decode.ts'
import type { LoadInput, Progress } from './job.ts'

export class Intake {
  readonly decoder: Decoder
  /** Nothing follows what was filled. */
  ended = false
  private readonly signal: AbortSignal | undefined
  private readonly progress: Progress
  private readonly chunks: AsyncGenerator<Buffer>
  private rest: Buffer | null = null // of the last chunk
  private giveUp: (why: unknown) => void = () => {}

  constructor(input: LoadInput, chunkSize: number, progress: Progress) {
    this.decoder = new Decoder(input.source, input.options.dialect.encoding, input.maxBytes, input.convert)
    this.chunks = this.decoder.chunks(chunkSize)
    this.progress = progress
    progress.waitingSince = () => this.decoder.waitingSince
    this.signal = input.signal
    this.signal?.addEventListener('abort', () => this.giveUp(this.signal!.reason), { once: true })
  }

  /** Fills b from `n` on. Answers up to where: less than its length only at the end of the file. */
  async fill(b: Buffer, n = 0): Promise<number> {
    while (n < b.length) {
      if (this.rest === null && (this.rest = await this.next()) === null) break
      const copied = this.rest.copy(b, n)
      n += copied
      if (copied < this.rest.length) this.rest = this.rest.subarray(copied)
      else {
        free(this.rest)
        this.rest = null
      }
    }
    return n
  }

  private async next(): Promise<Buffer | null> {
    this.signal?.throwIfAborted()
    // not Promise.race with one long-lived promise: that keeps every chunk until the end
    const { done, value } = await new Promise<IteratorResult<Buffer>>((ok, no) => {
      this.giveUp = no
      this.chunks.next().then(ok, no)
    })
    this.progress.bytes = this.decoder.bytes
    if (done) this.ended = true
    return done ? null : value
  }

  close(): void {
    this.chunks.return(undefined).catch(() => {}) // not awaited: it waits for a read that may never come
  }
}

/**
 * Gives the memory of a chunk that was copied back at once. Left to the garbage collector, every ten megabytes of a body made it mark
 * the whole heap: a quarter of a load's CPU. Only the end of a buffer that is mostly this chunk: never one that others share.
 */
function free(b: Buffer): void {
  const { buffer, byteOffset, length } = b
  if (buffer instanceof ArrayBuffer && byteOffset + length === buffer.byteLength && length * 2 > buffer.byteLength) buffer.transfer(0)
}
