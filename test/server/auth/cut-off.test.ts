/**
 * Roles and schemas under stress: many at once, and what a server leaves that dies between the two transactions by which a
 * workspace is made or dropped.
 */
import { provisionWorkspace } from '../../../server/auth/provision.ts'
import { createToken } from '../../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../../server/auth/workspaces.ts'
import { workspaceName } from '../../support/database.ts'
import { startWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ worker: false })
})
afterAll(() => world?.close())

const workspaces = () => makeWorkspaces({ owner: world.server.db.owner, secret: world.config.secret, overTcp: false })
const left = async (id: string) =>
  (
    await world.db.sql(
      `select to_regnamespace('ws_' || $1) is not null as schema,
              (select count(*)::int from pg_roles where rolname in ('ws_' || $1, 'ws_' || $1 || '_reader')) as roles,
              (select count(*)::int from app_public.workspaces where id = $1) as rows`,
      [id],
    )
  )[0]
const NOTHING = { schema: false, roles: 0, rows: 0 }

it('twenty tokens for a new workspace at once all come, and it is made once', async () => {
  const id = workspaceName('many')

  const made = await Promise.allSettled(
    Array.from({ length: 20 }, () => createToken({ owner: world.server.db.owner, workspaces: workspaces() }, { workspace: id })),
  )

  expect(made.filter(({ status }) => status === 'rejected')).toEqual([])
  expect(await left(id)).toEqual({ schema: true, roles: 2, rows: 1 })
})

it('workspaces that are made, limited and dropped at once do not trip over each other', async () => {
  const { owner } = world.server.db
  const one = async () => {
    const id = workspaceName('busy')
    await workspaces().ensure(id, id)
    await Promise.all([
      owner.query('update app_public.workspaces set connection_limit = 3 where id = $1', [id]),
      owner.query('select app_private.apply_workspace_limits($1, 1000, 3, 1000000)', [id]),
      workspaces().mend(),
    ])
    await owner.query('select app_private.drop_workspace($1)', [id])
    await workspaces().mend()
    return id
  }

  const ids = await Promise.all(Array.from({ length: 6 }, one))
  await workspaces().mend()

  for (const id of ids) expect(await left(id)).toEqual(NOTHING)
})

it('a drop that was cut off between its transactions is ended by the next start', async () => {
  const id = workspaceName('orphan')
  await workspaces().ensure(id, id)
  await world.server.db.asWorkspace(id, (client) => client.query('create table t as select 1 as one'))
  await world.server.db.owner.query('select app_private.drop_workspace($1)', [id]) // and here the server dies
  expect(await left(id)).toEqual({ schema: true, roles: 2, rows: 0 })

  const next = await world.another()

  expect(await left(id)).toEqual(NOTHING)
  await next.close()
})

it('the hourly job ends it too, where no server starts', async () => {
  const id = workspaceName('hourly')
  await workspaces().ensure(id, id)
  await world.server.db.owner.query('select app_private.drop_workspace($1)', [id])

  await world.server.db.owner.query(`select app_private.run_upkeep('finish_drops')`)

  expect(await left(id)).toEqual(NOTHING)
  expect(await world.db.sql(`select from app_private.dropped_workspaces`)).toHaveLength(0)
})

it('a workspace of the same name that was made since is left alone, and so is a schema that nobody dropped', async () => {
  const id = workspaceName('again')
  const restored = workspaceName('restored')
  await workspaces().ensure(id, id)
  await world.db.sql('insert into app_private.dropped_workspaces (id) values ($1)', [id])
  await world.db.sql(`create schema ws_${restored}`)

  await workspaces().mend()

  expect(await left(id)).toEqual({ schema: true, roles: 2, rows: 1 })
  expect((await left(restored)).schema).toBe(true)
})

it('a workspace whose making was cut off is usable after the next start', async () => {
  const id = workspaceName('half')
  await world.server.db.owner.query('select app_private.create_workspace($1, $1, null)', [id]) // without its own statements
  await world.server.db.asWorkspace(id, (client) => client.query('create table before as select 1 as one'))

  const next = await world.another()
  await world.server.db.asWorkspace(id, (client) => client.query('create table after as select 1 as one'))
  const reader = await world.token({ workspace: id, role: 'reader' })
  const reply = await fetch(`${next.url}/rest/after`, { headers: { authorization: `Bearer ${reader}` } })

  expect(await reply.json()).toEqual([{ one: 1 }])
  await next.close()
})

it('app_owner makes and drops workspaces without being able to become the maker of roles', async () => {
  const owner = await world.server.db.owner.connect()
  const id = workspaceName('plain')
  try {
    await provisionWorkspace(owner, { id, name: id, password: null })
    await owner.query('select app_private.drop_workspace($1)', [id])
    await owner.query('select app_private.finish_drops()')

    await expect(owner.query('set role app_roleadmin')).rejects.toMatchObject({ code: '42501' })
    await expect(owner.query(`create role nobody_${id}`)).rejects.toMatchObject({ code: '42501' })
  } finally {
    owner.release()
  }
  expect(await left(id)).toEqual(NOTHING)
})
