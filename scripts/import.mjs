/**
 * `npm run import -- file.csv`: finds the running Tidemark of this checkout (or DATABASE_URL with TIDEMARK_SECRET, in a
 * container), and hands over to import.ts under Node 24. With --url it needs neither: any server, with a token.
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
helpIfAsked('import')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  const env = { ...process.env }
  if (!process.argv.some((one) => /^--url(=|$)/.test(one))) {
    if (env.DATABASE_URL && env.TIDEMARK_SECRET) env.TIDEMARK_URL = `http://localhost:${env.PORT || 5000}`
    else {
      const { url, databaseUrl, secret } = findRunning(await placeFor(ROOT))
      Object.assign(env, { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, TIDEMARK_URL: url })
    }
  }
  // npm changes the folder; the file is meant from where it was typed
  const options = { stdio: 'inherit', env, cwd: process.env.INIT_CWD ?? process.cwd() }
  const child = spawn(node, [path.join(ROOT, 'scripts/import.ts'), ...process.argv.slice(2)], options)
  // Ctrl-C reaches the child too; a SIGTERM to npm does not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('close', (code) => process.exit(code ?? 1))
} catch (error) {
  report(error)
  process.exitCode = 1
}
