/**
 * People of a workspace: invites, roles, leaving, handing over, and the last owner.
 */
import { type Door, openDoor, PASSWORD } from './door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
  await door.owner()
})
afterAll(() => door.close())

const invite = async (role: string, email: string | null = null): Promise<{ id: string; secret: string; path: string }> =>
  (await door.as(await door.owner(), 'select * from app_public.invite_member($1, $2)', [role, email]))[0]

describe('an invite', () => {
  it('makes a newcomer an account and a member in one step, without JavaScript', async () => {
    const { path, secret } = await invite('editor')
    const one = door.visitor()

    const page = await one.get(path)
    const joined = await one.post(
      '/auth/join',
      new URLSearchParams({ invite: secret, name: 'Nina', email: 'nina@example.org', password: PASSWORD }),
    )

    expect(page.text).toContain('Olga Owner invites you to the workspace <b>Main</b> as an editor')
    expect(joined.headers.get('location')).toBe('/w/main')
    expect((await one.get('/auth/me')).json.workspaces).toMatchObject([{ id: 'main', role: 'editor' }])
  })

  it('works once, and not after it was withdrawn or has expired (TMLNK)', async () => {
    const [used, gone, old] = [await invite('reader'), await invite('reader'), await invite('reader')]
    const join = (secret: string, email: string) =>
      door.visitor().post('/auth/join', { invite: secret, name: 'X', email, password: PASSWORD })
    await join(used.secret, 'once@example.org')
    await door.as(await door.owner(), 'select app_public.revoke_invite($1)', [gone.id])
    await door.db.owner.query(`update app_public.invites set expires_at = now() where id = $1`, [old.id])

    for (const { secret } of [used, gone, old])
      expect(await join(secret, 'late@example.org')).toMatchObject({ status: 410, json: { code: 'TMLNK' } })
    expect((await door.visitor().signIn('late@example.org')).status).toBe(401) // and no account was left behind
  })

  it('for one address is good for that address only (TMLNK)', async () => {
    const { secret } = await invite('reader', 'Right@example.org')
    const join = (email: string) => door.visitor().post('/auth/join', { invite: secret, name: 'X', email, password: PASSWORD })

    expect((await join('wrong@example.org')).json).toMatchObject({ code: 'TMLNK' })
    expect((await join('right@EXAMPLE.org')).status).toBe(201)
  })

  it('cannot be used to take over an account (TMEXI)', async () => {
    const { secret } = await invite('owner')

    const reply = await door
      .visitor()
      .post('/auth/join', { invite: secret, name: 'Eve', email: 'OWNER@example.org', password: 'the password of eve' })

    expect(reply).toMatchObject({ status: 409, json: { code: 'TMEXI' } })
    expect((await door.visitor().signIn('owner@example.org')).status).toBe(200)
  })

  it('adds who is signed in already, and makes nobody less who is a member already', async () => {
    const { secret } = await invite('reader')
    const me = await door.owner()

    expect((await me.post('/auth/join', { invite: secret })).status).toBe(200)
    expect((await me.get('/auth/me')).json.workspaces).toMatchObject([{ id: 'main', role: 'owner' }])
  })
})

