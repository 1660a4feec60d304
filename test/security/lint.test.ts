/**
 * migrations/lint.sql finds nothing in our own database, and finds every fault that is planted.
 */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { workspaceName, createTestDatabase, type TestDatabase } from '../support/database.ts'

const LINT = readFileSync(new URL('../../migrations/lint.sql', import.meta.url), 'utf8')
const id = workspaceName('lint')
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  const owner = new pg.Client({ connectionString: database.urlFor('app_owner') })
  await owner.connect()
  await owner.query('select app_private.create_workspace($1, $1, null)', [id])
  await owner.end()
})
afterAll(() => database.drop())

const findings = async (client: Pick<pg.Client, 'query'>) =>
  (await client.query(LINT)).rows.map(({ finding, object }) => `${finding}: ${object}`)
/** Roles belong to the cluster, and another file's may be half-made at this moment. */
const ours = (all: string[]) => all.filter((one) => !/ ws_|: ws_/.test(one) || one.includes(id))

describe('the security model', () => {
  it('holds in the database as it is, asked as the role that asks at every start', async () => {
    const owner = new pg.Client({ connectionString: database.urlFor('app_owner') })
    await owner.connect()
    try {
      expect(ours(await findings(owner))).toEqual([])
    } finally {
      await owner.end()
    }
  })

  it('holds while somebody watches: the table of changes in a workspace is the pump’s', async () => {
    const pump = new pg.Client({ connectionString: database.urlFor('app_scheduler') })
    await pump.connect()
    await pump.query(`create unlogged table ws_${id}._live_changes (rel text)`)
    await pump.end()

    expect(ours(await findings(database.admin))).toEqual([])
    await database.sql(`drop table ws_${id}._live_changes`)
  })

  it.each([
    ['definer function without search_path', 'create function app_public.f() returns int language sql security definer as $$ select 1 $$'],
    [
      'definer function with a search_path',
      'create function app_public.f() returns int language sql security definer set search_path to public as $$ select 1 $$',
    ],
    [
      'function that PUBLIC may call',
      'create function app_hidden.f() returns int language sql as $$ select 1 $$; grant execute on function app_hidden.f() to public',
    ],
    ['table without row-level security', 'create table app_public.t (a int)'],
    ['private table that an API role may read', 'grant select on app_private.sessions to app_reader'],
    ['API role may write a table', 'grant insert on app_public.audit_log to app_workspace'],
    ['role of a workspace may do more', `alter role ws_${id} createdb`],
    ['role of a workspace may do more', `alter role ws_${id} connection limit -1`],
    ['role of a workspace is member of', `grant app_anonymous to ws_${id}`],
    ['role that may make roles can be reached by', 'grant app_roleadmin to app_authenticator'],
    ['role that may make roles can be reached by', 'grant app_roleadmin to app_owner'],
    [
      'reader may write',
      `create table ws_${id}.t (a int); alter table ws_${id}.t owner to ws_${id}; grant insert on ws_${id}.t to ws_${id}_reader`,
    ],
    ['workspace may enter another', `grant usage on schema ws_main to ws_${id}`],
    ['PUBLIC may enter a schema', 'grant usage on schema app_private to public'],
    ['relation not owned by its workspace', `create table ws_${id}.t (a int)`],
    [
      'function in a workspace',
      `create function ws_${id}.f() returns int language sql as $$ select 1 $$; alter function ws_${id}.f() owner to ws_${id}`,
    ],
    ['dangerous built-in', 'grant execute on function pg_catalog.set_config(text, text, boolean) to public'],
    ['catalog that PUBLIC may read', 'grant select on pg_catalog.pg_class to public'],
    ['language that a workspace', 'grant usage on language plpgsql to app_workspace'],
    ['PUBLIC may create in schema', 'grant create on schema public to public'],
    [
      'PUBLIC has a privilege on the database',
      `do $$ begin execute format('grant connect on database %I to public', current_database()); end $$`,
    ],
    ['foreign key crosses', `create table ws_main.p (a int primary key); create table ws_${id}.t (a int references ws_main.p)`],
    ['partition or inheritance crosses', `create table ws_main.p (a int); create table ws_${id}.t () inherits (ws_main.p)`],
    ['identity column in a workspace', `create table ws_${id}.t (a int generated always as identity)`],
  ])('broken is found: %s (%s)', async (finding, fault) => {
    const client = await database.admin.connect()
    try {
      await client.query('begin')
      await client.query(fault)

      expect(ours(await findings(client)).filter((one) => one.startsWith(finding)).length).toBeGreaterThan(0)
    } finally {
      await client.query('rollback')
      client.release()
    }
  })
})
