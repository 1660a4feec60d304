/**
 * `npm run bench [-- upload live …] [--quick] [--rows N] [--pairs N] [--only PARTS] [--here] [--list]`: the figures, each measured against what one would use
 * instead. Hands over to bench.ts under Node 24.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('bench')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  process.exitCode = spawnSync(node, ['scripts/bench.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
} catch (error) {
  report(error)
  process.exitCode = 1
}
