/**
 * Builds the web app when its source is newer than what was built. Called by start.mjs. Writes web/dist.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** What the web app shares with the server. */
const SHARED = /from ['"](?:\.\.\/)+(server\/[^'"]+)['"]/g

/** One hash over web/ (without dist), the files of the server that it imports, and the lock file. */
function sourceHash(root) {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')))
  const shared = new Set()
  const walk = (folder) => {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name)
      if (name === 'dist' || name === 'node_modules' || name.startsWith('.')) continue
      if (statSync(file).isDirectory()) walk(file)
      else {
        const text = readFileSync(file)
        hash.update(path.relative(root, file)).update('\0').update(text).update('\0')
        for (const [, name] of text.toString().matchAll(SHARED)) shared.add(name)
      }
    }
  }
  walk(path.join(root, 'web'))
  for (const name of [...shared].sort()) if (existsSync(path.join(root, name))) hash.update(readFileSync(path.join(root, name)))
  return hash.digest('hex')
}

/**
 * Goes on when the build fails: everything that a script can do works without it, and `/` has a plain page.
 * @returns {Promise<boolean>} whether it was built
 */
export async function ensureWeb(root, node, say, { onChild = () => {} } = {}) {
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  if (!existsSync(path.join(root, 'web/index.html')) || !existsSync(vite)) return false
  const stamp = path.join(root, 'web/dist/.built-from')
  const hash = sourceHash(root)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false
  say('building the web app')
  const { code, said, signal } = await build(root, node, vite, onChild)
  if (signal) return false // the start was given up: who ended it has said why
  if (code !== 0) {
    say(
      `the web app could not be built; the server starts with ${existsSync(stamp) ? 'the last one' : 'the plain page'} (cd web && npx vite build says why)`,
    )
    console.error(said.trim().split('\n').slice(0, 12).join('\n'))
    return false
  }
  writeFileSync(stamp, hash)
  return true
}

function build(root, node, vite, onChild) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' }
    const child = spawn(node, [vite, 'build', '--logLevel', 'warn'], {
      cwd: path.join(root, 'web'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    })
    onChild(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(0, 4000)))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, said, signal }))
  })
}
