/**
 * `npm start` as a whole: it comes up, says so a second time, comes back after every kind of death, and leaves nothing.
 * One folder of data for all of them, in the order in which a person would meet them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { testCluster } from '../support/cluster.ts'

const ROOT = path.join(import.meta.dirname, '../..')
let above: string
let data: string
let port: number
const starts: Start[] = []

beforeAll(async () => {
  above = mkdtempSync(path.join(os.tmpdir(), 'tidemark-start-'))
  chmodSync(above, 0o755)
  data = path.join(above, 'data')
  mkdirSync(data, { mode: 0o755 })
  // The packages are unpacked already: a test need not fetch them again.
  const tree = /^(.*)\/usr\/lib\/postgresql\//.exec(testCluster().bin)?.[1]
  if (tree) symlinkSync(tree, path.join(data, 'pgsql'))
  await using free = await listening(0)
  port = free.port
})
afterAll(() => {
  for (const { child } of starts) child.kill('SIGKILL')
  rmSync(above, { recursive: true, force: true })
})

interface Start {
  child: ChildProcess
  said: () => string
  ready: Promise<string>
  ended: Promise<number | null>
}

function start(command = process.execPath, args = ['scripts/start.mjs', '--current']): Start {
  const { DATABASE_URL: _, TIDEMARK_TEST_CLUSTER: __, ...env } = process.env
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...env, NODE_OPTIONS: '', NODE_ENV: 'production', TIDEMARK_DATA: data, PORT: String(port) },
  })
  let said = ''
  let found: (url: string) => void
  let lost: (error: Error) => void
  const ready = new Promise<string>((resolve, reject) => {
    found = resolve
    lost = reject
  })
  ready.catch(() => {})
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const url = /^Tidemark is ready on (\S+)$/m.exec(said)?.[1]
      if (url) found(url)
    })
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      lost(new Error(`it ended before it was ready:\n${said}`))
      resolve(code)
    }),
  )
  const made = { child, said: () => said, ready, ended }
  starts.push(made)
  return made
}

/** Processes of this folder of data, and servers that it started: by what their own /proc says. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const own = command.includes(data) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TIDEMARK_DATA=${data}`)
        return own ? [`${pid} ${command}`] : []
      } catch {
        return []
      }
    })
}
async function untilGone() {
  for (let tries = 0; tries < 100 && processes().length > 0; tries++) await new Promise((resolve) => setTimeout(resolve, 100))
  return processes()
}
async function listening(on: number) {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
const postmaster = () => Number(readFileSync(path.join(data, 'pg/postmaster.pid'), 'utf8').split('\n')[0])

describe('npm start', () => {
  it('comes up on an empty folder, answers, and says step by step what it does', async () => {
    const first = start()
    const url = await first.ready

    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(first.said()).toMatch(/^\[ +\d+\.\d s\] database: PostgreSQL \d+/m)
    expect(first.said()).toMatch(/DATABASE_URL is not set/)
    expect(first.said()).toMatch(/^Create the first account .*: http:\S+$/m)
  }, 90_000)

  it('says where it runs already, and does not start twice', async () => {
    const second = start()

    expect(await second.ended).toBe(0)
    expect(second.said()).toMatch(/^Tidemark runs already on http:\/\/localhost:\d+ \(process \d+\)\.$/m)
  })

  it('starts PostgreSQL again when that was killed', async () => {
    const before = postmaster()
    process.kill(before, 'SIGKILL')

    for (let tries = 0; tries < 150 && !/PostgreSQL is back/.test(starts[0]!.said()); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect(postmaster()).not.toBe(before)
  }, 30_000)

  it('ends on SIGTERM with code 0 and leaves no process', async () => {
    const [running] = starts
    running!.child.kill('SIGTERM')

    expect(await running!.ended).toBe(0)
    expect(await untilGone()).toEqual([])
  }, 30_000)

  it('takes the next port when its own is taken, and says so', async () => {
    await using _other = await listening(port)
    const run = start()
    const url = await run.ready

    expect(run.said()).toMatch(new RegExp(`port ${port} is taken: using ${port + 1}`))
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
  }, 60_000)

  it('leaves no process behind when it is killed, and comes up again at once', async () => {
    const killed = start()
    await killed.ready
    killed.child.kill('SIGKILL')
    const again = start()
    await again.ready
    again.child.kill('SIGKILL')

    expect(await untilGone()).toEqual([])
  }, 60_000)

  it('ends when npm, which began it, is killed', async () => {
    const npm = start('npm', ['start', '--', '--current'])
    await npm.ready
    npm.child.kill('SIGKILL')

    expect(await untilGone()).toEqual([])
  }, 60_000)
})