describe('readers, editors, owners', () => {
  const manage = [
    [`select app_public.invite_member('owner')`],
    [`select app_public.rename_workspace('Mine now')`],
    ['select app_public.set_workspace_limits(max_matview_rows => 5)'],
    ['select app_public.archive_workspace()'],
    [`select app_public.change_member_role(1, 'reader')`],
    ['select app_public.remove_member(1)'],
    ['select app_public.hand_over_workspace(1)'],
  ]
  it.each(manage)('only owners manage: %s (TMPER)', async (sql) => {
    for (const role of ['editor', 'reader']) {
      const one = await door.member(`${role}${Math.random()}@example.org`, role)
      // Readers are refused by PostgreSQL itself, which has not granted them the function.
      await expect(door.as(one, sql)).rejects.toMatchObject({ code: role === 'editor' ? 'TMPER' : '42501' })
    }
  })

  it('a claim that a person sets does not count: only the server’s own login may say who is an owner (TMPER)', async () => {
    await door.db.asWorkspace('main', async (client) => {
      await client.query(`set app.member_role = 'owner'`)
      await client.query(`set app.account_id = '1'`)

      await expect(client.query(`select app_public.invite_member('owner')`)).rejects.toMatchObject({ code: 'TMPER' })
      expect((await client.query('select * from app_public.audit_log')).rows).toEqual([])
      expect((await client.query('select app_hidden.current_account_id() as id')).rows).toEqual([{ id: null }])
    })
  })

  it('a reader writes nothing, a member who is made a reader loses it at once, and the sockets close', async () => {
    const one = await door.member('demoted@example.org', 'editor')
    await door.as(one, 'create table if not exists ws_main.notes (id bigserial primary key, t text)')
    let closed = 0
    door.auth.sockets.track(await door.auth.identify({ headers: { cookie: one.cookie } }), () => closed++)

    await door.as(await door.owner(), `select app_public.change_member_role($1, 'reader')`, [one.accountId])
    await door.auth.sockets.recheck()

    expect(closed).toBe(1)
    await expect(door.as(one, `insert into ws_main.notes (t) values ('x')`)).rejects.toMatchObject({ code: '42501' })
    expect(await door.as(one, 'select count(*)::int as n from ws_main.notes')).toEqual([{ n: 0 }])
  })

  it('a workspace always has an owner: the last one can neither leave nor step down (TMOWN, TMARG)', async () => {
    const me = await door.owner()

    await expect(door.as(me, 'select app_public.leave_workspace()')).rejects.toMatchObject({ code: 'TMOWN' })
    await expect(door.as(me, `select app_public.change_member_role(app_hidden.current_account_id(), 'editor')`)).rejects.toMatchObject({
      code: 'TMOWN',
    })
    await expect(door.as(me, 'select app_public.hand_over_workspace(app_hidden.current_account_id())')).rejects.toMatchObject({
      code: 'TMARG',
    })
  })

  it('two owners who leave at once leave one behind (TMOWN)', async () => {
    const id = `pair${Date.now().toString(36)}`
    const [a, b] = [await door.member('pa@example.org', '', ''), await door.member('pb@example.org', '', '')]
    await a.post('/auth/workspaces', { id, name: 'Pair' })
    await door.db.owner.query(`insert into app_public.members (workspace, account_id, role) values ($1, $2, 'owner')`, [id, b.accountId])

    const both = await Promise.allSettled(
      [a, b].map((one) => door.as(one, 'select pg_catalog.now(), app_public.leave_workspace()', [], { 'x-workspace': id })),
    )

    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'TMOWN' } })
  })

  it('an owner hands over, and is an editor then', async () => {
    const id = `hand${Date.now().toString(36)}`
    const [a, b] = [await door.member('ha@example.org', '', ''), await door.member('hb@example.org', '', '')]
    await a.post('/auth/workspaces', { id, name: 'Hand' })
    await door.db.owner.query(`insert into app_public.members (workspace, account_id, role) values ($1, $2, 'reader')`, [id, b.accountId])

    await door.as(a, 'select app_public.hand_over_workspace($1)', [b.accountId], { 'x-workspace': id })

    expect((await a.get('/auth/me')).json.workspaces).toMatchObject([{ id, role: 'editor' }])
    expect((await b.get('/auth/me')).json.workspaces).toMatchObject([{ id, role: 'owner' }])
  })

  it('who is put out is out: membership, tokens and sockets end together (TMNOF)', async () => {
    const one = await door.member('outsider@example.org', 'editor')
    const [{ secret }] = await door.as(one, `select * from app_public.create_api_token('t', 'editor')`)
    let closed = 0
    door.auth.sockets.track(await door.auth.identify({ headers: { cookie: one.cookie } }), () => closed++)
    door.auth.sockets.track(await door.auth.identify({ headers: { authorization: `Bearer ${secret}` } }), () => closed++)

    await door.as(await door.owner(), 'select app_public.remove_member($1)', [one.accountId])
    door.sayAccessChanged()
    for (let i = 0; i < 50 && closed < 2; i++) await new Promise((resolve) => setTimeout(resolve, 20))

    expect(closed).toBe(2)
    await expect(door.auth.identify({ headers: { cookie: one.cookie } })).rejects.toMatchObject({ code: 'TMNOF' })
    await expect(door.auth.identify({ headers: { authorization: `Bearer ${secret}` } })).rejects.toMatchObject({ code: 'TMAUT' })
    await expect(door.as(await door.owner(), 'select app_public.remove_member($1)', [one.accountId])).rejects.toMatchObject({
      code: 'TMNOF',
    })
  })

  it('people see the members of the workspace that they act in, and change only their own name', async () => {
    const id = `sees${Date.now().toString(36)}`
    const [a, b] = [await door.member('sa@example.org', 'editor'), await door.member('sb@example.org', '', '')]
    await b.post('/auth/workspaces', { id, name: 'Elsewhere' })

    expect(await door.as(a, `select 1 from app_public.accounts where email = 'sb@example.org'`)).toEqual([])
    expect(await door.as(a, `select 1 from app_public.members where workspace = $1`, [id])).toEqual([])
    await door.as(a, `update app_public.accounts set name = 'Changed'`)
    expect(await door.database.sql(`select count(*)::int as n from app_public.accounts where name = 'Changed'`)).toEqual([{ n: 1 }])
    await expect(door.as(a, `update app_public.accounts set email = 'owner@example.org'`)).rejects.toMatchObject({ code: '42501' })
  })
})

describe('the audit log', () => {
  it('tells owners who did what, whatever door it came through; nobody else reads it', async () => {
    const me = await door.owner()
    const one = await door.member('watched@example.org', 'reader')
    await door.as(me, `select app_public.change_member_role($1, 'editor')`, [one.accountId])

    const log = await door.as(me, `select actor, action, subject, detail from app_public.audit_log where subject = $1 order by id`, [
      one.accountId,
    ])
    expect(log.at(-1)).toEqual({
      actor: 'owner@example.org',
      action: 'member.changed',
      subject: one.accountId,
      detail: { role: { from: 'reader', to: 'editor' } },
    })
    expect(await door.as(one, 'select * from app_public.audit_log')).toEqual([])
    expect(
      await door.as(me, `select count(*)::int as n from app_public.audit_log where action = 'account.signed_in' and account_id = $1`, [
        one.accountId,
      ]),
    ).toEqual([{ n: 1 }])
  })

  it('only grows: not even the platform’s own role changes or empties it (TMPER)', async () => {
    for (const sql of [`update app_public.audit_log set actor = 'x'`, 'delete from app_public.audit_log', 'truncate app_public.audit_log'])
      await expect(door.db.owner.query(sql)).rejects.toMatchObject({ code: 'TMPER' })
  })

  it('holds no secret', async () => {
    const [{ all }] = await door.database.sql(`select string_agg(a::text, '') as all from app_public.audit_log a`)

    expect(all).not.toMatch(/argon2|tm_[0-9a-f]{8}_|[\w-]{43}/)
  })
})
