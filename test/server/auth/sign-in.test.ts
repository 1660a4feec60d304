/**
 * The first account, signing in and out, passwords, links, and what guessing gets one.
 */
import { type Door, openDoor, PASSWORD } from './door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())
beforeEach(() => door.db.owner.query('delete from app_private.attempts'))

describe('the first account', () => {
  it('is made by the link that the server prints, and owns workspace main', async () => {
    const me = await door.owner()

    const { json } = await me.get('/auth/me')
    expect(json.account).toMatchObject({ email: 'owner@example.org', name: 'Olga Owner' })
    expect(json.workspaces).toEqual([{ id: 'main', name: 'Main', role: 'owner', archived: false }])
  })

  it('is made once: no link is printed when there is an account, and a link from before is worth nothing (TMLNK)', async () => {
    const token = 'x'.repeat(43)
    await door.db.owner.query(`insert into app_private.links (token_hash, kind) values (sha256($1::text::bytea), 'setup')`, [token])

    const late = await door.visitor().post('/setup', { token, email: 'eve@example.org', name: 'Eve', password: PASSWORD })
    const wrong = await door.visitor().post('/setup', { token: 'guess', email: 'eve@example.org', name: 'Eve', password: PASSWORD })

    expect(await door.setupToken()).toBeNull()
    expect(late).toMatchObject({ status: 410, json: { code: 'TMLNK' } })
    expect(wrong).toMatchObject({ status: 410, json: { code: 'TMLNK' } })
  })
})

