/**
 * `npm run demo [-- anniversaries]`: finds the running Tidemark of this checkout, and hands over to demo.ts under Node 24.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { findRunning } from './launch/state.mjs'
import { placeFor } from './postgres/place.mjs'
import { report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('demo')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  const { url, databaseUrl, secret } = findRunning(await placeFor(ROOT))
  const env = { ...process.env, DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, TIDEMARK_URL: url }
  const { status } = spawnSync(node, ['scripts/demo.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit', env })
  process.exitCode = status ?? 1
} catch (error) {
  report(error)
  process.exitCode = 1
}
