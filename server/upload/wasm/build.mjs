/**
 * `node server/upload/wasm/build.mjs [--check]`: compiles scan.ts with AssemblyScript into scan.wasm. Run by whoever changes
 * scan.ts or values.ts. The compiler is fetched by npx when it is needed: a hundred megabytes are no dependency of everybody.
 *
 * scan.wasm carries a custom section "source" with the hash of what it was made from; a test compares it (scanner.test.ts).
 * --check compiles and compares byte by byte.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sourceHash } from './source-hash.mjs'

const HERE = import.meta.dirname
const COMPILER = 'assemblyscript@0.28.20'
// -O3 and no runtime: the code has no objects. The memory is the caller's.
const OPTIONS = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--use', 'abort=']

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-wasm-'))
try {
  const out = path.join(folder, 'scan.wasm')
  const command = process.env.ASC ? [process.execPath, process.env.ASC] : ['npx', '--yes', '-p', COMPILER, 'asc']
  const { status, error } = spawnSync(command[0], [...command.slice(1), path.join(HERE, 'scan.ts'), '-o', out, ...OPTIONS], {
    stdio: 'inherit',
    cwd: HERE,
  })
  if (status !== 0) throw new Error(`${command[0]} ${error ? `cannot be run (${error.code})` : `ended with ${status}`}`)
  const made = Buffer.concat([readFileSync(out), customSection('source', Buffer.from(sourceHash()))])
  const file = path.join(HERE, 'scan.wasm')
  if (!process.argv.includes('--check')) writeFileSync(file, made)
  else if (!made.equals(readFileSync(file))) {
    console.error('scan.wasm is not what scan.ts compiles to: node server/upload/wasm/build.mjs')
    process.exitCode = 1
  } else console.log(`scan.wasm is what ${COMPILER} makes of its source`)
} finally {
  rmSync(folder, { recursive: true })
}

function customSection(name, content) {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), content])
  if (body.length > 127) throw new Error('the length needs more than one byte')
  return Buffer.concat([Buffer.from([0, body.length]), body])
}
