/**
 * `npm run -s token`: finds the running Tidemark of this checkout (or DATABASE_URL with TIDEMARK_SECRET, in a container)
 * and hands over to token.ts under Node 24. Prints the token alone; whatever else is said goes to stderr.
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
helpIfAsked('token')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  const env = { ...process.env }
  if (!env.DATABASE_URL || !env.TIDEMARK_SECRET) {
    const { url, databaseUrl, secret } = findRunning(await placeFor(ROOT))
    Object.assign(env, { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, PUBLIC_URL: env.PUBLIC_URL ?? url })
  }
  const { status } = spawnSync(node, ['scripts/token.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit', env })
  process.exitCode = status ?? 1
} catch (error) {
  report(error)
  process.exitCode = 1
}
