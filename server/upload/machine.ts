// machine.ts: the compiled inner loop (wasm/) with a memory of its own, and where in it the bytes of a load lie. Taken by load.ts,
// one per load; the scanner calls it. Server only: a browser reads its one megabyte with the patient reader.
//
// The file is copied once, from the socket's chunks into this memory, and goes from here to COPY as slices. So the buffers
// are used again and again, and may be filled anew only when all that was written before has left this process: written bytes
// are counted, and the streams say how many still wait.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Calls, FastPath } from './scanner.ts'

const MODULE = new WebAssembly.Module(readFileSync(path.join(import.meta.dirname, 'wasm/scan.wasm')))
/** wasm/scan.ts keeps its tables below this address. */
const TABLES = 256 << 10,
  PAGE = 64 << 10,
  SLOTS = 16
/** Behind the last buffer: 16 bytes are read at a time. */
const MARGIN = 64

export class Machine implements FastPath {
  readonly memory: WebAssembly.Memory
  readonly calls: Calls
  readonly sample: Buffer
  readonly windowSize: number
  private slots = 0
  private readonly idle: { buffer: Buffer; mark: number }[] = []

  constructor(sampleSize: number, windowSize: number) {
    const pages = Math.ceil((TABLES + sampleSize + SLOTS * windowSize + MARGIN) / PAGE)
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.calls = new WebAssembly.Instance(MODULE, { env: { memory: this.memory } }).exports as unknown as Calls
    this.sample = Buffer.from(this.memory.buffer, TABLES, sampleSize)
    this.windowSize = windowSize
  }

  /** For another load: whatever was written has left. */
  reset(): void {
    this.slots = 0
    this.idle.length = 0
  }

  /** A window of at least `min` bytes. `left`: how many of the bytes that were written have left the process. */
  take(min: number, left: number): Buffer {
    if (min <= this.windowSize) {
      if (this.idle.length > 0 && this.idle[0]!.mark <= left) return this.idle.shift()!.buffer
      if (this.slots < SLOTS) {
        const at = TABLES + this.sample.length + this.windowSize * this.slots++
        return Buffer.from(this.memory.buffer, at, this.windowSize)
      }
    }
    // a record that is longer than a window, or a socket that holds sixteen of them: read patiently, outside of this memory
    return Buffer.allocUnsafeSlow(Math.max(min, this.windowSize))
  }

  /** The window is no longer read; `mark`: bytes written so far. */
  release(buffer: Buffer, mark: number): void {
    if (buffer.buffer === this.memory.buffer) this.idle.push({ buffer, mark })
  }
}

/** The machine of the last load that ended well, for the next: eleven fresh megabytes make the garbage collector mark the whole heap. */
export class Machines {
  private rested: Machine | null = null

  take(sampleSize: number, windowSize: number): Machine {
    const machine = this.rested
    if (machine === null || machine.sample.length !== sampleSize || machine.windowSize !== windowSize)
      return new Machine(sampleSize, windowSize)
    this.rested = null
    machine.reset()
    return machine
  }

  /** Only when nothing of its memory still waits in a socket: after the last COPY has answered. */
  put(machine: Machine): void {
    this.rested = machine
  }
}
