/**
 * The container files, where there is no engine: parsed and judged, and the database's entry script run as it is, beside any container,
 * on the PostgreSQL of the tests.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import path from 'node:path'
import pg from 'pg'
import { accountFor } from '../../scripts/postgres/account.mjs'
import { testCluster } from '../support/cluster.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
/** Instructions of a Dockerfile: comments gone, continued lines joined. */
const instructions = (file: string) =>
  read(file)
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ word: line.split(/\s/)[0]!, rest: line.slice(line.indexOf(' ') + 1).trim() }))
const KNOWN = ['FROM', 'ARG', 'ENV', 'RUN', 'COPY', 'USER', 'WORKDIR', 'EXPOSE', 'VOLUME', 'HEALTHCHECK', 'STOPSIGNAL', 'CMD']

describe.each(['docker/app.Dockerfile', 'docker/db.Dockerfile'])('%s', (file) => {
  const all = instructions(file)
  const of = (word: string) => all.filter((one) => one.word === word).map(({ rest }) => rest)

  it('has only instructions that there are, begins with FROM (or ARG) and ends with one CMD in exec form', () => {
    expect(all.filter(({ word }) => !KNOWN.includes(word))).toEqual([])
    expect(all.find(({ word }) => word !== 'ARG')!.word).toBe('FROM')
    expect(of('CMD').map((text) => JSON.parse(text))).toEqual([expect.any(Array)])
  })

  it('names a base image with a version, never latest', () => {
    for (const image of of('FROM')) {
      const filled = image.replace(
        /\$\{(\w+)\}/g,
        (_, name) =>
          of('ARG')
            .find((one) => one.startsWith(`${name}=`))!
            .split('=')[1]!,
      )
      expect(filled).toMatch(/^[a-z]+:[a-z0-9.-]*[a-z0-9]$/)
      expect(filled).not.toMatch(/latest/)
    }
  })

  it('runs as somebody who is not root, and says whether it is well', () => {
    expect(of('USER').at(-1)).toMatch(/^(node|postgres)$/)
    expect(all.findIndex(({ word }) => word === 'USER')).toBeLessThan(all.findIndex(({ word }) => word === 'CMD'))
    expect(of('HEALTHCHECK')).toEqual([expect.stringMatching(/--interval=\d+s .*CMD /)])
  })

  it('copies only what is in the repository, and carries no password', () => {
    for (const text of of('COPY'))
      for (const source of text.split(/\s+/).slice(0, -1)) expect(existsSync(path.join(ROOT, source))).toBe(true)
    expect(`${of('ENV')}${of('ARG')}`).not.toMatch(/password|secret|token/i)
  })
})

it('what stays at home: no data, no secrets, no history in an image', () => {
  expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.git', '.data', '.env', 'node_modules']))
})

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml')
  const service = (name: string) => new RegExp(`^  ${name}:\\n((?:    .*\\n|\\s*#.*\\n)+)`, 'm').exec(text)![1]!

  it('has no default password: without one in .env it refuses to start', () => {
    for (const name of ['POSTGRES_PASSWORD', 'TIDEMARK_SECRET']) expect(text).toMatch(new RegExp(`${name}: \\$\\{${name}:\\?`))
    expect(text).not.toMatch(/(PASSWORD|SECRET):-[^}]/)
  })

  it('keeps the data in a volume, publishes the server on loopback only and the database not at all', () => {
    expect(service('db')).toMatch(/volumes: \["data:\/data"\]/)
    expect(text).toMatch(/^volumes:\n {2}data: /m)
    expect(service('db')).not.toMatch(/ports:/)
    expect(service('app')).toMatch(/ports: \["127\.0\.0\.1:/)
  })

  it('hands every setting of .env to the server, but not its address, its port or the password of the database', () => {
    expect(service('app')).toMatch(/env_file: \[\{ path: \.env, required: false \}\]/)
    for (const own of ['HOST: 0.0.0.0', 'PORT: 5000', 'TIDEMARK_DATA: /data', 'POSTGRES_PASSWORD: ""'])
      expect(service('app')).toContain(own)
  })

  it('starts the server when the database is well, and both again when they end', () => {
    expect(service('app')).toMatch(/condition: service_healthy/)
    for (const name of ['db', 'app']) expect(service(name)).toMatch(/restart: unless-stopped/)
  })

  it('is accepted by docker compose itself (SKIPPED without the client)', () => {
    const { error, status, stderr } = spawnSync('docker', ['compose', '-f', path.join(ROOT, 'docker-compose.yml'), 'config', '--quiet'], {
      encoding: 'utf8',
      env: { ...process.env, POSTGRES_PASSWORD: 'x', TIDEMARK_SECRET: 'y' },
    })
    if (error || /is not a docker command|unknown/.test(stderr))
      return void process.stderr.write('SKIPPED docker compose config: no docker client here\n')

    expect([status, stderr]).toEqual([0, ''])
  })
})

