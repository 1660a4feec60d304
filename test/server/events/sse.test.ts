/**
 * GET /events, by its contract:
 *   id: <event id> · event: matview_refreshed · data: the event as JSON; `reset` when the cursor cannot be followed.
 */
import http from 'node:http'
import { startWorld, type World } from '../../support/world.ts'
import { workspaceName } from '../../support/database.ts'
import { eventually, mark, openSse } from './support.ts'

let world: World
let token: string
const open = (query = '', headers: Record<string, string> = {}, bearer = token) =>
  openSse(`${world.url}/events${query}`, { authorization: `Bearer ${bearer}`, ...headers })
const ids = (stream: { messages: { id: string }[] }) => stream.messages.map(({ id }) => id)

beforeAll(async () => {
  world = await startWorld({ worker: false })
  token = await world.token({ role: 'reader' })
})
afterAll(() => world?.close())

describe('The stream of events', () => {
  it('sends what comes from now on, with id, type and JSON', async () => {
    await mark(world.db)
    const stream = await open()
    await stream.until(() => stream.lastId() !== '')

    const id = await mark(world.db, { matview: 'sample_now' })
    await stream.until(() => stream.messages.length === 1)

    expect(stream.status).toBe(200)
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.messages[0]).toMatchObject({
      id,
      event: 'matview_refreshed',
      data: {
        id,
        workspace: 'main',
        matview_name: 'sample_now',
        status: 'new',
        inserted: 1,
        updated: 0,
        deleted: 0,
        row_count: 1,
        duration_ms: 1.5,
        changes_truncated: false,
        error: null,
      },
    })
    expect(stream.messages[0]!.data).not.toHaveProperty('changes')
    const columns = await world.db.sql<{ name: string }>(
      `select attname as name from pg_attribute
        where attrelid = 'app_public.matview_refresh_events'::regclass and attnum > 0 and not attisdropped
          and attname not in ('matview_id', 'created_at')`,
    )
    expect(Object.keys(stream.messages[0]!.data).sort()).toEqual(columns.map(({ name }) => name).sort())
    expect(new Date(stream.messages[0]!.data.status_change_time).getTime()).toBeGreaterThan(Date.now() - 60_000)
    await stream.close()
  })

  it('tells where it begins, so that a connection that breaks before its first event loses none', async () => {
    const last = await mark(world.db)

    const stream = await open()
    await stream.until(() => stream.lastId() !== '')

    expect(stream.lastId()).toBe(last)
    await stream.close()
  })

  it('goes on after ?after= and after Last-Event-ID, which wins, across several pages', async () => {
    const first = await mark(world.db)
    await world.db.sql(
      `insert into app_public.matview_refresh_events (workspace, matview_id, matview_name) select 'main', 1, 'many' from generate_series(1, 450)`,
    )

    const after = await open(`?after=${first}`)
    await after.until(() => after.messages.length >= 450)
    const resumed = await open('?after=0', { 'last-event-id': String(BigInt(first) + 440n) })
    await resumed.until(() => resumed.messages.length >= 10)
    const next = await mark(world.db)
    await Promise.all([after.until(() => after.messages.length === 451), resumed.until(() => resumed.messages.length === 11)])

    expect(ids(after)).toEqual(Array.from({ length: 451 }, (_, n) => String(BigInt(first) + 1n + BigInt(n))))
    expect(ids(resumed)).toEqual(ids(after).slice(-11))
    expect(ids(after).at(-1)).toBe(next)
    await Promise.all([after.close(), resumed.close()])
  })

  it('restricts itself to one view with ?matview=', async () => {
    const start = await mark(world.db, { matview: 'other' })
    const stream = await open(`?after=${start}&matview=sample_now`)

    await mark(world.db, { matview: 'other' })
    const id = await mark(world.db, { matview: 'sample_now' })
    await stream.until(() => stream.messages.length > 0)

    expect(ids(stream)).toEqual([id])
    await stream.close()
  })

  it('carries the changed rows with ?changes=1, live and when it catches up', async () => {
    const start = await mark(world.db)
    const live = await open(`?changes=1`)
    await live.until(() => live.lastId() !== '')

    await mark(world.db, { changes: 2 })
    await live.until(() => live.messages.length === 1)
    const late = await open(`?changes=1&after=${start}`)
    await late.until(() => late.messages.length === 1)

    expect(live.messages[0]!.data.changes).toEqual([
      { seq: 1, op: 'insert', key: { id: 1 }, old: null, new: { id: 1, text: 'row 1' } },
      { seq: 2, op: 'insert', key: { id: 2 }, old: null, new: { id: 2, text: 'row 2' } },
    ])
    expect(live.messages[0]!.data.changes_next).toBeNull()
    expect(late.messages).toEqual(live.messages)
    await Promise.all([live.close(), late.close()])
  })

  it('tells of a big refresh where to go on, and of a truncated one that it was', async () => {
    const start = await mark(world.db)
    const id = await mark(world.db, { changes: 5000, kept: 2500 })
    const stream = await open(`?changes=1&after=${start}`)
    await stream.until(() => stream.messages.length === 1)
    const { data } = stream.messages[0]!

    let all = data.changes
    for (let next = data.changes_next; next !== null; ) {
      const page = await fetch(`${world.url}/events/${id}/changes?after=${next}&limit=1000`, {
        headers: { authorization: `Bearer ${token}` },
      }).then((r) => r.json())
      all = [...all, ...page.changes]
      next = page.changes_next
    }

    expect(data.changes).toHaveLength(1000)
    expect(data.changes_truncated).toBe(true)
    expect(data.inserted).toBe(5000)
    expect(all.map((change: any) => change.seq)).toEqual(Array.from({ length: 2500 }, (_, n) => n + 1))
    await stream.close()
  })

  it('never shows one workspace the events of another', async () => {
    const acme = workspaceName('acme')
    const foreign = await world.token({ workspace: acme })
    const theirs = await open('?after=0', {}, foreign)
    const ours = await open('')
    await ours.until(() => ours.lastId() !== '')

    const id = await mark(world.db, { workspace: acme, matview: 'secret' })
    await theirs.until(() => theirs.messages.length > 0)
    const mine = await mark(world.db)
    await ours.until(() => ours.messages.length > 0)

    expect(ids(theirs)).toEqual([id])
    expect(ids(ours)).toEqual([mine])
    const changes = await fetch(`${world.url}/events/${id}/changes`, { headers: { authorization: `Bearer ${token}` } })
    expect(changes.status).toBe(404)
    await Promise.all([theirs.close(), ours.close()])
  })

  it('asks who is there [TMAUT], and for a cursor that is one [TMARG], and for a view that exists [TMNOF]', async () => {
    const ask = async (query: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) => {
      const reply = await fetch(`${world.url}/events${query}`, { headers })
      return [reply.status, ((await reply.json()) as any).code]
    }

    expect(await ask('', {})).toEqual([401, 'TMAUT'])
    expect(await ask('?after=yesterday')).toEqual([400, 'TMARG'])
    expect(await ask('?after=1&after=2')).toEqual([400, 'TMARG'])
    expect(await ask('?matview=nothing_like_it')).toEqual([404, 'TMNOF'])
    expect(await ask('', { authorization: `Bearer ${token}`, 'last-event-id': "1' or true" })).toEqual([400, 'TMARG'])
    expect(await ask('/999999999/changes')).toEqual([404, 'TMNOF'])
  })

  it('waits for a client that does not read, keeps nothing for it, and then brings it everything', async () => {
    const start = await mark(world.db)
    const response = await new Promise<http.IncomingMessage>((resolve) =>
      http.get(`${world.url}/events?changes=1&after=${start}`, { headers: { authorization: `Bearer ${token}` } }, resolve),
    )
    response.pause()
    const ids: string[] = []
    for (let n = 0; n < 120; n++) ids.push(await mark(world.db, { changes: 400 }))
    await new Promise((resolve) => setTimeout(resolve, 300))

    let text = ''
    for await (const part of response.setEncoding('utf8')) {
      text += part
      if (text.includes(`id: ${ids.at(-1)}\n`)) break
    }

    expect([...text.matchAll(/^id: (\d+)\nevent: matview_refreshed$/gm)].map(([, id]) => id)).toEqual(ids)
    response.destroy()
  })

  it('ends when the access ends', async () => {
    const doomed = await world.token()
    const stream = await open('', {}, doomed)
    await stream.until(() => stream.lastId() !== '')

    await world.db.sql(`delete from app_public.api_tokens where prefix = $1`, [doomed.split('_')[1]])

    await eventually(stream.ended, Boolean)
    const again = await fetch(`${world.url}/events`, { headers: { authorization: `Bearer ${doomed}` } })
    expect(again.status).toBe(401)
    await again.body?.cancel()
  })
})

