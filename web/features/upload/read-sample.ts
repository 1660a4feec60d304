// The first megabyte of a file, unpacked if it is gzip. Called by the preview; reads no more than it needs.
import { SAMPLE_BYTES } from './preview.ts'

export async function readSample(file: File): Promise<{ bytes: Uint8Array; size: number }> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  if (head[0] !== 0x1f || head[1] !== 0x8b)
    return { bytes: new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer()), size: file.size }
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const parts: Uint8Array[] = []
  let length = 0
  let ended = false
  while (length < SAMPLE_BYTES && !ended) {
    const { value, done } = await reader.read()
    ended = done
    if (value) {
      parts.push(value)
      length += value.length
    }
  }
  void reader.cancel().catch(() => {})
  const bytes = new Uint8Array(Math.min(length, SAMPLE_BYTES))
  let at = 0
  for (const part of parts) {
    bytes.set(part.subarray(0, bytes.length - at), at)
    at += Math.min(part.length, bytes.length - at)
  }
  // Text shrinks to about a fifth: good enough for an estimate of rows.
  return { bytes, size: ended && length <= SAMPLE_BYTES ? length : Math.max(length + 1, file.size * 5) }
}
