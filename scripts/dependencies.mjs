/**
 * node_modules and Node 24. Called by start.mjs, test.mjs and the other commands before anything of npm is used; runs
 * on Node 20. Writes node_modules, by `npm ci` only: what package-lock.json says.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Problem } from './postgres/problem.mjs'

const NEEDED_MAJOR = 24
/** npm's own progress would mix with the lines of what happens meanwhile. */
const STILL_MS = 10_000

/** Is every package of package-lock.json that this machine needs installed in the version that it names? */
function dependenciesAreFresh(root) {
  try {
    const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
    const installed = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8')).packages
    return (
      Object.entries(wanted).every(
        ([name, entry]) => name === '' || entry.optional || entry.devOptional || entry.peer || installed[name]?.version === entry.version,
      ) && nodeOf(root) !== null
    )
  } catch {
    return false
  }
}

/** @returns {string | null} a Node that runs TypeScript's source: our own process, or the one that came with npm ci */
function nodeOf(root) {
  const own = path.join(root, 'node_modules/.bin/node')
  if (existsSync(own)) return own
  return Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR ? process.execPath : null
}

/**
 * @param {(text: string) => void} say
 * @param {{ onChild?: (child: import('node:child_process').ChildProcess) => void }} [options] the child, so that Ctrl-C can end it
 * @returns {Promise<string>} the path of Node 24
 */
export async function ensureDependencies(root, say, { onChild = () => {} } = {}) {
  if (!dependenciesAreFresh(root)) {
    const why = existsSync(path.join(root, 'node_modules')) ? 'package-lock.json has changed: ' : ''
    say(`${why}installing ${packagesIn(root)} packages into node_modules with npm ci, about a minute`)
    const still = setInterval(() => say('npm ci is still at work'), STILL_MS)
    await npmCi(root, onChild).finally(() => clearInterval(still))
  }
  const node = nodeOf(root)
  if (!node)
    throw new Problem(
      `Node ${NEEDED_MAJOR} is needed; this is ${process.version}, and npm has none for ${process.platform}-${process.arch}.`,
      `install Node ${NEEDED_MAJOR} or newer (nodejs.org), then start again.`,
    )
  return node
}

/** What this machine gets, but for the packages of other platforms. */
function packagesIn(root) {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(packages).filter(([name, entry]) => name !== '' && !entry.optional).length
}

function npmCi(root, onChild) {
  return new Promise((resolve, reject) => {
    // No install scripts: nothing here needs one, and they are other people's code.
    const child = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: withoutNpm(),
    })
    onChild(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)))
    child.once('error', () => reject(new Problem('npm cannot be run.', 'install npm, then start again.')))
    child.once('close', (code) => {
      if (code === 0) return resolve()
      const remedy = /ENOSPC/.test(said)
        ? 'free about 1 GB of disk, then start again.'
        : /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|network/.test(said)
          ? 'check the connection to the npm registry (npm ping), then start again.'
          : 'read the lines below, then start again.'
      reject(new Problem('npm ci failed.', remedy, said.trim().split('\n').slice(-12).join('\n')))
    })
  })
}

/** `npm start` hands its own settings down as npm_*; a nested npm must read its own. */
const withoutNpm = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(lifecycle|package|command|execpath|node_execpath)/.test(name) && name !== 'INIT_CWD' && name !== 'NODE_ENV',
    ),
  )
