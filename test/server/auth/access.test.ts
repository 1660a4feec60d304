/**
 * Who may enter, and when access ends: tokens, roles, other sites, open sockets.
 */
import fc from 'fast-check'
import { makeIdentify } from '../../../server/auth/identify.ts'
import { createToken } from '../../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../../server/auth/workspaces.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
  await door.owner()
})
afterAll(() => door.close())

/** A token by the API, as a person makes one. */
async function tokenOf(one: { cookie: string }, role: string, expires: string | null = null): Promise<{ id: string; secret: string }> {
  const [made] = await door.as(one, `select * from app_public.create_api_token('for a test', $1, $2)`, [role, expires])
  return made
}
const who = (headers: Record<string, string>, options = {}) => door.auth.identify({ headers, url: '/' }, options)
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

describe('an API token', () => {
  it('acts as its role in its workspace, over a header and over connection_init alike', async () => {
    const editor = await door.member('maker@example.org', 'editor')
    const { secret, id } = await tokenOf(editor, 'reader')

    const expected = {
      accountId: editor.accountId,
      workspace: 'main',
      memberRole: 'reader',
      role: 'ws_main_reader',
      sessionId: null,
      tokenId: id,
    }
    expect(secret).toMatch(/^tm_[0-9a-f]{8}_[\w-]{43}$/)
    expect(await who(bearer(secret))).toEqual(expected)
    expect(await who({}, { authorization: `Bearer ${secret}` })).toEqual(expected)
  })

  it('may not be more than its maker (TMPER)', async () => {
    const reader = await door.member('small@example.org', 'reader')

    await expect(tokenOf(reader, 'editor')).rejects.toMatchObject({ code: 'TMPER' })
  })

  it('becomes less when its maker does, and ends when its maker leaves (TMAUT)', async () => {
    const maker = await door.member('shrinks@example.org', 'editor')
    const { secret } = await tokenOf(maker, 'editor')

    await door.db.owner.query(`update app_public.members set role = 'reader' where account_id = $1`, [maker.accountId])
    expect((await who(bearer(secret))).role).toBe('ws_main_reader')
    await door.as(maker, 'select app_public.leave_workspace()')
    await expect(who(bearer(secret))).rejects.toMatchObject({ code: 'TMAUT' })
  })

  it('opens no other workspace, whatever the header says (TMNOF)', async () => {
    const { secret } = await tokenOf(await door.owner(), 'owner')

    await expect(who({ ...bearer(secret), 'x-workspace': 'other' })).rejects.toMatchObject({ code: 'TMNOF' })
    expect((await who({ ...bearer(secret), 'x-workspace': 'main' })).workspace).toBe('main')
  })

  it('cannot make another token, so that a stolen one can be ended (TMPER)', async () => {
    const { secret } = await tokenOf(await door.owner(), 'owner')
    const caller = await who(bearer(secret))

    const made = door.db.asCaller(caller, (client) => client.query(`select app_public.create_api_token('child', 'owner')`))
    await expect(made).rejects.toMatchObject({ code: 'TMPER' })
  })

  it('ends when it is revoked, with its sockets, and by its date (TMAUT, TMNOF)', async () => {
    const me = await door.owner()
    const { secret, id } = await tokenOf(me, 'editor')
    const dated = await tokenOf(me, 'reader', new Date(Date.now() + 60_000).toISOString())
    let closed = 0
    door.auth.sockets.track(await who(bearer(secret)), () => closed++)

    await door.as(me, 'select app_public.revoke_api_token($1)', [id])
    await door.db.owner.query(`update app_public.api_tokens set expires_at = now() where id = $1`, [dated.id])
    await door.auth.sockets.recheck()

    expect(closed).toBe(1)
    await expect(who(bearer(secret))).rejects.toMatchObject({ code: 'TMAUT' })
    await expect(who(bearer(dated.secret))).rejects.toMatchObject({ code: 'TMAUT' })
    await expect(door.as(me, 'select app_public.revoke_api_token($1)', [id])).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('is stored as a hash, and notes when it was last used', async () => {
    const me = await door.owner()
    const { secret, id } = await tokenOf(me, 'reader')
    await who(bearer(secret))

    const [row] = await door.as(me, 'select * from app_public.api_tokens where id = $1', [id])
    const [all] = await door.database.sql('select string_agg(s::text, $$$$) as text from app_private.api_token_secrets s')
    expect(row.last_used_at).toBeInstanceOf(Date)
    expect(JSON.stringify(row)).not.toContain(secret.slice(12))
    expect(all.text).not.toContain(secret)
  })

  it('of the machine works before the first account exists, and makes its workspace', async () => {
    const fresh = await openDoor()
    try {
      const workspaces = makeWorkspaces({ owner: fresh.db.owner, secret: 'test', overTcp: false })
      const secret = await createToken({ owner: fresh.db.owner, workspaces })

      expect(await fresh.auth.identify({ headers: bearer(secret) })).toMatchObject({
        accountId: null,
        workspace: 'main',
        memberRole: 'owner',
        role: 'ws_main',
      })
    } finally {
      await fresh.close()
    }
  })
})

describe('a request from another site', () => {
  it.each([
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
    ['no Origin, but the browser says cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['no Origin, a sister domain', { 'sec-fetch-site': 'same-site' }, 403],
    ['our own pages', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a program with a cookie jar', {}, 200],
  ])('with a cookie: %s (TMORG)', async (_what, headers, status) => {
    const me = await door.owner()

    const reply = await fetch(`${door.url}/who`, { method: 'POST', headers: { cookie: me.cookie, ...headers } as Record<string, string> })

    expect(reply.status).toBe(status)
    if (status === 403) expect(await reply.json()).toMatchObject({ code: 'TMORG' })
  })

  it('cannot sign anybody in, out or up (TMORG)', async () => {
    const me = await door.owner()
    for (const path of [
      '/auth/login',
      '/auth/logout',
      '/auth/logout-everywhere',
      '/setup',
      '/auth/join',
      '/auth/password',
      '/auth/workspaces',
      '/auth/sign-in',
    ])
      expect(await me.post(path, {}, { origin: 'https://evil.example' })).toMatchObject({ status: 403, json: { code: 'TMORG' } })
    expect((await me.get('/auth/me')).status).toBe(200)
  })

  it('cannot open a websocket with the visitor’s cookie; a token may come from anywhere (TMORG)', async () => {
    const me = await door.owner()
    const upgrade = { upgrade: 'websocket', host: 'live.example', cookie: me.cookie }

    await expect(who({ ...upgrade, origin: 'https://evil.example' })).rejects.toMatchObject({ code: 'TMORG' })
    await expect(who({ ...upgrade, origin: 'https://live.example.evil.example' })).rejects.toMatchObject({ code: 'TMORG' })
    expect((await who({ ...upgrade, origin: 'http://live.example' })).workspace).toBe('main')
    const { secret } = await tokenOf(me, 'reader')
    expect(
      (await who({ upgrade: 'websocket', host: 'live.example', origin: 'https://elsewhere.example', ...bearer(secret) })).workspace,
    ).toBe('main')
  })

  it('is measured by PUBLIC_URL where there is one, not by a Host that anybody can send', async () => {
    const me = await door.owner()
    const identify = makeIdentify({ owner: door.db.owner, publicUrl: 'https://live.example' })
    const ask = (origin: string, host: string) =>
      identify({ headers: { cookie: me.cookie.replace('tidemark=', '__Host-tidemark='), origin, host, upgrade: 'websocket' } })

    expect((await ask('https://live.example', 'internal:5000')).workspace).toBe('main')
    await expect(ask('http://live.example', 'live.example')).rejects.toMatchObject({ code: 'TMORG' })
    await expect(ask('https://evil.example', 'evil.example')).rejects.toMatchObject({ code: 'TMORG' })
  })
})

describe('the cookie', () => {
  it('is __Host-, Secure and HttpOnly on https, and a plain name on http', async () => {
    const secure = await openDoor({ publicUrl: 'https://live.example' })
    try {
      const token = await secure.setupToken()
      const reply = await secure
        .visitor('https://live.example')
        .post('/setup', { token, email: 'a@example.org', name: 'A', password: 'long enough for all' })

      expect(reply.headers.get('set-cookie')).toMatch(
        /^__Host-tidemark=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=7776000$/,
      )
      expect(reply.headers.get('strict-transport-security')).toBe('max-age=31536000')
    } finally {
      await secure.close()
    }
  })

  it('that comes twice is taken for neither (TMAUT)', async () => {
    const me = await door.owner()

    await expect(who({ cookie: `${me.cookie}; tidemark=${'b'.repeat(43)}` })).rejects.toMatchObject({ code: 'TMAUT' })
  })
})

describe('the workspace of a request', () => {
  it('is the one that the header, the profile of PostgREST, the option or ?workspace= names; else the default (TMNOF)', async () => {
    const me = await door.member('two@example.org', 'editor')
    const id = `w${Date.now().toString(36)}`
    expect(await me.post('/auth/workspaces', { id, name: 'Second' })).toMatchObject({ status: 201 })
    const cookie = me.cookie

    for (const headers of [{ 'x-workspace': id }, { 'accept-profile': `ws_${id}` }, { 'content-profile': id }] as Record<string, string>[])
      expect(await who({ cookie, ...headers })).toMatchObject({ workspace: id, role: `ws_${id}` })
    expect((await who({ cookie }, { workspace: id })).workspace).toBe(id)
    expect((await door.auth.identify({ headers: { cookie }, url: `/events?workspace=${id}` })).workspace).toBe(id)
    expect((await who({ cookie })).workspace).toBe('main')
    await me.send('PATCH', '/auth/me', { default_workspace: id })
    expect((await who({ cookie })).workspace).toBe(id)
    expect(await me.send('PATCH', '/auth/me', { default_workspace: 'nothere' })).toMatchObject({ status: 404, json: { code: 'TMNOF' } })
  })

  it('that one may not see answers as one that is not there (TMNOF)', async () => {
    const id = `x${Date.now().toString(36)}`
    expect((await (await door.owner()).post('/auth/workspaces', { id, name: 'Private' })).status).toBe(201)
    const stranger = await door.member('stranger@example.org', 'reader')
    const answer = (workspace: string) =>
      who({ cookie: stranger.cookie, 'x-workspace': workspace }).catch(({ code, message, hint }) => ({
        code,
        message: message.replace(workspace, '…'),
        hint,
      }))

    expect(await answer(id)).toEqual(await answer('neverthere'))
    expect(await answer(id)).toMatchObject({ code: 'TMNOF' })
  })
})

describe('whatever headers say (fast-check)', () => {
  it('identify answers TMAUT, TMNOF or TMORG, and never crashes or lets in', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        'Bearer ',
        'Bearer tm_x',
        `Bearer ${'a'.repeat(43)}`,
        'main',
        'ws_main',
        'tidemark=x',
        `tidemark=${'a'.repeat(43)}`,
        '%00',
        "';--",
      ),
    )
    const headers = fc.record(
      { authorization: text, cookie: text, 'x-workspace': text, 'accept-profile': text, origin: text, upgrade: text, host: text },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(headers, text, async (one, url) => {
        const error = await door.auth.identify({ headers: one, url: `/?workspace=${url}` }).catch((e) => e)
        expect(['TMAUT', 'TMNOF', 'TMORG']).toContain(error.code)
      }),
      { numRuns: 300 },
    )
  })
})
