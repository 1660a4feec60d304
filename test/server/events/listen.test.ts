/**
 * `npm run listen`: the external process, from the database and from a server; scripts/listen.ts as a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark } from './support.ts'

const ROOT = path.join(import.meta.dirname, '../../..')
let world: World
let token: string
let folder: string
const children: ChildProcess[] = []

function listen(args: string[], env: Record<string, string> = { DATABASE_URL: world.db.url, TIDEMARK_SECRET: world.db.secret }) {
  const child = spawn(process.execPath, ['scripts/listen.ts', 'matview_refresh_channel', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (part) => (out += part))
  child.stderr.setEncoding('utf8').on('data', (part) => (said += part))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    child,
    ended,
    lines: () => out.split('\n').filter(Boolean),
    said: () => said,
    begun: () =>
      eventually(
        () => said,
        (text) => /^listening on/m.test(text),
        10_000,
      ),
  }
}
const ids = (lines: string[]) => lines.map((line) => JSON.parse(line).id)

beforeAll(async () => {
  world = await startWorld({ worker: false })
  token = await world.token({ role: 'reader' })
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-listen-'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  await world?.close()
})

describe.each([
  ['from the database', () => [] as string[]],
  ['from a server', () => ['--url', world.url, '--token', token]],
])('npm run listen, %s', (_, from) => {
  it('prints every event with id, view and counts as it comes', async () => {
    const run = listen([...from(), '--count', '2'])
    await run.begun()

    const first = await mark(world.db)
    await world.db.sql(
      `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name, status, error) values ('main', 1, 'sample_now', 'failed', 'division by zero')`,
    )

    expect(await run.ended).toBe(0)
    expect(run.lines()[0]).toMatch(new RegExp(`^#${first}  sample_now  new  1 row: \\+1 ~0 -0  1\\.5 ms  2\\d\\d\\d-`))
    expect(run.lines()[1]).toMatch(/sample_now {2}failed {2}division by zero/)
  })

  it('with --cursor misses nothing that happened while it was down', async () => {
    const file = path.join(folder, `cursor${from().length}`)
    const first = listen([...from(), '--cursor', file, '--json', '--count', '1'])
    await first.begun()
    const seen = await mark(world.db)
    await first.ended
    const missed = [await mark(world.db), await mark(world.db)]

    const second = listen([...from(), '--cursor', file, '--json', '--count', '3'])
    await second.begun()
    const last = await mark(world.db)
    await second.ended

    expect(ids(first.lines())).toEqual([seen])
    expect(ids(second.lines())).toEqual([...missed, last])
    expect(readFileSync(file, 'utf8')).toBe(`${last}\n`)
  })

  it('runs a command per event, with the event on stdin, again until it succeeds', async () => {
    const after = await mark(world.db)
    const [a, b] = [await mark(world.db, { changes: 2 }), await mark(world.db)]
    const seen = path.join(folder, `seen${from().length}`)

    const run = listen([
      ...from(),
      '--after',
      after,
      '--changes',
      '--count',
      '2',
      '--exec',
      `cat >> ${seen}; echo $TIDEMARK_EVENT_ID; [ $(wc -l < ${seen}) -gt 1 ]`,
    ])
    expect(await run.ended).toBe(0)

    const got = readFileSync(seen, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(got.map(({ id }) => id)).toEqual([a, a, b])
    expect(got[0].changes).toHaveLength(2)
    expect(run.lines()).toEqual([a, a, b])
    expect(run.said()).toMatch(/the command ended with 1; again in 1 s/)
  })

  it('goes on after its connection was killed, and says so', async () => {
    const run = listen([...from(), '--json', '--count', '4'])
    await run.begun()
    const before = [await mark(world.db), await mark(world.db)]
    await eventually(run.lines, (lines) => lines.length === 2)

    if (from().length === 0)
      await world.db.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark listen (command)' and datname = current_database()`,
      )
    else
      await world.db.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_authenticator' and datname = current_database()`,
      )
    const after = [await mark(world.db), await mark(world.db)]
    await run.ended

    expect(ids(run.lines())).toEqual([...before, ...after])
    if (from().length === 0) expect(run.said()).toMatch(/the connection was lost[\s\S]*connected again/)
  })

  it('says in one sentence what is wrong', async () => {
    writeFileSync(path.join(folder, 'broken'), 'yesterday')
    const sentence = async (args: string[]) => {
      const run = listen([...from(), ...args])
      expect(await run.ended).toBe(1)
      return run.said().trim()
    }

    expect(await sentence(['--after', 'yesterday'])).toBe('--after is the id of an event.')
    expect(await sentence(['--cursor', path.join(folder, 'broken')])).toMatch(/does not hold the id of an event/)
    expect(await sentence(['--workspace', 'nosuch'])).toMatch(/There is no workspace "?nosuch"?/)
  })
})

it('a server says no to a wrong token, and the listener does not go on asking', async () => {
  const run = listen(['--url', world.url, '--token', 'tm_nobody_knows_this_one'], {})

  expect(await run.ended).toBe(1)
  expect(run.said()).toMatch(/^The server refuses: The token is unknown, expired or revoked\./)
})

it('a cursor from another database is told, and what is kept follows', async () => {
  const run = listen(['--after', '99999999', '--json', '--count', '1'])

  await run.ended

  expect(run.said()).toMatch(/reset: asked for what follows 99999999, but this database knows no such event/)
  expect(JSON.parse(run.lines()[0]!)).toMatchObject({ reset: { reason: 'ahead', after: '99999999' } })
})
