import type { Readable } from 'node:stream'
import type { UploadOptions } from './options.ts'
export function ndjsonToCsv(file: Readable, _o: UploadOptions): AsyncIterable<Uint8Array> { return file }
