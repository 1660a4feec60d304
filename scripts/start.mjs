/**
 * `npm start`: from a bare machine to a running Tidemark. Runs on Node 20 before npm install.
 *
 * In this order, what can be at once at once: dependencies and Node 24 | database -> migrations | web app -> server.
 * Ends, on Ctrl-C, SIGTERM or SIGHUP, in the opposite order; on SIGKILL the watchdogs do it. Writes node_modules,
 * web/dist and the folder of data (place.mjs).
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { openDatabase } from './launch/database.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { startServer } from './launch/server.mjs'
import { claim, processOf, secretOf, untilEnded } from './launch/state.mjs'
import { steps } from './launch/steps.mjs'
import { ensureWeb } from './launch/web.mjs'
import { endPrograms } from './postgres/account.mjs'
import { runningIn, startCluster } from './postgres/cluster.mjs'
import { placeFor } from './postgres/place.mjs'
import { freePort } from './postgres/ports.mjs'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('start')
const say = steps()

const stopped = new AbortController()
const children = new Set()
const track = (child) => children.add(child) && child.once('close', () => children.delete(child))
const endChildren = () =>
  Promise.all([...children].map((child) => new Promise((resolve) => child.once('close', resolve).kill('SIGTERM') || resolve())))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    if (!stopped.signal.aborted) say('stopping')
    stopped.abort()
    endChildren()
    if (!database) endPrograms() // not pg_ctl while it stops the database
  })
// npm hands signals down, but not its own SIGKILL: without it nobody would be left to stop us.
const parent = process.ppid
if (process.env.npm_lifecycle_event === 'start') setInterval(() => process.ppid !== parent && process.emit('SIGHUP'), 500).unref()
const unlessStopped = () => stopped.signal.throwIfAborted()

let database = null
let server = null

async function start(place, lock) {
  const wanted = wantedPort()
  if (lock.before?.server) await untilEnded(lock.before.server)
  const secret = secretOf(place)
  const dependencies = ensureDependencies(ROOT, say, { onChild: track })
  const opening = openDatabase(place, say)
  // Wait for both even if one fails: a cluster that was started must be known to be stopped.
  const [node, opened] = await Promise.allSettled([
    dependencies,
    opening.catch((error) => {
      for (const child of children) child.kill('SIGTERM')
      throw error
    }),
  ])
  if (opened.status === 'rejected') throw opened.reason
  database = opened.value
  unlessStopped()
  if (node.status === 'rejected') throw node.reason
  say('dependencies are ready')

  const env = { TIDEMARK_SECRET: secret }
  await Promise.all([
    migrate(node.value, { ...env, DATABASE_URL: database.adminUrl }),
    ensureWeb(ROOT, node.value, say, { onChild: track }),
  ])
  unlessStopped()

  const port = await choosePort(wanted)
  say('starting the server')
  server = startServer({
    root: ROOT,
    node: node.value,
    env: { ...env, DATABASE_URL: database.serverUrl, PORT: String(port) },
    onReady: (url) => lock.write({ url, databaseUrl: database.serverUrl, server: processOf(server.pid) }),
  })
  lock.write({ databaseUrl: database.serverUrl, server: processOf(server.pid) })
  const supervision = setInterval(() => keepDatabase(place), 2000)
  const code = await Promise.race([server.ended, untilStopped()])
  clearInterval(supervision)
  if (code !== 'stopped') throw new Problem(`the server ended by itself (exit code ${code}).`, 'read the lines above, then start again.')
}

const untilStopped = () =>
  new Promise((resolve) => {
    if (stopped.signal.aborted) resolve('stopped')
    else stopped.signal.addEventListener('abort', () => resolve('stopped'))
  })

/** PostgreSQL mends itself when one of its processes dies; only when its first one dies, somebody must start it again. */
let mending = false
async function keepDatabase(place) {
  if (!database.cluster || mending || stopped.signal.aborted || runningIn(place.pg)) return
  mending = true
  say('PostgreSQL is gone: starting it again')
  try {
    const { programs, port } = database.cluster
    database.cluster = await startCluster(place, programs, { say, port })
    say(`PostgreSQL is back (port ${database.cluster.port})`)
    mending = false
  } catch (error) {
    report(error) // once; the server goes on answering that the database is away
  }
}

/** Exit code 0, or the migration has said why not. The server never sees the admin's URL. */
function migrate(node, env) {
  const args = ['scripts/migrate.ts', ...(process.argv.includes('--current') ? ['--current'] : [])]
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    track(child)
    child.stdout.setEncoding('utf8').on('data', (text) =>
      text
        .trim()
        .split('\n')
        .forEach((line) => say(`migrations: ${line}`)),
    )
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(stopped.signal.aborted ? stopped.signal.reason : new Reported())))
  })
}
class Reported extends Error {}

function wantedPort() {
  const port = Number(process.env.PORT || 5000)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw new Problem(`PORT is "${process.env.PORT}", which is no port.`, 'set it to a number from 1 to 65535.')
}

async function choosePort(wanted) {
  const port = await freePort(wanted, process.env.HOST || '127.0.0.1')
  if (port !== wanted) say(`port ${wanted} is taken: using ${port}`)
  return port
}

let lock = null
try {
  loadEnvFile(ROOT)
  const place = await placeFor(ROOT)
  if (place.account) say(`running as root: PostgreSQL will run as "${place.account.name}", its data in ${place.base}`)
  lock = claim(place)
  if (lock.running) {
    const { url, pid } = lock.running
    console.log(
      url ? `Tidemark runs already on ${url} (process ${pid}).` : `Tidemark is being started already${pid ? ` by process ${pid}` : ''}.`,
    )
    lock = null
  } else await start(place, lock)
} catch (error) {
  if (!stopped.signal.aborted) {
    if (!(error instanceof Reported)) report(error)
    process.exitCode = 1
  }
} finally {
  await endChildren()
  await server?.stop()
  await database?.cluster?.stop()
  lock?.release()
  if (database?.cluster && !process.exitCode) say('stopped')
}
process.exit()
