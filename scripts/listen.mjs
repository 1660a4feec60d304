/**
 * `npm run listen -- [matview_refresh_channel]`: finds the running Tidemark of this checkout (or DATABASE_URL), and hands
 * over to listen.ts under Node 24. With --url it needs neither: any server, by its event stream.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { findRunning } from './launch/state.mjs'
import { placeFor } from './postgres/place.mjs'
import { report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('listen')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  const env = { ...process.env }
  const needsNothing = process.argv.some((one) => /^--url(=|$)/.test(one))
  if (!needsNothing && !env.DATABASE_URL) {
    const { databaseUrl, secret } = findRunning(await placeFor(ROOT))
    Object.assign(env, { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret })
  }
  const child = spawn(node, [path.join(ROOT, 'scripts/listen.ts'), ...process.argv.slice(2)], { stdio: 'inherit', env })
  // Ctrl-C reaches the child too; a SIGTERM to npm does not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('close', (code) => process.exit(code ?? 1))
} catch (error) {
  report(error)
  process.exitCode = 1
}
