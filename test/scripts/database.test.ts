/**
 * What every other test stands on: the test database itself.
 */
import pg from 'pg'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

describe('a test database', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await createTestDatabase()
  })
  afterAll(() => db.drop())

  it('is a clone of the prepared template, and lets the superuser in', async () => {
    expect(await db.sql('select current_database() as name, current_user as who')).toEqual([{ name: db.name, who: 'postgres' }])
  })

  it('lets app_owner in by the socket without a password', async () => {
    const owner = new pg.Client({ connectionString: db.urlFor('app_owner') })
    await owner.connect()
    expect((await owner.query('select current_user as who')).rows).toEqual([{ who: 'app_owner' }])
    await owner.end()
  })

  it('has the workspace main, whose own role may enter its schema', async () => {
    expect(await db.sql('select id, name from app_public.workspaces')).toEqual([{ id: 'main', name: 'Main' }])
    const main = new pg.Client({ connectionString: db.urlFor('ws_main') })
    await main.connect()
    await main.query('create table ws_main.t (a int)')
    expect((await main.query('select * from ws_main.t')).rows).toEqual([])
    await main.end()
  })

  it('can prepare transactions and takes many connections', async () => {
    expect(
      await db.sql(`select current_setting('max_connections') as connections, current_setting('max_prepared_transactions') as prepared`),
    ).toEqual([{ connections: '200', prepared: '10' }])
  })
})
