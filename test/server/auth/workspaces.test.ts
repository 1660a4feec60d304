/**
 * Workspaces that come, rest and go, with their roles and schemas; direct logins; the audit log.
 */
import pg from 'pg'
import { workspaceName } from '../../support/database.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
  await door.owner()
})
afterAll(() => door.close())

type Visitor = Awaited<ReturnType<Door['owner']>>

async function made(me: Visitor, stem = 'ws') {
  const id = workspaceName(stem)
  expect(await me.post('/auth/workspaces', { id, name: `The ${id}` })).toMatchObject({
    status: 201,
    json: { id, role: 'owner', archived: false },
  })
  return { id, sql: (text: string, values: unknown[] = []) => door.as(me, text, values, { 'x-workspace': id }) }
}
const roles = async (id: string) =>
  (await door.database.sql(`select rolname from pg_roles where rolname ~ $1 order by 1`, [`^ws_${id}(_|$)`])).map(({ rolname }) => rolname)

describe('a workspace', () => {
  it('is made with its roles, schema and limits, and its maker owns it', async () => {
    const { id, sql } = await made(await door.owner())

    await sql(`create table t (a int)`).catch(() => sql(`create table ws_${id}.t (a int)`))
    expect(await roles(id)).toEqual([`ws_${id}`, `ws_${id}_reader`])
    const settings = await door.db.asWorkspace(
      id,
      async (client) =>
        (
          await client.query(
            `select current_schema() as schema, (select string_agg(s, ' ') from unnest(array['statement_timeout', 'work_mem', 'temp_file_limit', 'lock_timeout']) n, current_setting(n) s) as s`,
          )
        ).rows,
    )
    expect(settings).toEqual([{ schema: `ws_${id}`, s: '2min 16MB 1GB 3s' }])
  })

  it.each(['', 'A', '1a', 'a_reader', 'a-b', 'ä', 'a'.repeat(32), 'pg_x"; drop'])('of the id %j is refused (TMNAM, TMARG)', async (id) => {
    const reply = await (await door.owner()).post('/auth/workspaces', { id, name: 'x' })

    expect(reply.json.code).toBe(id === '' ? 'TMARG' : 'TMNAM')
  })

  it('whose id is taken is refused, whoever has it (TMEXI)', async () => {
    const { id } = await made(await door.owner())
    const other = await door.member('other@example.org', '', '')

    expect(await other.post('/auth/workspaces', { id, name: 'x' })).toMatchObject({ status: 409, json: { code: 'TMEXI' } })
  })

  it('more than the operator allows per account is refused (TMRAT)', async () => {
    const one = await door.member('many@example.org', '', '')
    await door.db.owner.query('update app_private.settings set max_workspaces_per_account = 1')
    await made(one)

    expect(await one.post('/auth/workspaces', { id: workspaceName('more'), name: 'x' })).toMatchObject({
      status: 429,
      json: { code: 'TMRAT' },
    })
    await door.db.owner.query('update app_private.settings set max_workspaces_per_account = 100')
  })

  it('is renamed by its owner, with a name that people can read (TMNAM)', async () => {
    const { sql } = await made(await door.owner())

    expect(await sql(`select (app_public.rename_workspace(' Ærøskøbing ')).name`)).toEqual([{ name: 'Ærøskøbing' }])
    await expect(sql(`select app_public.rename_workspace(e'two\\nlines')`)).rejects.toMatchObject({ code: 'TMNAM' })
  })

  it('has limits that owners set, up to the operator’s caps; they hold from the next login on (TMARG)', async () => {
    const { id, sql } = await made(await door.owner())

    await sql('select app_public.set_workspace_limits(refresh_timeout_ms => 1000, temp_file_limit_bytes => 2097152, connection_limit => 2)')

    await door.db.asWorkspace(id, async (client) => {
      await expect(client.query('select count(*) from generate_series(1, 3000000) a, generate_series(1, 100) b')).rejects.toMatchObject({
        code: expect.stringMatching(/57014|53400/),
      })
      // The one limit that the role cannot lift by itself.
      await expect(client.query(`set temp_file_limit = '10GB'`)).rejects.toMatchObject({ code: '42501' })
    })
    await expect(sql('select app_public.set_workspace_limits(connection_limit => 200)')).rejects.toMatchObject({
      code: 'TMARG',
      message: expect.stringContaining('connection_limit at most 40'),
    })
  })

  it('in the archive can be read by all and changed by nobody, until an owner restores it (TMPER)', async () => {
    const me = await door.owner()
    const { id, sql } = await made(me)
    await sql(`create table ws_${id}.kept (a int)`)
    await sql('select app_public.archive_workspace()')

    expect(await sql(`select count(*)::int as n from ws_${id}.kept`)).toEqual([{ n: 0 }])
    await expect(sql(`insert into ws_${id}.kept values (1)`)).rejects.toMatchObject({ code: '42501' })
    await expect(sql('select app_public.archive_workspace()')).rejects.toMatchObject({ code: '42501' })
    const stranger = await door.member('stranger@example.org', '', '')
    expect((await stranger.post(`/auth/workspaces/${id}/restore`)).json.code).toBe('TMNOF')
    expect((await me.post(`/auth/workspaces/${id}/restore`)).status).toBe(204)
    await sql(`insert into ws_${id}.kept values (1)`)
  })
})