describe('signing in', () => {
  it('takes the address in any case, and a password typed on another keyboard (NFD)', async () => {
    await door.owner()
    await door.member('umlaut@example.org', 'reader')
    const one = door.visitor()
    await one.signIn('umlaut@example.org')
    await one.post('/auth/password', { current: PASSWORD, next: 'grüße an alle' })

    expect((await door.visitor().signIn('OWNER@Example.org')).status).toBe(200)
    expect((await door.visitor().signIn('umlaut@example.org', 'gru\u0308ße an alle')).status).toBe(200)
  })

  it('answers a wrong password and an unknown address alike, also in time (TMAUT)', async () => {
    await door.owner()
    const time = async (email: string) => {
      const start = performance.now()
      const reply = await door.visitor().signIn(email, 'not the password')
      return { ms: performance.now() - start, status: reply.status, body: reply.json }
    }
    await time('nobody@example.org') // makes the dummy hash

    const known = await time('owner@example.org')
    const unknown = await time('nobody@example.org')

    expect(known).toMatchObject({ status: 401, body: { code: 'TMAUT' } })
    expect(unknown.body).toEqual(known.body)
    // Both hash; without a hash the answer would come in a few milliseconds.
    expect(unknown.ms).toBeGreaterThan(known.ms / 4)
    expect(known.ms).toBeGreaterThan(unknown.ms / 4)
  })

  it('is refused after five wrong tries from one address, also with the right password, and says for how long (TMRAT)', async () => {
    await door.owner()
    const tries = await Promise.all(Array.from({ length: 8 }, () => door.visitor().signIn('owner@example.org', 'wrong password')))

    const right = await door.visitor().signIn('owner@example.org')

    expect(tries.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    expect(right).toMatchObject({ status: 429, json: { code: 'TMRAT', retry_after: expect.any(Number) } })
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(800)
  })

  it('that succeeds forgives the slips before it', async () => {
    await door.owner()
    for (let i = 0; i < 3; i++) {
      for (let slip = 0; slip < 4; slip++) await door.visitor().signIn('owner@example.org', 'wrong password')
      expect((await door.visitor().signIn('owner@example.org')).status).toBe(200)
    }
  })

  it('gives a new session and ends the one that the cookie named (no session fixation)', async () => {
    await door.owner()
    const victim = door.visitor()
    await victim.signIn('owner@example.org')
    const planted = victim.cookie

    await victim.signIn('owner@example.org')

    expect(victim.cookie).not.toBe(planted)
    const thief = door.visitor()
    thief.cookie = planted
    expect(await thief.get('/auth/me')).toMatchObject({ status: 401, json: { code: 'TMAUT' } })
    thief.cookie = `tidemark=${'a'.repeat(43)}` // one that the attacker made up is not taken over either
    await thief.signIn('owner@example.org')
    expect(thief.cookie).not.toContain('aaaa')
  })

  it('keeps only hashes: neither the password nor the cookie is anywhere in the database', async () => {
    const me = await door.owner()
    const secret = me.cookie.split('=')[1]!

    const [found] = await door.database.sql(
      `select (select string_agg(s::text, '') from app_private.sessions s) || (select string_agg(a::text, '') from app_private.account_secrets a) as all`,
    )

    expect(found.all).not.toContain(secret)
    expect(found.all).not.toContain(PASSWORD)
    expect(found.all).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
  })

  it('ends by itself after 14 idle days and after 90 days', async () => {
    const idle = await door.member('idle@example.org', 'reader')
    const old = await door.member('old@example.org', 'reader')
    await door.db.owner.query(`update app_private.sessions set last_seen_at = now() - interval '15 days' where account_id = $1`, [
      idle.accountId,
    ])
    await door.db.owner.query(`update app_private.sessions set created_at = now() - interval '91 days' where account_id = $1`, [
      old.accountId,
    ])

    expect((await idle.get('/auth/me')).status).toBe(401)
    expect((await old.get('/auth/me')).status).toBe(401)
  })
})

describe('a password', () => {
  it.each([
    ['short', 'nine char'],
    ['of one character', 'aaaaaaaaaaaaaaaa'],
    ['that is the address', 'weak@example.org'],
    ['of more than 1000 bytes', 'ab12'.repeat(300)],
  ])('%s is refused (TMPWD)', async (_what, next) => {
    const one = await door.member(`weak@example.org`, 'reader').catch(async () => {
      const again = door.visitor()
      await again.signIn('weak@example.org')
      return again
    })

    expect(await one.post('/auth/password', { current: PASSWORD, next })).toMatchObject({ status: 422, json: { code: 'TMPWD' } })
  })

  it('is changed only by who knows the current one, and then every other session ends (TMPER)', async () => {
    const here = await door.member('change@example.org', 'editor')
    const elsewhere = door.visitor()
    await elsewhere.signIn('change@example.org')
    let closed = 0
    const { json } = await elsewhere.get('/who')
    door.auth.sockets.track(json, () => closed++)

    const wrong = await here.post('/auth/password', { current: 'no idea at all', next: 'another good password' })
    const right = await here.post('/auth/password', { current: PASSWORD, next: 'another good password' })

    expect(wrong).toMatchObject({ status: 403, json: { code: 'TMPER' } })
    expect(right.status).toBe(204)
    expect((await here.get('/auth/me')).status).toBe(200)
    expect((await elsewhere.get('/auth/me')).status).toBe(401)
    expect(closed).toBe(1)
    expect((await door.visitor().signIn('change@example.org')).status).toBe(401)
  })
})

describe('a sign-in link', () => {
  it('goes to the operator, works once, and asking for one tells nothing about accounts (TMLNK)', async () => {
    await door.owner()
    const known = await door.visitor().post('/auth/sign-in-link', { email: 'owner@example.org' })
    const unknown = await door.visitor().post('/auth/sign-in-link', { email: 'nobody@example.org' })

    expect(unknown.json).toEqual(known.json)
    expect(unknown.status).toBe(known.status)
    expect(door.links.map(({ email }) => email)).toEqual(['owner@example.org'])
    const link = new URL(door.links[0]!.url).pathname
    const page = await door.visitor().get(link) // a mail program that looks at the link does not use it up
    expect(page).toMatchObject({ status: 200 })
    const one = door.visitor()
    const first = await one.post('/auth/sign-in', { link: link.split('/').pop() })
    const second = await door.visitor().post('/auth/sign-in', { link: link.split('/').pop() })
    expect(first.status).toBe(200)
    expect((await one.get('/auth/me')).json.account.email).toBe('owner@example.org')
    expect(second).toMatchObject({ status: 410, json: { code: 'TMLNK' } })
  })
})

describe('signing out', () => {
  it('ends the session, its cookie and its sockets', async () => {
    const one = await door.member('out@example.org', 'reader')
    const before = one.cookie
    let closed = 0
    door.auth.sockets.track((await one.get('/who')).json, () => closed++)

    const reply = await one.post('/auth/logout')

    expect(reply.headers.get('set-cookie')).toMatch(/^tidemark=; .*Max-Age=0/)
    expect(closed).toBe(1)
    one.cookie = before
    expect((await one.get('/auth/me')).status).toBe(401)
  })

  it('everywhere ends all sessions of the account, and nobody else’s', async () => {
    const [here, other] = [await door.member('all@example.org', 'reader'), await door.member('other@example.org', 'reader')]
    const there = door.visitor()
    await there.signIn('all@example.org')

    expect((await here.post('/auth/logout-everywhere')).json).toEqual({ ended: 2 })
    expect((await there.get('/auth/me')).status).toBe(401)
    expect((await other.get('/auth/me')).status).toBe(200)
  })

  it('of one session from the list: only one’s own (TMNOF)', async () => {
    const [mine, other] = [await door.member('list@example.org', 'reader'), await door.member('list2@example.org', 'reader')]
    const [{ id }] = (await mine.get('/auth/sessions')).json

    expect(await other.send('DELETE', `/auth/sessions/${id}`)).toMatchObject({ status: 404, json: { code: 'TMNOF' } })
    expect((await mine.get('/auth/sessions')).json).toMatchObject([{ id, current: true, ip: '127.0.0.1' }])
    expect((await mine.send('DELETE', `/auth/sessions/${id}`)).status).toBe(204)
    expect((await mine.get('/auth/me')).status).toBe(401)
  })
})

describe('the pages', () => {
  it('work without JavaScript: a form signs in and leads on, a wrong one is shown again with the reason', async () => {
    await door.owner()
    const one = door.visitor()

    const wrong = await one.post('/auth/login', new URLSearchParams({ email: 'owner@example.org', password: '"><b>', next: '/w/main' }))
    const right = await one.post('/auth/login', new URLSearchParams({ email: 'owner@example.org', password: PASSWORD, next: '/w/main' }))

    expect(wrong.status).toBe(401)
    expect(wrong.text).toMatch(/role="alert"><strong>Address and password do not match/)
    expect(right.status).toBe(303)
    expect(right.headers.get('location')).toBe('/w/main')
  })

  it.each(['//evil.example', 'https://evil.example/x', '/\\evil.example', 'javascript:alert(1)', '/\t/evil.example'])(
    'never lead to another site: next=%s',
    async (next) => {
      await door.owner()
      const reply = await door.visitor().post('/auth/login', new URLSearchParams({ email: 'owner@example.org', password: PASSWORD, next }))

      expect(new URL(reply.headers.get('location')!, door.url).origin).toBe(door.url)
    },
  )

  it('carry no script and no inline style, and escape what they show', async () => {
    const { text, headers } = await door.visitor().get(`/login?next=${encodeURIComponent('/"><script>alert(1)</script>')}`)

    expect(text).not.toMatch(/<script|<style|style=|onclick/i)
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('say so when a link is no longer good', async () => {
    for (const path of ['/setup?token=nonsense', '/invite/nonsense', '/sign-in/nonsense'])
      expect(await door.visitor().get(path)).toMatchObject({ status: 410 })
  })
})

describe('a body that is not what it should be', () => {
  it.each([
    ['no fields', {}, 400],
    ['numbers', { email: 1, password: 2 }, 400],
    ['an object as the password', { email: 'a@b.c', password: { $ne: 1 } }, 400],
    ['a huge one', { email: 'a@b.c', password: 'x'.repeat(100_000) }, 413],
  ])('%s is refused, not a crash (TMARG)', async (_what, body, status) => {
    const reply = await door.visitor().post('/auth/login', body)

    expect(reply).toMatchObject({ status, json: { code: 'TMARG' } })
  })
})
