/** The hash of what scan.wasm is compiled from. Called by build.mjs, which writes it, and by the test that compares it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

export function sourceHash() {
  const hash = createHash('sha256')
  for (const file of ['scan.ts', 'values.ts']) hash.update(readFileSync(path.join(import.meta.dirname, file)))
  return hash.digest('hex')
}
