/**
 * Who runs PostgreSQL, which refuses to run as root: the owner of the data where there is one, the person behind
 * sudo, `postgres`, or a system account made for it. Also runs programs as that account. Called by place.mjs and
 * everything that starts a PostgreSQL program. Writes nothing but, in the last case, the account `tidemark`.
 */
import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { noSpace, Problem } from './problem.mjs'

const accounts = () =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((entry) => entry.length >= 4)
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))

/**
 * @param {string} [dataDirectory] an existing cluster; its owner goes first
 * @returns {Promise<{ name: string, uid: number, gid: number } | null>} null: as whoever we are
 */
export async function accountFor(dataDirectory) {
  if (process.getuid?.() !== 0) {
    try {
      os.userInfo()
    } catch {
      throw new Problem(
        `the user id ${process.getuid?.()} has no name in /etc/passwd, and PostgreSQL needs one.`,
        'start as a user that exists, or set DATABASE_URL.',
      )
    }
    return null
  }
  const known = accounts().filter((entry) => entry.uid !== 0)
  const owner = dataDirectory && existsSync(dataDirectory) ? statSync(dataDirectory).uid : 0
  const found =
    known.find((entry) => entry.uid === owner) ??
    known.find((entry) => String(entry.uid) === process.env.SUDO_UID) ??
    known.find((entry) => entry.name === 'postgres') ??
    known.find((entry) => entry.name === 'tidemark')
  if (found) return found
  const made = await run(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', 'tidemark'],
    { check: false },
  )
  if (made.status !== 0)
    throw new Problem(
      'PostgreSQL refuses to run as root, and no account could be made for it.',
      'start as an ordinary user, or set DATABASE_URL.',
      made.stderr,
    )
  return accounts().find((entry) => entry.name === 'tidemark') ?? null
}

/** The spawn options that make a child that account. */
export const as = (account) => (account ? { uid: account.uid, gid: account.gid } : {})

/** A folder of the account's own, 0700. One that exists keeps its owner and mode. */
export function ownFolder(folder, account) {
  if (existsSync(folder)) return
  mkdirSync(path.dirname(folder), { recursive: true })
  mkdirSync(folder, { mode: 0o700 })
  if (account) chownSync(folder, account.uid, account.gid)
}

export function ownFile(file, account) {
  if (account) chownSync(file, account.uid, account.gid)
}

const running = new Set()

/** Ends every program that run() is waiting for: when the person says stop. */
export const endPrograms = () => running.forEach((child) => child.kill('SIGTERM'))

/**
 * Runs a program to its end with a small, known environment.
 * @param {{ account?: object | null, env?: object, input?: string, cwd?: string, quiet?: boolean, check?: boolean }} [options]
 *   `quiet`: no pipes, for programs that leave a daemon behind (with inherited pipes they never give EOF)
 * @returns {Promise<{ status: number, stdout: string, stderr: string }>}
 */
export function run(command, args, { account = null, env = {}, input, cwd = '/', quiet = false, check = true } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: quiet ? 'ignore' : 'pipe',
      env: { PATH: process.env.PATH, HOME: os.tmpdir(), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
      ...as(account),
    })
    running.add(child)
    child.once('close', () => running.delete(child)).once('error', () => running.delete(child))
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text))
    child.stdin?.on('error', () => {}) // the program may end before it has read everything
    child.stdin?.end(input ?? '')
    child.once('error', (error) =>
      check ? reject(new Problem(`${command} cannot be run: ${error.message}.`)) : resolve({ status: 127, stdout, stderr: error.message }),
    )
    child.once('close', (code) => {
      const status = code ?? 1
      if (status === 0 || !check) return resolve({ status, stdout, stderr })
      if (/No space left on device/.test(stderr)) return reject(noSpace())
      reject(
        new Problem(
          `${path.basename(command)} failed (${status}).`,
          undefined,
          `${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n'),
        ),
      )
    })
  })
}
