/**
 * What must hold when things die: server processes by kill -9, the LISTEN connection, the connection that says a worker lives.
 */
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type ServerProcess, startServerProcess } from '../../support/server-process.ts'
import { startWorld, type World } from '../../support/world.ts'
import { connect } from '../live/harness.ts'
import { eventually, mark, openSse, startReceiver } from './support.ts'

const children: ServerProcess[] = []
afterAll(() => Promise.all(children.map((child) => child.kill())))

async function startChild(db: TestDatabase): Promise<ServerProcess> {
  const child = await startServerProcess(db)
  children.push(child)
  return child
}

async function addHook(db: TestDatabase, url: string): Promise<string> {
  const [{ id }] = await db.sql(`insert into app_public.webhooks (workspace, name, url) values ('main', 'hook', $1) returning id`, [url])
  await db.sql(`insert into app_private.webhook_secrets (webhook_id, secret) values ($1, 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==')`, [id])
  return id
}
const webhookIds = (got: { headers: Record<string, any> }[]) => got.map(({ headers }) => headers['webhook-id'] as string)

describe('A server that is killed with kill -9 while it delivers', () => {
  it('has everything delivered within 10 s of the next start, in order, and what comes twice has the same id', async () => {
    const db = await createTestDatabase()
    const receiver = await startReceiver(() => ({ status: 204, afterMs: 30 }))
    const hook = await addHook(db, receiver.url)
    const first = await startChild(db)
    const ids = await Promise.all(Array.from({ length: 40 }, () => mark(db)))
    await eventually(
      () => receiver.got.length,
      (n) => n >= 5,
    )

    await first.kill()
    const before = receiver.got.length
    const second = await startChild(db)
    const started = Date.now()
    await eventually(
      () => new Set(webhookIds(receiver.got)).size,
      (n) => n === 40,
      12_000,
    )
    const took = Date.now() - started
    await second.kill()

    const seen = webhookIds(receiver.got)
    expect(before).toBeLessThan(40)
    expect(took).toBeLessThan(10_000)
    expect(new Set(seen)).toEqual(new Set(ids.map((id) => `evt_${id}_${hook}`)))
    expect(seen.length).toBeLessThanOrEqual(41) // the one that was on its way
    const firsts = [...new Set(seen)].map((id) => Number(id.split('_')[1]))
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
    await receiver.close()
    await db.drop()
  }, 90_000)
})

describe('Two servers on one database', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world?.close())

  it('deliver every event once between them', async () => {
    const other = await world.another()
    const receivers = await Promise.all(Array.from({ length: 4 }, () => startReceiver(() => ({ status: 204, afterMs: 5 }))))
    for (const { url } of receivers) await addHook(world.db, url)

    const ids = await Promise.all(Array.from({ length: 25 }, () => mark(world.db)))
    await eventually(() => receivers.every(({ got }) => got.length >= 25), Boolean)
    await new Promise((resolve) => setTimeout(resolve, 300))

    for (const { got } of receivers)
      expect(webhookIds(got).map((id) => id.split('_')[1])).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)))
    const { rows } = await other.db.owner.query('select count(*)::int as n from app_private.workers')
    expect(rows[0].n).toBe(2)
    await other.close()
    await Promise.all(receivers.map((one) => one.close()))
    await world.db.sql('delete from app_public.webhooks')
  })

  it('leave each other’s work alone, also when the connection that says “I live” is cut', async () => {
    const receiver = await startReceiver(() => ({ status: 204, afterMs: 5000 }))
    await addHook(world.db, receiver.url)
    await mark(world.db)
    await eventually(
      () => receiver.got.length,
      (n) => n === 1,
    )

    const other = await world.another()
    await eventually(
      () => world.db.sql('select from app_private.workers'),
      ({ length }) => length === 2,
    )
    const { length } = await world.db.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark worker lives' and datname = current_database()`,
    )
    await new Promise((resolve) => setTimeout(resolve, 4500))

    expect(length).toBe(2)
    expect(receiver.got).toHaveLength(1)
    expect(await world.db.sql('select from app_private.workers')).toHaveLength(2)
    await eventually(
      () => world.db.sql(`select status from app_public.deliveries where status = 'delivered'`),
      (rows) => rows.length === 1,
    )
    expect(receiver.got).toHaveLength(1)
    await other.close()
    await receiver.close()
  })
})

