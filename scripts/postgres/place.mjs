/**
 * Where everything of this checkout lies: the folder of data (./.data, or TIDEMARK_DATA), the account that owns it,
 * the socket's folder. Called first by every command. Makes the folder of data.
 */
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { accountFor, ownFolder, run } from './account.mjs'
import { Problem } from './problem.mjs'

/** A socket's path may not exceed 107 bytes; PostgreSQL adds the file's name and `.lock` for its lock. */
const SOCKET_PATH_MAX = 107
export const fitsSocket = (folder) => Buffer.byteLength(`${folder}/.s.PGSQL.65535.lock`) <= SOCKET_PATH_MAX

/**
 * @param {string} root the checkout
 * @returns {Promise<{ root: string, base: string, pg: string, packages: string, log: string, socket: string, account: object | null }>}
 */
export async function placeFor(root, env = process.env) {
  const wanted = env.TIDEMARK_DATA ? path.resolve(root, env.TIDEMARK_DATA) : path.join(root, '.data')
  const tag = createHash('sha256').update(root).digest('hex').slice(0, 8)
  const elsewhere = `/var/lib/tidemark-${tag}`
  if (existsSync(wanted) && !statSync(wanted).isDirectory())
    throw new Problem(`${wanted} is not a folder.`, 'move it away, then start again.')
  let base = wanted
  // no PostgreSQL of our own, no account
  let account = env.DATABASE_URL || runsWithAnother(wanted) ? null : await accountFor(path.join(wanted, 'pg'))
  if (account && !env.TIDEMARK_DATA && !(await reaches(account, wanted))) {
    base = elsewhere // root's checkout in a 0700 home
    account = await accountFor(path.join(base, 'pg'))
  } else if (account && !(await reaches(account, wanted)))
    throw new Problem(
      `the account ${account.name}, which would run PostgreSQL, cannot reach TIDEMARK_DATA (${wanted}).`,
      `let it pass the folders above (chmod a+x), or choose another folder.`,
    )
  try {
    ownFolder(base, account)
    accessSync(base, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM' && error.code !== 'EROFS') throw error
    throw new Problem(`you may not write to ${base}${ownerOf(base)}.`, 'start as its owner, or set TIDEMARK_DATA to a folder of your own.')
  }
  let socket = path.join(base, 'run')
  if (!fitsSocket(socket)) socket = path.join(os.tmpdir(), `tidemark-${tag}`)
  if (!fitsSocket(socket)) socket = `/tmp/tidemark-${tag}`
  return {
    root,
    base,
    account,
    socket,
    pg: path.join(base, 'pg'),
    packages: path.join(base, 'pgsql'),
    log: path.join(base, 'pg', 'server.log'),
  }
}

/** `DATABASE_URL=… npm start` runs here, and another command, which was not told of that database, looks for it. */
function runsWithAnother(base) {
  try {
    const { pid, databaseUrl } = JSON.parse(readFileSync(path.join(base, 'launcher.json'), 'utf8'))
    process.kill(pid, 0)
    return new URL(databaseUrl).hostname !== ''
  } catch {
    return false // nobody runs here, or not to be seen by us
  }
}

/** Can the account pass every folder on the way? What does not exist yet will be made for it. */
async function reaches(account, folder) {
  for (let at = folder; at !== '/'; at = path.dirname(at))
    if (existsSync(at) && (await run('test', ['-x', at], { account, check: false })).status !== 0) return false
  return true
}

function ownerOf(folder) {
  try {
    return ` (it belongs to the user with the id ${statSync(folder).uid})`
  } catch {
    return ''
  }
}
