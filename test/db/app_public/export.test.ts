/**
 * "Copy as a migration", the whole way: the text goes into migrations/current of a project, graphile-migrate itself commits it
 * (through a shadow database that has no workspace), and the view that comes out of it refreshes.
 */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { commit, Logger } from 'graphile-migrate'
import pools from 'graphile-migrate/dist/pgReal.js'
import { currentIn } from '../../../scripts/migrate/parts.mjs'
import { graphileSettings } from '../../../scripts/migrate.ts'
import { testCluster } from '../../support/cluster.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { asMain, type WorkspaceSql } from '../../support/workspace-sql.ts'

const MIGRATIONS = path.join(import.meta.dirname, '../../../migrations')
const cluster = testCluster()
let db: TestDatabase
let main: WorkspaceSql
let folder: string
beforeAll(async () => {
  db = await createTestDatabase()
  main = await asMain(db)
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-export-'))
  cpSync(MIGRATIONS, folder, { recursive: true })
})
afterAll(async () => {
  pools.clearAllPools()
  rmSync(folder, { recursive: true, force: true })
  await main?.close()
  await db?.sql(`drop database if exists ${db.name}_shadow`)
  await db?.drop()
})

/** As the project's .gmrc would say it. @returns the committed file's name */
async function commitText(sql: string, message: string): Promise<string> {
  writeFileSync(path.join(folder, 'current/1-current.sql'), sql)
  const setup = readdirSync(path.join(folder, 'setup')).filter((name) => Number.parseInt(name, 10) < 50)
  await commit(
    {
      ...graphileSettings(db.urlFor('app_owner'), cluster.adminUrl, folder, new Logger(() => () => {})),
      shadowConnectionString: cluster.url('app_owner', `${db.name}_shadow`),
      databaseOwner: 'app_owner',
      afterReset: setup.sort().map((name): `!${string}` => `!setup/${name}`),
    },
    message,
  )
  return readdirSync(path.join(folder, 'committed')).sort().at(-1)!
}

// While the foundation itself is being written, this database has it without graphile-migrate's book of it.
const test = currentIn(MIGRATIONS).length > 0 ? it.skip : it

test('an exported view goes through graphile-migrate commit, comes to be, and refreshes on its schedule', async () => {
  await main.sql('create table ws_main.orders (id int primary key, amount numeric); insert into ws_main.orders values (1, 10), (2, 20)')
  const definition = `select id, amount * 2 as "twice ""it""", '$x$ \\' as s from ws_main.orders -- all of them`
  await main.view('big orders', definition, { key: ['id'], schedule: '30 seconds', notifyWhen: 'always' })
  const [{ sql }] = await main.sql(`select app_public.export_matview('big orders') as sql`)
  await main.sql(`select app_public.drop_matview('big orders')`)

  const file = await commitText(sql, 'Big orders')

  expect(file).toBe('000002-big-orders.sql')
  expect(readFileSync(path.join(folder, 'committed', file), 'utf8')).toContain(definition)
  expect(
    await main.sql(`select definition, key, notify_when, app_public.matviews_schedule(m) as schedule from app_public.matviews m`),
  ).toEqual([{ definition, key: ['id'], notify_when: 'always', schedule: '30 seconds' }])
  expect(await main.refresh('big orders')).toMatchObject({ error: null, status: 'announced', inserted: '2' })
  await main.sql('insert into ws_main.orders values (3, 30)')
  expect(await main.refresh('big orders')).toMatchObject({ error: null, status: 'announced', inserted: '1' })
}, 60_000)

test('exported again and committed again, it replaces the view that is there', async () => {
  const [{ sql }] = await main.sql(`select app_public.export_matview('big orders') as sql`)

  const file = await commitText(sql.replaceAll('amount * 2', 'amount * 3'), 'Big orders, thrice')

  expect(file).toBe('000003-big-orders-thrice.sql')
  await main.refresh('big orders')
  expect(await main.sql('select "twice ""it""" as n from ws_main."big orders" order by id')).toEqual([
    { n: '30' },
    { n: '60' },
    { n: '90' },
  ])
}, 60_000)
