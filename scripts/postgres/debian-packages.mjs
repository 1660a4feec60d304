/**
 * PostgreSQL with pg_cron out of Debian's packages, unpacked into a folder of our own: no root, nothing changed on
 * the system. Called by programs.mjs when the machine has no PostgreSQL with pg_cron. Writes `tree`, whole or not at all.
 *
 * Takes apt's lists as they are; where they are empty (containers) or stale (404) it fetches private ones and tries
 * once more. `--reinstall --print-uris` names the libraries that are needed even where some are installed, so that
 * the tree works wherever it is made.
 */
import { availableParallelism, userInfo } from 'node:os'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { run } from './account.mjs'
import { Problem } from './problem.mjs'

/** 100 MB that PostgreSQL runs without; `jit = off` is a must without llvm (settings.mjs). libc is the system's. */
const NOT_NEEDED = /^lib(llvm|z3|perl|json-perl|gdbm|c-l10n|c6|common)/
const JUNK = ['doc', 'man', 'locale', 'lintian']

/** @returns {Promise<boolean>} can this machine do it at all? */
export async function hasApt() {
  if (process.platform !== 'linux') return false
  const tools = await Promise.all(['apt-get', 'dpkg-deb'].map((tool) => run(tool, ['--version'], { check: false })))
  return tools.every((tool) => tool.status === 0)
}

/**
 * @param {string} tree the folder to make
 * @param {(text: string) => void} say progress
 */
export async function unpackDebianPackages(tree, say) {
  sweep(tree)
  const work = mkdtempSync(`${tree}-${process.pid}-`) // beside the tree: the last step is one rename
  try {
    const apt = aptIn(work)
    let version = await newestVersion(apt)
    let fresh = false
    if (!version) {
      say('the package lists are empty: fetching private ones')
      version = await newestVersion(await apt.refresh())
      fresh = true
    }
    if (!version) throw new Problem('there is no package postgresql-NN-cron in the package lists of this system.')
    let names
    try {
      names = await download(apt, version)
    } catch (error) {
      if (fresh) throw error
      say('a package is gone from the archive (old lists): fetching private lists, trying once more')
      version = await newestVersion(await apt.refresh())
      names = await download(apt, version)
    }
    say(`unpacking ${names.length} packages of PostgreSQL ${version} and pg_cron`)
    await unpack(apt.debs, path.join(work, 'tree'))
    try {
      renameSync(path.join(work, 'tree'), tree)
    } catch (error) {
      if (!existsSync(tree)) throw error // else another start was faster: use its tree
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** What a start that was killed in the middle has left. */
function sweep(tree) {
  for (const name of readdirSync(path.dirname(tree))) {
    const [, pid] = new RegExp(`^${path.basename(tree)}-(\\d+)-`).exec(name) ?? []
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(path.join(path.dirname(tree), name), { recursive: true, force: true })
  }
}

function aptIn(work) {
  const debs = path.join(work, 'debs')
  for (const folder of ['lists/partial', 'archives/partial', 'debs']) mkdirSync(path.join(work, folder), { recursive: true })
  const options = [
    '-qq',
    '-o',
    `APT::Sandbox::User=${userInfo().username}`,
    '-o',
    'Debug::NoLocking=1',
    '-o',
    'Acquire::Languages=none',
    '-o',
    'Acquire::Retries=2',
    '-o',
    'Acquire::http::Timeout=20',
    '-o',
    `Dir::Cache=${work}`,
    '-o',
    `Dir::Cache::archives=${work}/archives`,
  ]
  // The proxy settings of the environment count; its language does not, since the output is read.
  const env = { ...process.env, LC_ALL: 'C', LANG: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  const call = async (tool, args) => (await run(tool, [...options.slice(tool === 'apt-cache' ? 1 : 0), ...args], { cwd: debs, env })).stdout
  const apt = {
    debs,
    get: (...args) => call('apt-get', args),
    cache: (...args) => call('apt-cache', args),
    async refresh() {
      options.push('-o', `Dir::State::lists=${work}/lists`)
      const log = await run('apt-get', [...options, 'update'], { cwd: debs, env, check: false })
      if (log.status !== 0 || /^(E|Err)[: ]/m.test(log.stderr))
        throw new Problem("Debian's package archive cannot be reached.", undefined, log.stderr.trim().split('\n').slice(-4).join('\n'))
      return apt
    },
  }
  return apt
}

async function newestVersion(apt) {
  const found = await apt.cache('search', '--names-only', '^postgresql-[0-9]+-cron$').catch(() => '')
  return [...found.matchAll(/^postgresql-(\d+)-cron/gm)].map((match) => Number(match[1])).sort((a, b) => b - a)[0]
}

async function download(apt, version) {
  const uris = await apt.get(
    'install',
    '--reinstall',
    '--no-install-recommends',
    '--print-uris',
    `postgresql-${version}`,
    `postgresql-${version}-cron`,
    `postgresql-client-${version}`,
    'libpq5',
  )
  const names = [...new Set([...uris.matchAll(/^'[^']+' (\S+?)_/gm)].map((match) => match[1]))].filter(
    (name) =>
      name.startsWith(`postgresql-${version}`) || name === `postgresql-client-${version}` || (/^lib/.test(name) && !NOT_NEEDED.test(name)),
  )
  await apt.get('download', ...names)
  return names
}

async function unpack(debs, tree) {
  mkdirSync(tree, { recursive: true })
  const waiting = readdirSync(debs).filter((name) => name.endsWith('.deb'))
  const one = async () => {
    for (let deb = waiting.pop(); deb; deb = waiting.pop()) await run('dpkg-deb', ['-x', path.join(debs, deb), tree])
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, one))
  for (const junk of JUNK) rmSync(path.join(tree, 'usr/share', junk), { recursive: true, force: true })
}
