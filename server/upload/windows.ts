// windows.ts: the buffers that a load scans, used again and again. Called by load.ts.
//
// Slices of a window go to the socket uncopied, so a window may be filled anew only when all that was written before it was let
// go has left this process: written bytes are counted, and the streams say how many still wait. Without this every byte of
// a file is allocated three times, and the garbage collector takes a fifth of the load's CPU (measured: 111 MB file).

export class Windows {
  private readonly idle: { buffer: Buffer; mark: number }[] = []
  private readonly size: number
  private readonly left: () => number

  /** `left`: how many bytes of all that was written have left the process. */
  constructor(size: number, left: () => number) {
    this.size = size
    this.left = left
  }

  /** A buffer of at least `min` bytes. */
  take(min: number): Buffer {
    const oldest = this.idle[0]
    if (min <= this.size && oldest && oldest.mark <= this.left()) return this.idle.shift()!.buffer
    return Buffer.allocUnsafeSlow(Math.max(min, this.size))
  }

  /** The window is no longer read; `mark`: bytes written so far. Only the standard size is kept. */
  release(buffer: Buffer, mark: number): void {
    if (buffer.length === this.size && this.idle.length < 16) this.idle.push({ buffer, mark })
  }
}
