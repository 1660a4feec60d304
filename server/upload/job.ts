// job.ts: what a load is given and what it answers. Shared by load.ts, dry-run.ts and route.ts.

import type { PoolClient } from 'pg'
import type { Dialect } from './dialect.ts'
import type { ColumnReport } from './infer.ts'
import type { Machines } from './machine.ts'
import type { Mode, UploadOptions } from './options.ts'
import type { Preview } from './preview.ts'

export interface LoadInput {
  client: PoolClient
  /** Runs `work` on the same connection as the server itself: a workspace's role may not read the catalogs. */
  asServer<X>(work: () => Promise<X>): Promise<X>
  source: AsyncIterable<Uint8Array>
  /** Between decoding and reading: NDJSON becomes CSV. */
  convert?: (text: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
  /** Of a file that is converted: the line of its n-th record. */
  lineOf?: (record: number) => number
  options: UploadOptions
  schema: string
  table: string
  uploadId: string
  maxBytes?: number // after decompression
  maxRecordBytes?: number
  sampleBytes?: number
  signal?: AbortSignal
  progress?: Progress
  machines?: Machines
}
/** Read by the progress writer while the load runs. */
export interface Progress {
  bytes: number
  rows: number
  rejected: number
  waitingSince?: () => number | null
}

export interface LoadResult {
  table: string
  mode: Mode
  rows: number
  inserted?: number
  updated?: number
  rejected: number
  repaired: number
  rejects: string | null // name of the table that holds them
  key: string[]
  bytes: number
  sha256: string
  columns: ColumnReport[]
  dialect: Dialect
  preview?: Preview
}