describe('dropping a workspace', () => {
  it('takes its schema, roles, views, schedules, tokens and sockets, and asks twice first (TMARG, TMPER, TMNOF)', async () => {
    const me = await door.owner()
    const { id, sql } = await made(me, 'gone')
    const editor = await door.member('edits@example.org', '', '')
    await door.db.owner.query(`insert into app_public.members (workspace, account_id, role) values ($1, $2, 'editor')`, [
      id,
      editor.accountId,
    ])
    const [{ secret }] = await sql(`select * from app_public.create_api_token('t')`)
    await sql(`create table ws_${id}.t as select 1 as a`)
    await door.database.sql(`insert into app_public.matviews (workspace, name, definition) values ($1, 'v', 'select 1') returning id`, [id])
    await me.send('PUT', `/auth/workspaces/${id}/direct`, {})
    let closed = 0
    door.auth.sockets.track(await door.auth.identify({ headers: { cookie: me.cookie, 'x-workspace': id } }), () => closed++)

    expect(await me.send('DELETE', `/auth/workspaces/${id}`)).toMatchObject({ status: 400, json: { code: 'TMARG' } })
    expect(await editor.send('DELETE', `/auth/workspaces/${id}`, { confirm: id })).toMatchObject({ status: 403, json: { code: 'TMPER' } })
    expect((await me.send('DELETE', `/auth/workspaces/${id}`, { confirm: id })).status).toBe(204)
    await door.auth.sockets.recheck()

    expect(await roles(id)).toEqual([])
    expect(await door.database.sql('select 1 from pg_namespace where nspname = $1', [`ws_${id}`])).toEqual([])
    for (const table of [
      'workspaces where id',
      'members where workspace',
      'matviews where workspace',
      'schedules where workspace',
      'api_tokens where workspace',
      'matview_refresh_events where workspace',
    ])
      expect(await door.database.sql(`select 1 from app_public.${table} = $1`, [id])).toEqual([])
    expect(closed).toBe(1)
    await expect(door.auth.identify({ headers: { authorization: `Bearer ${secret}` } })).rejects.toMatchObject({ code: 'TMAUT' })
    expect(await me.send('DELETE', `/auth/workspaces/${id}`, { confirm: id })).toMatchObject({ status: 404, json: { code: 'TMNOF' } })
  })

  it('leaves nothing to see for who takes its id next', async () => {
    const me = await door.owner()
    const { id } = await made(me, 'again')
    await me.send('DELETE', `/auth/workspaces/${id}`, { confirm: id })
    const next = await door.member('next@example.org', '', '')

    expect((await next.post('/auth/workspaces', { id, name: 'Mine' })).status).toBe(201)

    const log = await door.as(next, 'select action, actor from app_public.audit_log where workspace is not null order by id', [], {
      'x-workspace': id,
    })
    expect(log).toEqual([
      { action: 'workspace.created', actor: 'next@example.org' },
      { action: 'member.created', actor: 'next@example.org' },
    ])
  })
})

