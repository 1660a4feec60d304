// copy.ts: one COPY … FROM STDIN as a sink with back-pressure, row count and cancel. Called by load.ts and rejects.ts.
// Settings that were measured: explicit column list, no HEADER (we strip it), FORCE_NULL on the non-text columns so that "" is
// NULL there, a 1 MB highWaterMark, the error listener before the first write (the server may refuse at any time).

import type { PoolClient } from 'pg'
import { escapeIdentifier as q, escapeLiteral as literal } from 'pg'
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams'

export interface CopyOptions {
  delimiter: string
  quote: string
  forceNull: readonly string[]
}

export class CopySink {
  private stream: CopyStreamQuery | null = null
  private error: Error | null = null
  private readonly client: PoolClient
  /** Bytes written in all COPYs of this sink. */
  written = 0

  /** Of these, the bytes that have left the process (at least). */
  get left(): number {
    const socket = (this.client as unknown as { connection: { stream: { writableLength: number } } }).connection.stream
    return this.written - (this.stream?.writableLength ?? 0) - socket.writableLength
  }

  constructor(client: PoolClient) {
    this.client = client
  }

  /** `table` is already quoted; columns are in FILE order. */
  open(table: string, columns: readonly string[], o: CopyOptions): void {
    const parts = ['format csv', "encoding 'UTF8'", `delimiter ${literal(o.delimiter)}`, `quote ${literal(o.quote)}`]
    if (o.forceNull.length > 0) parts.push(`force_null (${o.forceNull.map(q).join(', ')})`)
    this.error = null
    this.stream = this.client.query(
      copyFrom(`copy ${table} (${columns.map(q).join(', ')}) from stdin (${parts.join(', ')})`, { highWaterMark: 1 << 20 }),
    )
    this.stream.on('error', (e: Error) => {
      this.error = e
    })
  }

  /** The bytes go to the socket without a copy: do not change them before they have `left`. */
  async write(b: Uint8Array): Promise<void> {
    if (this.error) throw this.error
    const s = this.stream!
    this.written += b.length
    if (b.length === 0 || s.write(Buffer.from(b.buffer, b.byteOffset, b.byteLength))) return
    await new Promise<void>((ok, no) => {
      const drained = (): void => {
        s.off('error', failed)
        ok()
      }
      const failed = (e: Error): void => {
        s.off('drain', drained)
        no(e)
      }
      s.once('drain', drained)
      s.once('error', failed)
    })
  }

  /** CopyDone; resolves with the row count once the connection is ready for the next statement. */
  async close(): Promise<number> {
    if (this.error) throw this.error
    const s = this.stream!
    await new Promise<void>((ok, no) => {
      s.once('finish', ok)
      s.once('error', no)
      s.end()
    })
    this.stream = null
    return s.rowCount
  }

  /** CopyFail; the caller rolls back. The connection can be used again. */
  async abort(why: Error): Promise<void> {
    const s = this.stream
    if (!s || this.error || s.writableFinished) return
    await new Promise<void>((done) => {
      s.once('close', () => done())
      s.destroy(why)
    })
  }
}
