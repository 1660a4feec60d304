/**
 * A newer checkout over data that are there, as OPERATIONS.md tells it: new set-up and new migrations are run and the data stay; a
 * rewritten first migration and an older checkout are refused in words, with nothing changed.
 */
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { prepareDatabase } from '../../scripts/migrate.ts'
import { testCluster } from '../support/cluster.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const cluster = testCluster()
const name = `u_${randomBytes(5).toString('hex')}`
const adminUrl = cluster.url('postgres', name)
const admin = new pg.Pool({ connectionString: cluster.adminUrl, max: 1 })
const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-upgrade-'))
const committed = path.join(folder, 'committed')
const first = () => path.join(committed, readdirSync(committed).sort()[0]!)
const prepare = () => prepareDatabase({ adminUrl, secret: 's', migrationsFolder: folder })

async function ask<T = any>(text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
/** As graphile-migrate writes it. */
function commit(number: string, title: string, body: string, previous: string): void {
  const hash = `sha1:${createHash('sha1')
    .update(`${`${previous}\n${body.trim()}`.trim()}\n`)
    .digest('hex')}`
  writeFileSync(
    path.join(committed, `${number}-${title}.sql`),
    `--! Previous: ${previous}\n--! Hash: ${hash}\n--! Message: ${title}\n\n${body.trim()}\n`,
  )
}

beforeAll(async () => {
  cpSync(path.join(ROOT, 'migrations'), folder, { recursive: true })
  await admin.query(`create database ${name}`)
  await prepare()
  await ask(`set role ws_main; create table ws_main.kept as select generate_series(1, 100) as id; reset role`)
}, 60_000)
afterAll(async () => {
  await admin.query(`drop database ${name} with (force)`)
  await admin.end()
  rmSync(folder, { recursive: true })
})

describe('a newer checkout over existing data', () => {
  it('runs its set-up again, which bears it, and leaves the data', async () => {
    appendFileSync(path.join(folder, 'setup/80-harden.sql'), '\n-- changed\n')

    expect((await prepare()).changed).toBe(true)
    expect((await prepare()).changed).toBe(false)
    expect(await ask('select count(*)::int as n from ws_main.kept')).toEqual([{ n: 100 }])
  }, 60_000)

  it('runs the migrations that are new, once, and leaves the data', async () => {
    const [, hash] = /^--! Hash: (\S+)$/m.exec(readFileSync(first(), 'utf8'))!
    commit('000002', 'more', "comment on schema app_public is 'upgraded';", hash!)

    expect((await prepare()).changed).toBe(true)
    expect(await ask(`select obj_description('app_public'::regnamespace) as said`)).toEqual([{ said: 'upgraded' }])
    expect(await ask('select count(*)::int as n from ws_main.kept')).toEqual([{ n: 100 }])
  }, 60_000)

  it('that is in truth an older one is refused, and says so', async () => {
    rmSync(path.join(committed, '000002-more.sql'))

    await expect(prepare()).rejects.toMatchObject({
      name: 'Problem',
      message: expect.stringMatching(/newer than this checkout: it has run 000002/),
      remedy: expect.stringContaining('git pull'),
    })
  })

  it('whose first migration was rewritten is refused before anything is written, and says what to do', async () => {
    const text = readFileSync(first(), 'utf8')
    const body = text.slice(text.indexOf('\n\n') + 2)
    rmSync(first())
    commit('000001', 'tidemark', `${body}\n-- rewritten`, '-')
    await ask(`delete from graphile_migrate.migrations where filename like '000002%'`)
    appendFileSync(path.join(folder, 'setup/10-roles.sql'), `\ncreate role ${name}_never;\n`)

    await expect(prepare()).rejects.toMatchObject({
      name: 'Problem',
      message: expect.stringMatching(/made by another version of Tidemark: its migration 000001/),
      remedy: expect.stringMatching(/OPERATIONS\.md.*db:reset/),
    })
    expect(await ask(`select from pg_roles where rolname = '${name}_never'`)).toEqual([])
    expect(await ask('select count(*)::int as n from ws_main.kept')).toEqual([{ n: 100 }])
  })
})
