/**
 * Builds the web app when its source is newer than what was built. Called by start.mjs. Writes web/dist.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Problem } from '../postgres/problem.mjs'

/** One hash over web/ (without dist) and the lock file. */
function sourceHash(root) {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')))
  const walk = (folder) => {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name)
      if (name === 'dist' || name === 'node_modules' || name.startsWith('.')) continue
      if (statSync(file).isDirectory()) walk(file)
      else hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  walk(path.join(root, 'web'))
  return hash.digest('hex')
}

/** @returns {Promise<boolean>} whether it had to be built */
export async function ensureWeb(root, node, say, { onChild = () => {} } = {}) {
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  if (!existsSync(path.join(root, 'web/index.html')) || !existsSync(vite)) return false
  const stamp = path.join(root, 'web/dist/.built-from')
  const hash = sourceHash(root)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false
  say('building the web app')
  await new Promise((resolve, reject) => {
    const child = spawn(node, [vite, 'build', '--logLevel', 'warn'], {
      cwd: path.join(root, 'web'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production' },
    })
    onChild(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Problem('the web app could not be built.', undefined, said.trim()))))
  })
  writeFileSync(stamp, hash)
  return true
}
