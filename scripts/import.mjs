/**
 * `npm run import -- file.csv`: hands over to import.ts under Node 24, in the folder where it was typed.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('import')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  // npm changes the folder; the file is meant from where it was typed
  const options = { stdio: 'inherit', cwd: process.env.INIT_CWD ?? process.cwd() }
  const child = spawn(node, [path.join(ROOT, 'scripts/import.ts'), ...process.argv.slice(2)], options)
  // Ctrl-C reaches the child too; a SIGTERM to npm does not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('close', (code) => process.exit(code ?? 1))
} catch (error) {
  report(error)
  process.exitCode = 1
}