describe('the entry script of the database', () => {
  const { bin, programEnv } = testCluster()
  const base = mkdtempSync(path.join('/tmp', 'tm-db-'))
  const data = path.join(base, 'data')
  const port = String(randomInt(41_000, 49_000))
  const started: ChildProcess[] = []
  let account: { uid: number; gid: number } | null

  async function start(env: Record<string, string>): Promise<{ child: ChildProcess; said: () => string }> {
    const child = spawn('sh', [path.join(ROOT, 'docker/db-start.sh')], {
      cwd: '/',
      env: { ...programEnv, PATH: `${bin}:${process.env.PATH}`, PGDATA: data, PGPORT: port, LANG: 'C.UTF-8', ...env },
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    })
    started.push(child)
    let text = ''
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (part) => (text += part))
    return { child, said: () => text }
  }
  const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('close', resolve))
  async function connect(password: string): Promise<pg.Client> {
    for (let tries = 0; ; tries++) {
      const client = new pg.Client({ host: '127.0.0.1', port: Number(port), user: 'postgres', password, database: 'tidemark' })
      try {
        await client.connect()
        return client
      } catch (error) {
        if (tries > 600 || /password/.test((error as Error).message)) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }
  beforeAll(async () => {
    account = await accountFor(undefined)
    mkdirSync(data, { mode: 0o700 })
    if (account) for (const folder of [base, data]) chownSync(folder, account.uid, account.gid)
  })
  afterAll(async () => {
    for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGQUIT')
    await new Promise((resolve) => setTimeout(resolve, 500))
    rmSync(base, { recursive: true, force: true })
  })

  it('refuses to start without a password, and says where to set it', async () => {
    const { child, said } = await start({})

    expect(await ended(child)).not.toBe(0)
    expect(said()).toContain('set POSTGRES_PASSWORD in .env')
    expect(existsSync(path.join(data, 'PG_VERSION'))).toBe(false)
  })

  it('makes the database, lets in with the password only, loads pg_cron, and a second start finds the data', async () => {
    const first = await start({ POSTGRES_PASSWORD: "it's a word" })
    const client = await connect("it's a word")
    await client.query('create table kept as select 1 as n')
    const { rows } = await client.query(
      `select current_setting('cron.database_name') as cron, current_setting('unix_socket_directories') as socket`,
    )
    expect(rows[0]).toEqual({ cron: 'tidemark', socket: data })
    await expect(connect('another')).rejects.toMatchObject({ code: '28P01' })
    await client.end()
    first.child.kill('SIGINT') // STOPSIGNAL of the image
    expect(await ended(first.child)).toBe(0)

    await start({ POSTGRES_PASSWORD: "it's a word" })
    const again = await connect("it's a word")
    expect((await again.query('select n from kept')).rows).toEqual([{ n: 1 }])
    await again.end()
  }, 150_000)

  it('says what to do when the data are of another major version', async () => {
    const other = path.join(base, 'other')
    mkdirSync(other, { mode: 0o700 })
    spawnSync('sh', ['-c', `echo 12 > ${other}/PG_VERSION`])
    if (account) for (const file of [other, path.join(other, 'PG_VERSION')]) chownSync(file, account.uid, account.gid)
    const { child, said } = await start({ POSTGRES_PASSWORD: 'x', PGDATA: other })

    expect(await ended(child)).not.toBe(0)
    expect(said()).toMatch(/PostgreSQL 12.*OPERATIONS\.md/s)
  })
})
