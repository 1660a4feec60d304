/**
 * Stops what we started when we die without a word (SIGKILL of the launcher, a closed terminal). A small shell waits
 * for the end of its standard input, which the system closes with us. Called by cluster.mjs and start.mjs.
 */
import { spawn } from 'node:child_process'
import { as } from './account.mjs'

function watch(script, args, account) {
  const child = spawn('sh', ['-c', `trap "" INT HUP TERM QUIT; read _; ${script}`, ...args], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    ...as(account),
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  child.stdin.unref?.()
  /** Everything has been stopped in good order: the watchdog has nothing left to do. */
  return { dismiss: () => child.kill('SIGKILL') }
}

/** Fast shutdown of whatever runs in this data; then, for tests, the folder goes. Set before PostgreSQL starts. */
export function watchPostgres(data, { account = null, remove = '' } = {}) {
  return watch(
    'pid=$(head -n 1 "$0/postmaster.pid" 2>/dev/null); [ -n "$pid" ] && kill -INT "$pid"; ' +
      'if [ -n "$1" ]; then n=0; while [ -e "$0/postmaster.pid" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done; rm -rf "$1"; fi',
    [data, remove],
    account,
  )
}

/** SIGTERM, then, ten seconds later, SIGKILL to a process of ours. */
export function watchProcess(pid) {
  return watch(
    'kill -TERM "$0" 2>/dev/null; n=0; while kill -0 "$0" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; kill -KILL "$0" 2>/dev/null',
    [String(pid)],
    null,
  )
}
