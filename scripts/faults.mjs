/**
 * `npm run faults [-- --kills N --seed S --only kills,disk … --mutations N --quick --soak MINUTES]`: kills PostgreSQL and the server
 * again and again and does everything else that goes wrong, on a throw-away cluster. Hands over to faults.ts under Node 24.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('faults')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  process.exitCode = spawnSync(node, ['scripts/faults.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
} catch (error) {
  report(error)
  process.exitCode = 1
}