describe('a direct login', () => {
  /** As psql from elsewhere would: over TCP, with the password. */
  async function connect(login: { user: string; password: string }) {
    const url = new URL(door.database.url)
    const client = new pg.Client({
      host: '127.0.0.1',
      port: Number(url.searchParams.get('port')),
      database: door.database.name,
      user: login.user,
      password: login.password,
    })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  it('reads, and writes rows when the owner says so; makes no relations, enters nothing else (direct)', async () => {
    const me = await door.owner()
    const { id, sql } = await made(me, 'direct')
    const other = await made(me, 'nextdoor')
    await sql(`create table ws_${id}.before (a int)`)
    await other.sql(`create table ws_${other.id}.secret (a int)`)
    const ro = (await me.send('PUT', `/auth/workspaces/${id}/direct`, {})).json
    const rw = (await me.send('PUT', `/auth/workspaces/${id}/direct`, { read_only: false })).json
    await sql(`create table ws_${id}.after (a int)`)

    expect([ro.user, rw.user]).toEqual([`ws_${id}_direct_ro`, `ws_${id}_direct`])
    const reader = await connect(ro)
    const writer = await connect(rw)
    try {
      expect((await reader.query('select count(*)::int as n from before, after')).rows).toEqual([{ n: 0 }])
      await writer.query('insert into after values (1)')
      for (const refused of [
        'insert into before values (1)',
        'create table x (a int)',
        `select * from ws_${other.id}.secret`,
        'select * from app_private.sessions',
        'select * from app_public.accounts',
        `select app_public.invite_member('owner')`,
        `set role ws_${id}`,
        `set session authorization ws_${id}`,
        'select * from pg_authid',
        'select rolname from pg_roles',
        'select relname from pg_class',
        `select pg_read_file('/etc/passwd')`,
        `copy before to program 'id'`,
        'create extension dblink',
        'create role x',
        `select pg_terminate_backend(1)`,
        `select query_to_xml('select 1', true, true, '')`,
      ])
        await expect(reader.query(refused).then(() => refused)).rejects.toMatchObject({ code: '42501' })
      for (const refused of [
        'drop table before',
        'alter table before add b int',
        'create table x (a int)',
        `select * from ws_${other.id}.secret`,
      ])
        await expect(writer.query(refused).then(() => refused)).rejects.toMatchObject({ code: '42501' })
      // It follows its own workspace's marks: LISTEN needs no right, the table of events is the truth.
      expect(
        (await reader.query('select distinct workspace from app_public.matview_refresh_events')).rows.filter((row) => row.workspace !== id),
      ).toEqual([])
    } finally {
      await Promise.all([reader.end(), writer.end()])
    }
  })

  it('sees the catalogs that psql’s \\d and Metabase need only when the operator opens them, for the names of all are in there', async () => {
    const me = await door.owner()
    const { id } = await made(me, 'cat')
    const login = (await me.send('PUT', `/auth/workspaces/${id}/direct`, {})).json
    const client = await connect(login)
    try {
      await expect(client.query('select relname from pg_class')).rejects.toMatchObject({ code: '42501' })
      await door.database.sql('select app_private.open_catalogs_to_direct_logins(true)')
      expect((await client.query(`select 1 from pg_class where relname = 'pg_class'`)).rowCount).toBe(1)
      await door.database.sql('select app_private.open_catalogs_to_direct_logins(false)')
      await expect(client.query('select relname from pg_class')).rejects.toMatchObject({ code: '42501' })
    } finally {
      await client.end()
    }
  })

  it('is off at once when it is switched off: open connections end, the password is worth nothing (TMNOF, TMPER)', async () => {
    const me = await door.owner()
    const { id } = await made(me, 'off')
    const login = (await me.send('PUT', `/auth/workspaces/${id}/direct`, {})).json
    const open = await connect(login)
    const ended = new Promise((resolve) => open.once('end', resolve))
    const reader = await door.member('noowner@example.org', '', '')
    await door.db.owner.query(`insert into app_public.members (workspace, account_id, role) values ($1, $2, 'editor')`, [
      id,
      reader.accountId,
    ])

    expect((await me.get(`/auth/workspaces/${id}/direct`)).json).toEqual([{ user: login.user, read_only: true }])
    expect((await reader.send('DELETE', `/auth/workspaces/${id}/direct`)).json).toMatchObject({ code: 'TMPER' })
    expect((await me.send('DELETE', `/auth/workspaces/${id}/direct`)).status).toBe(204)

    await ended
    await expect(connect(login)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) })
    expect(await roles(id)).toEqual([`ws_${id}`, `ws_${id}_reader`])
    expect((await me.send('DELETE', `/auth/workspaces/${id}/direct`)).json).toMatchObject({ code: 'TMNOF' })
  })

  it('cannot be ws_<id> itself, which has no password: nobody enters with it over TCP', async () => {
    const { id } = await made(await door.owner(), 'tcp')

    for (const user of [`ws_${id}`, `ws_${id}_reader`]) await expect(connect({ user, password: '' })).rejects.toBeDefined()
  })
})