describe('A database that closes every connection while webhooks are on their way', () => {
  it('finds the worker at work again: everything arrives, in order', async () => {
    const world = await startWorld()
    const receiver = await startReceiver(() => ({ status: 204, afterMs: 100 }))
    await addHook(world.db, receiver.url)
    const ids = [await mark(world.db), await mark(world.db)]
    await eventually(
      () => receiver.got.length,
      (n) => n === 1,
    )

    await world.db.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename like 'app\\_%' and datname = current_database()`,
    )
    ids.push(await mark(world.db))
    await eventually(
      () => world.db.sql(`select from app_public.deliveries where status = 'delivered'`),
      ({ length }) => length === 3,
      20_000,
    )

    const firsts = [...new Set(webhookIds(receiver.got).map((id) => id.split('_')[1]))]
    expect(firsts).toEqual(ids)
    const health = () => fetch(`${world.url}/healthz`).then((reply) => reply.json() as any)
    expect(await eventually(health, ({ worker, listen }) => worker === 'running' && listen)).toMatchObject({ status: 'ok' })
    await receiver.close()
    await world.close()
  })
})

describe('A server process', () => {
  it('holds one LISTEN connection, whatever listens in it, and its jobs are heard of by that', async () => {
    const world = await startWorld()
    const receiver = await startReceiver()
    await addHook(world.db, receiver.url)
    await fetch(`${world.url}/events`, { headers: { authorization: `Bearer ${await world.token()}` } })
    const listening = () =>
      world.db.sql(
        `select application_name from pg_stat_activity where datname = current_database() and (query ilike 'listen %' or application_name = 'tidemark listen')`,
      )
    await new Promise((resolve) => setTimeout(resolve, 300)) // the worker has looked for jobs once

    const took: number[] = []
    for (const count of [1, 2, 3, 4]) {
      const started = Date.now()
      await mark(world.db)
      await eventually(
        () => receiver.got.length,
        (n) => n === count,
      )
      took.push(Date.now() - started)
    }

    expect(await listening()).toEqual([{ application_name: 'tidemark listen' }])
    expect(took.toSorted((a, b) => a - b)[1]).toBeLessThan(1000) // the poll comes every 2 s
    await receiver.close()
    await world.close()
  })
})

describe('A look into the log that fails', () => {
  it('is made again at once: the NOTIFY that asked for it does not come twice', async () => {
    const world = await startWorld()
    const stream = await openSse(`${world.url}/events`, { authorization: `Bearer ${await world.token()}` })
    await stream.until(() => stream.lastId() !== '')

    await world.db.sql('revoke select on app_public.matview_refresh_events from app_owner, app_workspace, app_reader')
    const id = await mark(world.db)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const before = stream.messages.length
    await world.db.sql('grant select on app_public.matview_refresh_events to app_owner, app_workspace, app_reader')
    await stream.until(() => stream.messages.length > 0, 5000) // the look that needs no NOTIFY comes every 15 s

    expect([before, stream.messages.map((message) => message.id)]).toEqual([0, [id]])
    await stream.close()
    await world.close()
  })
})

describe('A LISTEN connection that is killed again and again', () => {
  it('costs no consumer an event', async () => {
    const world = await startWorld()
    const token = await world.token()
    const receiver = await startReceiver()
    await addHook(world.db, receiver.url)
    const streams = await Promise.all(
      ['', '?changes=1'].map((query) => openSse(`${world.url}/events${query}`, { authorization: `Bearer ${token}` })),
    )
    await Promise.all(streams.map((one) => one.until(() => one.lastId() !== '')))
    const client = await connect(world.url, token)
    const marks = client.open('subscription { matviewRefreshed { event { id } } }')
    await eventually(world.server.events.waiting, (n) => n === 3, 20_000)

    const ids: string[] = []
    let killed = 0
    for (let n = 0; n < 150; n++) {
      ids.push(await mark(world.db))
      if (n % 20 === 7)
        killed += (
          await world.db.sql(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tidemark listen%' and datname = current_database()`,
          )
        ).length
    }
    await Promise.all(streams.map((one) => one.until(() => one.messages.length >= 150, 20_000)))
    await eventually(
      () => receiver.got.length,
      (n) => n >= 150,
      20_000,
    )

    expect(killed).toBeGreaterThanOrEqual(4)
    await marks.nth(149, 20_000)
    expect(marks.results.map(({ data }) => data.matviewRefreshed.event.id)).toEqual(ids)
    for (const stream of streams) expect(stream.messages.map(({ id }) => id)).toEqual(ids)
    expect(webhookIds(receiver.got).map((id) => id.split('_')[1])).toEqual(ids)
    client.close()
    await Promise.all(streams.map((one) => one.close()))
    await receiver.close()
    await world.close()
  }, 90_000)
})
