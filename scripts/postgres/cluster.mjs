/**
 * A PostgreSQL cluster of our own: made, started or adopted, stopped. Called by start.mjs, the db-* scripts and
 * test-cluster.mjs. Writes place.pg (the data), place.socket (the socket's folder), place.log.
 *
 * States of place.pg: absent (made beside it and renamed, so never half-made) -> stopped -> running -> stopped.
 * Running is what postmaster.pid says, if that process lives, is no zombie, is called postgres and works in this folder.
 */
import {
  appendFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { ownFile, ownFolder, run } from './account.mjs'
import { freePort } from './ports.mjs'
import { noSpace, Problem } from './problem.mjs'
import { HBA, settingsText } from './settings.mjs'
import { watchPostgres } from './watchdog.mjs'

const DATABASE = 'tidemark'
const FIRST_PORT = 54329
const LOG_MAX_BYTES = 20_000_000

/** The form that pg, libpq and graphile-migrate all understand. (`postgres://user@/db?host=` loses its user in the last.) */
const socketUrl = ({ socket, port }, user, database) =>
  `postgres:///${encodeURIComponent(database)}?host=${encodeURIComponent(socket)}&port=${port}&user=${encodeURIComponent(user)}`

/** @returns {{ pid: number, port: number, socket: string, status: string } | null} the live postmaster of this data; a stale pid file is removed */
export function runningIn(data) {
  let lines
  try {
    lines = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
  const pid = Number(lines[0])
  if (existsSync('/proc/self') && !isPostmaster(pid, data)) {
    rmSync(path.join(data, 'postmaster.pid'), { force: true })
    return null
  }
  return { pid, port: Number(lines[3]), socket: lines[4] ?? '', status: (lines[7] ?? '').trim() }
}

function isPostmaster(pid, data) {
  try {
    if (!/^\d+ \(postgres\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false
  } catch {
    return false
  }
  try {
    return realpathSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return true // another user's process: its folder is hidden from us
  }
}

/** initdb and the database, beside the final place; one rename makes it real. */
async function make(place, programs, database) {
  const { account, pg } = place
  if (existsSync(pg)) {
    if (readdirSync(pg).length > 0)
      throw new Problem(
        `${pg} holds something that is not a PostgreSQL cluster.`,
        'move it away (or npm run db:reset, which deletes it), then start again.',
      )
    rmdirSync(pg)
  }
  for (const name of readdirSync(path.dirname(pg)))
    if (name.startsWith('pg.new-')) rmSync(path.join(path.dirname(pg), name), { recursive: true, force: true })
  const fresh = `${pg}.new-${process.pid}`
  const passwordFile = path.join(place.socket, `password-${process.pid}`)
  try {
    ownFolder(fresh, account)
    writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 }) // nobody needs it: we enter by the socket
    ownFile(passwordFile, account)
    // --no-sync: it spares seconds; a power cut in the first half minute would cost a database that is empty.
    await run(
      `${programs.bin}/initdb`,
      [
        '-D',
        fresh,
        '-U',
        'postgres',
        '--locale=C.UTF-8',
        '--encoding=UTF8',
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--no-sync',
      ],
      { account, env: programs.env },
    )
    if (database)
      await run(`${programs.bin}/postgres`, ['--single', '-D', fresh, 'postgres'], {
        account,
        env: programs.env,
        input: `create database ${database}\n`,
      })
    appendFileSync(path.join(fresh, 'postgresql.conf'), "\ninclude 'tidemark.conf'\n")
    renameSync(fresh, pg)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    throw error
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/**
 * Starts the cluster, making it first where there is none; adopts it where it runs.
 * @param {object} place placeFor()'s answer
 * @param {object} programs findPrograms()'s answer
 * @param {{ database?: string, cronDatabase?: string, fast?: boolean, port?: number, say?: (text: string) => void, remove?: string }} [options]
 *   `remove`: a folder that the watchdog deletes if we die
 */
export async function startCluster(
  place,
  programs,
  { database = DATABASE, cronDatabase = database, fast = false, port: wanted, say = () => {}, remove } = {},
) {
  const { account, pg: data } = place
  ownFolder(place.socket, account)
  if (!existsSync(`${data}/PG_VERSION`)) {
    say('making the cluster')
    await make(place, programs, database)
  }
  let alive = await settled(data)
  const adopted = alive !== null
  const watchdog = watchPostgres(data, { account, remove })
  if (alive) say(`PostgreSQL runs already (process ${alive.pid}): using it`)
  else {
    rotate(place.log)
    for (let tries = 0, started = false; !started; tries++) {
      const port = await freePort(wanted ?? (lastPort(data) || FIRST_PORT))
      for (const [name, text] of [
        ['tidemark.conf', settingsText({ programs, port, socket: place.socket, cronDatabase, fast })],
        ['pg_hba.conf', HBA],
      ]) {
        writeFileSync(path.join(data, name), text)
        ownFile(path.join(data, name), account)
      }
      started = await launch(place, programs, { mayLosePort: tries < 5 })
    }
    alive = runningIn(data)
    if (!alive) throw new Problem('PostgreSQL ended right after its start.', `read the end of ${place.log}.`, tail(place.log))
  }
  const server = { socket: alive.socket || place.socket, port: alive.port }
  return {
    ...server,
    place,
    programs,
    adopted,
    pid: alive.pid,
    url: (user = 'postgres', name = database) => socketUrl(server, user, name),
    /** @param {'fast' | 'immediate'} mode */
    async stop(mode = 'fast') {
      watchdog.dismiss()
      await stopCluster(place, programs, mode)
    },
  }
}

/** One that is going down or coming up is waited for: the watchdog of a launcher that was killed may be at work. */
async function settled(data) {
  for (let tries = 0; ; tries++) {
    const alive = runningIn(data)
    if (!alive || alive.status === 'ready') return alive
    if (tries > 300)
      throw new Problem(
        `PostgreSQL (process ${alive.pid}) has been "${alive.status || 'starting'}" for half a minute.`,
        `read server.log in ${data}, or end that process, then start again.`,
      )
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** @returns {Promise<boolean>} false: somebody took the port since it was seen free (two starts at once) */
async function launch(place, programs, { mayLosePort }) {
  const { account, pg: data, log } = place
  const start = () =>
    run(`${programs.bin}/pg_ctl`, ['-D', data, '-l', log, '-w', '-t', '60', 'start'], {
      account,
      env: programs.env,
      quiet: true,
      check: false,
    })
  for (let tries = 0; ; tries++) {
    const from = existsSync(log) ? statSync(log).size : 0
    if ((await start()).status === 0) return true
    const said = existsSync(log) ? readFileSync(log).subarray(from).toString() : ''
    if (/No space left on device/.test(said)) throw noSpace(data)
    if (mayLosePort && /could not bind .* address .*: Address already in use/.test(said)) return false
    // The last processes of a postmaster that was killed are still going: they notice within a second or two.
    if (/pre-existing shared memory block|lock file .* already exists/.test(said) && tries < 10) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      continue
    }
    throw new Problem(
      'PostgreSQL does not start.',
      `read ${log}, mend what it says and start again. Only where the data do not matter: npm run db:reset deletes them and begins anew.`,
      said.trim().split('\n').slice(-8).join('\n'),
    )
  }
}

export async function stopCluster(place, programs, mode = 'fast') {
  if (!runningIn(place.pg)) return
  await run(`${programs.bin}/pg_ctl`, ['-D', place.pg, '-m', mode, '-w', '-t', '60', 'stop'], {
    account: place.account,
    env: programs.env,
    quiet: true,
    check: false,
  })
}

function lastPort(data) {
  try {
    return Number(/^port = (\d+)$/m.exec(readFileSync(`${data}/tidemark.conf`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}

function rotate(log) {
  if (existsSync(log) && statSync(log).size > LOG_MAX_BYTES) renameSync(log, `${log}.old`)
}

export const tail = (file, lines = 8) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-lines).join('\n') : '')
