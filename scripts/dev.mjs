/**
 * `npm run dev`: as npm start, for who changes Tidemark. migrations/current is run and watched, the server reloads when
 * its source changes, the web app comes from Vite (with hot reload; it passes the API's paths on to the server).
 *
 * One launcher per checkout: while this runs, npm start says so. Ends like npm start.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { openDatabase } from './launch/database.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { startServer } from './launch/server.mjs'
import { claim, processOf, secretOf } from './launch/state.mjs'
import { steps } from './launch/steps.mjs'
import { placeFor } from './postgres/place.mjs'
import { freePort } from './postgres/ports.mjs'
import { report } from './postgres/problem.mjs'
import { watchProcess } from './postgres/watchdog.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('dev')
const say = steps()
const children = new Set()
let end
const stopped = new Promise((resolve) => (end = resolve))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end())

function helper(name, command, args, env = {}, cwd = ROOT) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
  children.add(child)
  if (child.pid) child.once('close', watchProcess(child.pid).dismiss)
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code)))
  ended.then((code) => children.delete(child) && code && say(`${name} ended (${code})`))
  return ended
}

let lock = null
let database = null
let server = null
try {
  loadEnvFile(ROOT)
  const place = await placeFor(ROOT)
  const taken = claim(place)
  if (taken.running)
    console.log(
      `Tidemark runs already${taken.running.url ? ` on ${taken.running.url}` : ''} (process ${taken.running.pid}): stop it first.`,
    )
  else {
    lock = taken
    const secret = secretOf(place)
    const node = await ensureDependencies(ROOT, say)
    database = await openDatabase(place, say)
    const env = { TIDEMARK_SECRET: secret, DATABASE_URL: database.adminUrl }
    // A mistake in a migration is for its author to mend while everything runs.
    await helper('migrations', node, ['scripts/migrate.ts', '--current'], env)
    helper('watching migrations/current', node, ['scripts/migrate/watch.ts'], env)
    const port = await freePort(Number(process.env.PORT ?? 5000))
    server = startServer({
      root: ROOT,
      node,
      args: ['--watch', '--watch-path=server', '--watch-preserve-output'],
      env: {
        NODE_ENV: 'development',
        GRAPHILE_ENV: 'development',
        TIDEMARK_SECRET: secret,
        DATABASE_URL: database.serverUrl,
        PORT: String(port),
      },
      onReady: (url) => lock.write({ url, databaseUrl: database.serverUrl, server: processOf(server.pid) }),
    })
    if (existsSync(path.join(ROOT, 'web/index.html')))
      helper(
        'vite',
        node,
        [path.join(ROOT, 'node_modules/vite/bin/vite.js')],
        { TIDEMARK_API: `http://127.0.0.1:${port}` },
        path.join(ROOT, 'web'),
      )
    await Promise.race([stopped, server.ended])
  }
} catch (error) {
  report(error)
  process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGTERM')
  await server?.stop()
  await database?.cluster?.stop()
  lock?.release()
}
process.exit()
