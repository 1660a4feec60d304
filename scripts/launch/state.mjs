/**
 * Which launcher runs this checkout's Tidemark, and how to reach it: `launcher.json` in the folder of data. Made by
 * start.mjs; read by a second start, and by token, listen, demo and the db-* scripts, through findRunning().
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { ownFile } from '../postgres/account.mjs'
import { Problem } from '../postgres/problem.mjs'

/** A process is known by its number and its start time: numbers are used again. */
function startTimeOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19]
  } catch {
    if (existsSync('/proc/self')) return null
    try {
      process.kill(pid, 0)
      return 'alive'
    } catch {
      return null
    }
  }
}
const lives = (one) => Boolean(one?.pid) && startTimeOf(one.pid) === one.began

const fileOf = (place) => path.join(place.base, 'launcher.json')
const read = (place) => {
  try {
    return JSON.parse(readFileSync(fileOf(place), 'utf8'))
  } catch {
    return null
  }
}

/**
 * Takes the place of launcher for this folder of data.
 * @returns {{ running: object } | { write: (more: object) => void, release: () => void, before: object | null }}
 *   `before`: what a launcher that died has left
 */
export function claim(place) {
  const before = read(place)
  if (lives(before)) return { running: before }
  rmSync(fileOf(place), { force: true })
  let state = { pid: process.pid, began: startTimeOf(process.pid) }
  const save = (flag) => {
    const file = flag ? fileOf(place) : `${fileOf(place)}.new`
    writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flag: flag ?? 'w' })
    ownFile(file, place.account)
    if (!flag) renameSync(file, fileOf(place))
  }
  try {
    save('wx')
  } catch (error) {
    if (error.code === 'EEXIST') return { running: read(place) ?? {} } // two starts in the same moment
    throw error
  }
  return {
    before,
    write: (more) => {
      state = { ...state, ...more }
      save()
    },
    release: () => rmSync(fileOf(place), { force: true }),
  }
}

/** A process of a launcher that died: its watchdog is ending it. */
export const processOf = (pid) => ({ pid, began: startTimeOf(pid) })
export async function untilEnded(one, timeoutMs = 12_000) {
  for (const until = Date.now() + timeoutMs; lives(one) && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 100))
}

/**
 * The Tidemark of this checkout, for commands that need it running.
 * @returns {{ url: string, databaseUrl: string, secret: string }}
 */
export function findRunning(place) {
  const state = read(place)
  if (!lives(state) || !state.url) throw new Problem('Tidemark is not running.', 'run `npm start` in another terminal, then try again.')
  return { url: state.url, databaseUrl: state.databaseUrl, secret: secretOf(place) }
}

/** The server's secret: TIDEMARK_SECRET, or a random one that is made at the first start and kept. */
export function secretOf(place, env = process.env) {
  if (env.TIDEMARK_SECRET) return env.TIDEMARK_SECRET
  const file = path.join(place.base, 'secret')
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
    ownFile(file, place.account)
  }
  return readFileSync(file, 'utf8').trim()
}

/** .data/db/.s.PGSQL.5432 leads to the socket in use, whatever its folder and port: .gmrc and psql have one fixed address. */
export function linkSocket(place, { socket, port }) {
  const folder = path.join(place.root, '.data/db')
  try {
    mkdirSync(folder, { recursive: true })
    rmSync(path.join(folder, '.s.PGSQL.5432'), { force: true })
    symlinkSync(path.join(socket, `.s.PGSQL.${port}`), path.join(folder, '.s.PGSQL.5432'))
  } catch {
    // a read-only checkout: only .gmrc misses it
  }
}
