import type { UploadOptions } from './options.ts'
export function ndjsonToCsv(file: AsyncIterable<Uint8Array>, _o: UploadOptions): AsyncIterable<Uint8Array> { return file }