describe('A cursor that cannot be followed', () => {
  it('is answered with a reset and all that is kept, when retention has dropped some', async () => {
    const acme = workspaceName('kept')
    const theirs = await world.token({ workspace: acme })
    const quiet = workspaceName('quiet')
    const quietToken = await world.token({ workspace: quiet })
    const quietLast = await mark(world.db, { workspace: quiet })
    const lost = await mark(world.db, { workspace: acme })
    await world.db.sql(`
      create table app_public.matview_refresh_events_20200101 partition of app_public.matview_refresh_events for values from ('2020-01-01') to ('2020-01-02')`)
    await world.db.sql(`update app_public.matview_refresh_events set created_at = '2020-01-01 12:00Z' where id = $1`, [lost])
    await world.db.sql('select app_private.roll_partitions()')
    const kept = await mark(world.db, { workspace: acme })

    const away = await open('?after=1', {}, theirs)
    await away.until(() => away.messages.length === 2)
    const unharmed = await open(`?after=${lost}`, {}, theirs)
    await unharmed.until(() => unharmed.messages.length === 1)
    const other = await open(`?after=${quietLast}`, {}, quietToken)
    const next = await mark(world.db, { workspace: quiet })
    await other.until(() => other.messages.length === 1)

    expect(away.messages[0]).toMatchObject({ id: lost, event: 'reset', data: { reason: 'retention', after: '1', lost_until: lost } })
    expect(away.messages[1]).toMatchObject({ id: kept, event: 'matview_refreshed' })
    expect(ids(unharmed)).toEqual([kept])
    expect(ids(other)).toEqual([next]) // others' losses are not its own
    await Promise.all([away.close(), unharmed.close(), other.close()])
  })

  it('is answered with a reset when it lies ahead of the log: another database, or one restored', async () => {
    const acme = workspaceName('ahead')
    const theirs = await world.token({ workspace: acme })
    const kept = await mark(world.db, { workspace: acme })

    const stream = await open('?after=999999999', {}, theirs)
    await stream.until(() => stream.messages.length === 2)

    expect(stream.messages[0]).toMatchObject({ event: 'reset', data: { reason: 'ahead' } })
    expect(ids(stream)).toEqual(['0', kept])
    await stream.close()
  })
})
