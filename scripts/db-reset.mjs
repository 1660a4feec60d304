/**
 * `npm run db:reset`: deletes the private database of this checkout; the next start makes a new one. Asks first
 * (`-- --yes` does not). Keeps the unpacked packages and the secret. Never touches a database named by DATABASE_URL.
 */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { helpIfAsked } from './commands.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { claim } from './launch/state.mjs'
import { runningIn, stopCluster } from './postgres/cluster.mjs'
import { placeFor } from './postgres/place.mjs'
import { Problem, report } from './postgres/problem.mjs'
import { findPrograms } from './postgres/programs.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('db:reset')
let lock = null
try {
  loadEnvFile(ROOT)
  if (process.env.DATABASE_URL)
    throw new Problem(
      'DATABASE_URL is set, and a database that is not ours is not deleted here.',
      'drop and create it yourself, or unset DATABASE_URL.',
    )
  const place = await placeFor(ROOT)
  const taken = claim(place)
  if (taken.running)
    throw new Problem(`Tidemark is running (process ${taken.running.pid}).`, 'stop it first (Ctrl-C in its terminal), then try again.')
  lock = taken
  if (!process.argv.includes('--yes')) {
    if (!process.stdin.isTTY) throw new Problem(`this deletes all data in ${place.pg}.`, 'say npm run db:reset -- --yes')
    const asking = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await asking.question(`This deletes all data in ${place.pg}. Type yes to go on: `)
    asking.close()
    if (answer.trim() !== 'yes') throw new Problem('nothing was deleted.')
  }
  if (runningIn(place.pg)) await stopCluster(place, await findPrograms(place, console.log), 'immediate')
  for (const gone of [place.pg, place.socket]) rmSync(gone, { recursive: true, force: true })
  console.log('The database is deleted. npm start makes a new one.')
} catch (error) {
  report(error)
  process.exitCode = 1
} finally {
  lock?.release()
}
