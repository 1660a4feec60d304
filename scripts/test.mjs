/**
 * `npm test [-- files and options of jest]`: one throw-away PostgreSQL, one template database, then jest. Runs on
 * Node 20 before npm install. Leaves nothing behind, whatever happens, but node_modules and the unpacked packages.
 *
 * Exits with jest's code and ends with the line `N passed, N failed[, N skipped]`.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { compileCache } from './launch/compile-cache.mjs'
import { Problem, report } from './postgres/problem.mjs'
import { CRON_DATABASE, startTestCluster } from './postgres/test-cluster.mjs'
import { watchProcess } from './postgres/watchdog.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('test')
/** After its last test, jest ends within this time, or a test has left something open. */
const GRACE_MS = 20_000
const started = Date.now()
const say = (text) => console.log(`[test ${((Date.now() - started) / 1000).toFixed(1)} s] ${text}`)

let child = null
let stopping = null
const run = (command, args, env) =>
  new Promise((resolve, reject) => {
    child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
    const watchdog = child.pid ? watchProcess(child.pid) : null // jest ends with us, however we end
    child.once('error', reject)
    child.once('close', (code) => {
      watchdog?.dismiss()
      resolve(code ?? 1)
    })
  })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    stopping = signal
    child?.kill('SIGTERM')
  })

async function main() {
  const results = mkdtempSync(path.join(os.tmpdir(), 'tidemark-results-'))
  // Both at once; when one fails, the other is still waited for, so that no cluster is left behind.
  const [node, cluster] = await Promise.allSettled([
    ensureDependencies(ROOT, say, { onChild: (npm) => (child = npm) }),
    startTestCluster(ROOT, say),
  ])
  try {
    for (const part of [node, cluster]) if (part.status === 'rejected') throw part.reason
    if (stopping) return 130
    const { programs } = cluster.value
    const env = {
      TIDEMARK_TEST_CLUSTER: JSON.stringify({
        adminUrl: cluster.value.url(),
        host: '127.0.0.1',
        port: cluster.value.port,
        socket: cluster.value.socket,
        cron: programs.cron,
        cronDatabase: CRON_DATABASE,
        bin: programs.bin,
        tools: programs.tools,
        programEnv: programs.env,
      }),
      ...compileCache(ROOT),
      TZ: 'UTC',
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
    }
    say(
      `PostgreSQL ${programs.version} from ${programs.from}${programs.cron ? ' with pg_cron' : ' (no pg_cron)'}, port ${cluster.value.port}`,
    )
    if ((await run(node.value, ['scripts/test-template.ts'], env)) !== 0) throw new Problem('the template database could not be made.')
    if (stopping) return 130
    say('template ready: jest')
    const file = path.join(results, 'results.json')
    const watch = setInterval(() => endLingering(file), 1000)
    const code = await run(
      node.value,
      [
        'node_modules/jest/bin/jest.js',
        '--config',
        'test/jest.config.mjs',
        '--maxWorkers',
        '2',
        // A worker with a large heap takes a while to end on a busy machine.
        '--workerGracefulExitTimeout',
        '5000',
        '--json',
        '--outputFile',
        file,
        '--testLocationInResults=false',
        ...process.argv.slice(2),
      ],
      env,
    )
    clearInterval(watch)
    return conclude(file, code)
  } finally {
    if (cluster.status === 'fulfilled') await cluster.value.stop()
    rmSync(results, { recursive: true, force: true })
  }
}

let finishedAt = 0
let lingered = false
function endLingering(file) {
  try {
    readFileSync(file)
  } catch {
    return
  }
  finishedAt ||= Date.now()
  if (Date.now() - finishedAt > GRACE_MS && !lingered) {
    lingered = true
    say('jest does not end: a test has left something open (a server, a connection, a timer)')
    child.kill('SIGKILL')
  }
}

function conclude(file, code) {
  let results
  try {
    results = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    console.log('0 passed, 1 failed')
    return code || 1
  }
  // A file that does not even load counts as one failure.
  const failed =
    results.numFailedTests + results.numRuntimeErrorTestSuites + (lingered ? 1 : 0) + Number(process.env.TIDEMARK_FAILED_BEFORE ?? 0)
  const skipped = results.numPendingTests + results.numTodoTests
  say('done')
  console.log(`${results.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
  return lingered || failed ? code || 1 : code
}

try {
  process.exitCode = stopping ? 130 : await main()
} catch (error) {
  report(error)
  process.exitCode = 1
}
