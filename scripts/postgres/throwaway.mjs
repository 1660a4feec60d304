/**
 * A Tidemark database that is thrown away, on a cluster with the settings of `npm start` (fsync on: what it acknowledged
 * survives a kill), prepared by migrate.ts. Called by bench.ts and faults.ts. Everything lies in one temporary folder, which
 * stop() deletes, and the watchdog if we die.
 */
import { spawn } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { startCluster, stopCluster } from './cluster.mjs'
import { fitsSocket, placeFor } from './place.mjs'
import { Problem } from './problem.mjs'
import { findPrograms } from './programs.mjs'

export const SECRET = 'a secret for a database that is thrown away'

/**
 * @param {string} root the checkout whose migrations are run
 * @param {(text: string) => void} [say]
 * @param {{ prepare?: boolean }} [options] `prepare: false`: an empty database
 */
export async function startThrowaway(root, say = () => {}, { prepare = true } = {}) {
  const home = await placeFor(root, { ...process.env, DATABASE_URL: '' })
  const programs = await findPrograms({ ...home, pg: path.join(home.base, 'no-cluster') }, say)
  const above = fitsSocket(path.join(os.tmpdir(), 'tidemark-away-XXXXXX/run')) ? os.tmpdir() : '/tmp'
  const base = mkdtempSync(path.join(above, 'tidemark-away-'))
  if (home.account) chownSync(base, home.account.uid, home.account.gid)
  const place = { ...home, base, pg: path.join(base, 'pg'), log: path.join(base, 'pg', 'server.log'), socket: path.join(base, 'run') }
  mkdirSync(place.socket, { mode: 0o700 })
  if (home.account) chownSync(place.socket, home.account.uid, home.account.gid)
  const options = { say, remove: base }
  let cluster = null
  const away = {
    place,
    programs,
    secret: SECRET,
    /** The superuser's, by the socket. */
    adminUrl: '',
    /** What a server takes as DATABASE_URL. */
    serverUrl: '',
    url: (user = 'postgres', database = 'tidemark') => cluster.url(user, database),
    pid: () => cluster.pid,
    /** In good order, the data stay: for settings that need a restart. */
    stopServer: () => stopCluster(place, programs),
    /** After a kill of the postmaster: the same data, the same port. */
    async restart() {
      const { port } = cluster
      cluster = await startCluster(place, programs, { ...options, port })
    },
    async stop() {
      await cluster?.stop('immediate')
      rmSync(base, { recursive: true, force: true })
    },
  }
  try {
    cluster = await startCluster(place, programs, { ...options, port: randomInt(30_000, 40_000) })
    Object.assign(away, { adminUrl: cluster.url(), serverUrl: cluster.url('app_authenticator') })
    if (prepare) await migrate(root, cluster.url())
    return away
  } catch (error) {
    await away.stop()
    throw error
  }
}

/** In a process of its own: the migration library keeps pools, and this one may be about to measure itself. */
export function migrate(root, adminUrl, node = process.execPath) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['scripts/migrate.ts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DATABASE_URL: adminUrl, TIDEMARK_SECRET: SECRET },
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)))
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(said) : reject(new Problem('the database could not be prepared.', undefined, said)),
    )
  })
}
