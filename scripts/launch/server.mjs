/**
 * The server as a child: started, relayed, ended. Called by start.mjs and dev.mjs.
 */
import { spawn } from 'node:child_process'
import { watchProcess } from '../postgres/watchdog.mjs'
import { compileCache } from './compile-cache.mjs'

const GRACE_MS = 10_000

/**
 * @param {{ root: string, node: string, args?: string[], env: object, onReady?: (url: string) => void }} options
 * @returns {{ pid: number, ended: Promise<number>, stop: () => Promise<void> }} `ended`: its exit code
 */
export function startServer({ root, node, args = [], env, onReady = () => {} }) {
  // A process group of its own: Ctrl-C reaches the launcher alone, which ends the server before the database.
  const child = spawn(node, [...args, 'server/main.ts'], {
    cwd: root,
    env: { NODE_ENV: 'production', GRAPHILE_ENV: 'production', ...compileCache(root), ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const watchdog = child.pid ? watchProcess(child.pid) : null
  let line = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text)
    line += text
    for (let end = line.indexOf('\n'); end >= 0; end = line.indexOf('\n')) {
      const [, url] = /is ready on (https?:\/\/\S+)/.exec(line.slice(0, end)) ?? []
      if (url) onReady(url)
      line = line.slice(end + 1)
    }
  })
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (code) => {
      watchdog?.dismiss()
      resolve(code ?? 1)
    })
  })
  return {
    pid: child.pid,
    ended,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      await ended
      clearTimeout(late)
    },
  }
}
