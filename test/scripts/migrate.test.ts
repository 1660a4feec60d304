/**
 * prepareDatabase(): what it refuses, what it does once, and how the server's roles log in over TCP.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openDb, rolePassword, urlFor } from '../../server/db.ts'
import { bootCheck } from '../../server/http/boot-check.ts'
import { makeLog } from '../../server/log.ts'
import { checkServer, connect } from '../../scripts/migrate/checks.ts'
import { scramVerifier } from '../../scripts/migrate/passwords.ts'
import { prepareDatabase } from '../../scripts/migrate.ts'
import { testCluster } from '../support/cluster.ts'

const cluster = testCluster()
const name = `m_${randomBytes(5).toString('hex')}`
const admin = new pg.Pool({ connectionString: cluster.adminUrl, max: 2 })
const tcp = (user: string, password: string, database = name) =>
  `postgres://${user}:${password}@${cluster.host}:${cluster.port}/${database}`

beforeAll(async () => {
  await admin.query(`create database ${name}`)
  await admin.query(`create role ${name}_admin superuser login password 'admin word'`)
  await admin.query(`create role ${name}_nobody login password 'nobody'`)
})
afterAll(async () => {
  await admin.query(`drop database ${name} with (force)`)
  for (const role of ['admin', 'nobody']) await admin.query(`drop role ${name}_${role}`)
  await admin.end()
})

describe('a database over TCP', () => {
  const adminUrl = tcp(`${name}_admin`, 'admin%20word')
  const secret = 'first secret'

  it('is prepared once, and left alone while nothing changes', async () => {
    expect((await prepareDatabase({ adminUrl, secret, includeCurrent: true })).changed).toBe(true)

    expect((await prepareDatabase({ adminUrl, secret, includeCurrent: true })).changed).toBe(false)
  })

  it("lets the server's roles in by the password that its secret derives, and by no other", async () => {
    for (const role of ['app_owner', 'app_authenticator']) {
      const client = new pg.Client({ connectionString: urlFor(adminUrl, role, secret) })
      await client.connect()
      expect((await client.query('select current_user as who')).rows[0].who).toBe(role)
      await client.end()
    }
    await expect(new pg.Client({ connectionString: urlFor(adminUrl, 'app_owner', 'guess') }).connect()).rejects.toMatchObject({
      code: '28P01',
    })
  })

  it('follows a new secret', async () => {
    await prepareDatabase({ adminUrl, secret: 'second secret', includeCurrent: true })

    const client = new pg.Client({ connectionString: urlFor(adminUrl, 'app_owner', 'second secret') })
    await client.connect()
    await client.end()
  })

  it('gives passwords anew where a backup was restored without them', async () => {
    await admin.query('alter role app_owner password null')

    expect((await prepareDatabase({ adminUrl, secret: 'second secret', includeCurrent: true })).changed).toBe(true)

    expect((await prepareDatabase({ adminUrl, secret: 'second secret', includeCurrent: true })).changed).toBe(false)
  })

  it('never lets a workspace in from outside the private cluster', async () => {
    const url = tcp('ws_main', rolePassword('second secret', 'ws_main'))
    await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({ code: '28000' })
  })
})

it('a database of a user who is no superuser is prepared, but not hardened: it refuses SQL of people (TMVER)', async () => {
  const [owned, user] = [`${name}_owned`, `${name}_maker`]
  await admin.query(`create role ${user} login createrole password 'maker'`)
  await admin.query(`create database ${owned} owner ${user}`)
  const adminUrl = tcp(user, 'maker', owned)
  const log = makeLog('silent')
  try {
    await prepareDatabase({ adminUrl, secret: 'second secret', includeCurrent: true })

    const { owner, close } = openDb({ databaseUrl: adminUrl, secret: 'second secret', poolSize: 1 }, log)
    const { advice, allowed } = await bootCheck({ owner, allowUnpatched: false, log })
    await close()
    expect(advice).toMatch(/not hardened/)
    expect(allowed).toThrow(expect.objectContaining({ code: 'TMVER' }))
  } finally {
    await admin.query(`drop database ${owned} with (force)`)
    await admin.query(`drop role ${user}`)
  }
})

describe('a database that cannot be used', () => {
  it.each([
    ['with a wrong password', tcp(`${name}_nobody`, 'wrong'), /refuses the user or the password/],
    [
      'that does not exist',
      tcp(`${name}_nobody`, 'nobody', 'no_such_database'),
      /^the database does not exist \(no_such_database on 127\.0\.0\.1:\d+\)\.$/,
    ],
    ['at a socket where nobody is', 'postgres:///app?host=%2Fnowhere&user=postgres', /^no PostgreSQL answers/],
    ['without a name', 'postgres://u:p@127.0.0.1', /^DATABASE_URL names no database\.$/],
  ])('%s is told in one sentence', async (_what, url, sentence) => {
    await expect(connect(url)).rejects.toMatchObject({
      name: 'Problem',
      message: expect.stringMatching(sentence),
      remedy: expect.any(String),
    })
  })

  it('whose user may not create roles is left untouched', async () => {
    await expect(prepareDatabase({ adminUrl: tcp(`${name}_nobody`, 'nobody', 'postgres'), secret: 's' })).rejects.toMatchObject({
      message: expect.stringMatching(/may not create roles/),
      remedy: expect.stringMatching(/createrole/),
    })
  })

  it('whose user may create roles but no schemas is told so', async () => {
    await admin.query(`alter role ${name}_nobody createrole`)

    await expect(prepareDatabase({ adminUrl: tcp(`${name}_nobody`, 'nobody', 'postgres'), secret: 's' })).rejects.toMatchObject({
      message: expect.stringMatching(/may not create schemas in the database "postgres"/),
    })
  })

  it('on a server older than 14 is refused', async () => {
    // No such server can be had here: only its answer is made up.
    const old = { query: async () => ({ rows: [{ version: 130_014, version_text: '13.14', may_create: true, may_create_roles: true }] }) }
    await expect(checkServer(old as unknown as pg.Client)).rejects.toMatchObject({
      message: 'the server is PostgreSQL 13.14, and Tidemark needs 14 or newer.',
    })
  })

  it('where pg_cron does not run says why, and goes on', async () => {
    const client = await connect(cluster.url('postgres', name))
    const server = await checkServer(client)
    await client.end()
    expect(server.cron).toBeNull()
    expect(server.whyNoCron).toMatch(/pg_cron/)
  })
})

it('a SCRAM verifier is the one that PostgreSQL itself would store', async () => {
  const client = new pg.Client({ connectionString: cluster.adminUrl })
  await client.connect()
  await client.query('begin')
  await client.query(`set local password_encryption = 'scram-sha-256'`)
  await client.query(`alter role ${name}_nobody password 'pencil'`)
  const { rows } = await client.query('select rolpassword as stored from pg_authid where rolname = $1', [`${name}_nobody`])
  await client.query('rollback')
  await client.end()
  const salt = Buffer.from(/:([^$]+)\$/.exec(rows[0].stored)![1]!, 'base64')

  expect(scramVerifier('pencil', salt)).toBe(rows[0].stored)
})
