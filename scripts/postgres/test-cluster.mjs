/**
 * A throw-away cluster for tests: made in a temporary directory, fast and unsafe, gone afterwards whatever happens.
 * Called by scripts/test.mjs (once per run), db-commit and check. Only the unpacked packages are kept between runs.
 *
 * pg_cron runs for one database per cluster: CRON_DATABASE. Others have the ticker, as a template's clones always do.
 */
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { startCluster } from './cluster.mjs'
import { fitsSocket, placeFor } from './place.mjs'
import { findPrograms } from './programs.mjs'

export const CRON_DATABASE = 'tidemark_cron'

/** @returns {Promise<object>} startCluster()'s answer; stop() also deletes the folder */
export async function startTestCluster(root, say = () => {}) {
  const home = await placeFor(root)
  const programs = await findPrograms({ ...home, pg: path.join(home.base, 'no-cluster') }, say)
  const account = home.account
  const above = fitsSocket(path.join(os.tmpdir(), 'tidemark-test-XXXXXX/run')) ? os.tmpdir() : '/tmp'
  const base = mkdtempSync(path.join(above, 'tidemark-test-'))
  if (account) chownSync(base, account.uid, account.gid)
  const place = { ...home, base, pg: path.join(base, 'pg'), log: path.join(base, 'pg', 'server.log'), socket: path.join(base, 'run') }
  mkdirSync(place.socket, { mode: 0o700 })
  if (account) chownSync(place.socket, account.uid, account.gid)
  try {
    // Runs at the same time must not meet: each begins its search for a port elsewhere.
    const cluster = await startCluster(place, programs, {
      database: '',
      cronDatabase: CRON_DATABASE,
      fast: true,
      port: randomInt(20_000, 30_000),
      say,
      remove: base,
    })
    return {
      ...cluster,
      url: (user = 'postgres', name = 'postgres') => cluster.url(user, name),
      async stop() {
        await cluster.stop('immediate')
        rmSync(base, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(base, { recursive: true, force: true })
    throw error
  }
}
