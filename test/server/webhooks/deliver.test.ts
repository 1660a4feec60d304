/**
 * Webhooks from the mutation to the receiver, which checks every message with the library of Standard Webhooks.
 */
import { Webhook } from 'standardwebhooks'
import { makeLog } from '../../../server/log.ts'
import { makeDeliver } from '../../../server/webhooks/deliver.ts'
import { workspaceName } from '../../support/database.ts'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark, startReceiver } from '../events/support.ts'

type Receiver = Awaited<ReturnType<typeof startReceiver>>
let world: World
const receivers: Receiver[] = []

async function receiver(answer?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const made = await startReceiver(answer)
  receivers.push(made)
  return made
}
const create = (input: Record<string, unknown>, token?: string) =>
  world
    .graphql(`mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id name url matview secret } } }`, { input }, token)
    .then(({ createWebhook }) => createWebhook.newWebhook)
const webhook = async (id: string) => (await world.db.sql(`select *, app_public.webhooks_problem(w) as problem from app_public.webhooks w where id = $1`, [id]))[0]
const deliveries = (id: string) => world.db.sql(`select * from app_public.deliveries where webhook_id = $1 order by id`, [id])
/** What a day of waiting does. */
async function retryNow(id: string) {
  await world.db.sql(`update app_public.webhooks set retry_at = now() where id = $1`, [id])
  await world.db.sql(`update graphile_worker._private_jobs set run_at = now() where key = $1`, [`webhook ${id}`])
  await world.db.sql(`select pg_notify('jobs:insert', '{"count":5}')`)
}

beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await Promise.all(receivers.map((one) => one.close()))
  await world?.close()
})
afterEach(() => world.db.sql('delete from app_public.webhooks'))

describe('A webhook', () => {
  it('gets every event, signed, in order, and the log says how it went', async () => {
    const there = await receiver(() => ({ status: 200, body: 'thank you' }))
    const hook = await create({ url: there.url, name: 'my receiver' })

    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push(await mark(world.db))
    await eventually(() => there.got.length, (n) => n === 5)

    const messages = there.verified(hook.secret)
    expect(hook).toMatchObject({ name: 'my receiver', url: there.url, matview: null, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) })
    expect(messages.map(({ data }) => data.id)).toEqual(ids)
    expect(messages[0]).toMatchObject({ type: 'matview.refreshed', data: { workspace: 'main', matview_name: 'sample_now', status: 'new', inserted: 1 } })
    expect(messages[0].timestamp).toBe(messages[0].data.status_change_time)
    expect(messages[0].data).not.toHaveProperty('changes')
    expect(there.got[0]!.headers).toMatchObject({ 'webhook-id': `evt_${ids[0]}_${hook.id}`, 'content-type': 'application/json', 'user-agent': 'Tidemark' })
    const log = await eventually(() => deliveries(hook.id), (rows) => rows.every(({ status }) => status === 'delivered'))
    expect(log[0]).toMatchObject({ event_id: ids[0], reason: 'event', attempts: 1, response_status: 200, error: null })
    const [attempt] = await world.db.sql('select * from app_public.delivery_attempts where delivery_id = $1', [log[0].id])
    expect(attempt).toMatchObject({ attempt: 1, request_body: there.got[0]!.body, response_status: 200, response_body: 'thank you', request_headers: { 'webhook-id': `evt_${ids[0]}_${hook.id}` } })
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, last_event_id: ids[4], problem: null })
  })

  it('gets the events of one view only, with their rows, when it asks for that', async () => {
    const there = await receiver()
    await world.db.sql(`insert into app_public.matviews (workspace, name, definition) values ('main', 'wanted', 'select 1')`)
    const hook = await create({ url: there.url, matview: 'wanted', withChanges: true })

    await mark(world.db, { matview: 'other' })
    const small = await mark(world.db, { matview: 'wanted', changes: 2 })
    const big = await mark(world.db, { matview: 'wanted', changes: 5000, kept: 1200 })
    await eventually(() => there.got.length, (n) => n === 2)

    const [first, second] = there.verified(hook.secret)
    expect(first.data).toMatchObject({ id: small, changes_next: null, changes: [{ seq: 1, op: 'insert', key: { id: 1 }, old: null, new: { id: 1 } }, { seq: 2 }] })
    expect(second.data).toMatchObject({ id: big, inserted: 5000, changes_truncated: true, changes_next: 1000 })
    expect(second.data.changes).toHaveLength(1000)
  })

  it('follows its view to a new name', async () => {
    await world.db.sql(`insert into app_public.matviews (workspace, name, definition) values ('main', 'before', 'select 1')`)
    const hook = await create({ url: 'http://127.0.0.1:9/', matview: 'before' })

    await world.db.sql(`update app_public.matviews set name = 'after' where name = 'before'`)

    expect((await webhook(hook.id)).matview).toBe('after')
  })

  it('is told by both secrets while they change, and by the new one alone after that', async () => {
    const there = await receiver()
    const old = await create({ url: there.url })
    const rotate = () =>
      world.graphql(`mutation ($id: BigInt!) { rotateWebhookSecret(input: { id: $id }) { newWebhook { id secret } } }`, { id: old.id }).then((d) => d.rotateWebhookSecret.newWebhook)

    const fresh = await rotate()
    await mark(world.db)
    await eventually(() => there.got.length, (n) => n === 1)
    there.verified(old.secret)
    there.verified(fresh.secret)
    const newest = await rotate()
    await world.db.sql(`update app_private.webhook_secrets set expires_at = now() where expires_at is not null`)
    await mark(world.db)
    await eventually(() => there.got.length, (n) => n === 2)

    const last = there.got[1]!
    const verify = (secret: string) => new Webhook(secret).verify(last.body, last.headers as Record<string, string>)
    expect(fresh.secret).not.toBe(old.secret)
    expect(String(there.got[0]!.headers['webhook-signature']).split(' ')).toHaveLength(2)
    expect(String(last.headers['webhook-signature']).split(' ')).toHaveLength(1)
    verify(newest.secret)
    expect(() => verify(old.secret)).toThrow()
    expect(() => verify(fresh.secret)).toThrow()
  })

  it('never shows its secret again, nor itself to readers and other workspaces', async () => {
    const hook = await create({ url: 'http://127.0.0.1:9/' })
    const types = await world.graphql(`{ __type(name: "Webhook") { fields { name } } }`)
    const acme = await world.token({ workspace: workspaceName('acme') })
    const list = (token?: string) => world.graphql(`{ webhooks { nodes { id url problem } } }`, {}, token)

    expect(types.__type.fields.map((field: any) => field.name)).not.toContain('secret')
    expect((await list()).webhooks.nodes).toEqual([{ id: hook.id, url: 'http://127.0.0.1:9/', problem: null }])
    expect((await list(acme)).webhooks.nodes).toEqual([])
    await expect(list(await world.token({ role: 'reader' }))).rejects.toMatchObject({ code: 'TMPER' })
    await expect(create({ url: 'https://example.org/' }, await world.token({ role: 'reader' }))).rejects.toMatchObject({ code: 'TMPER' })
    await expect(world.graphql(`mutation ($id: BigInt!) { dropWebhook(input: { id: $id }) { result } }`, { id: hook.id }, acme)).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('refuses what is no address [TMURL], a view that is not there [TMNOF], and the 101st [TMLIM]', async () => {
    for (const url of ['ftp://example.org/', 'example.org', 'https://', 'https://user:password@example.org/', 'https://exa mple.org/', `https://example.org/${'a'.repeat(2000)}`])
      await expect(create({ url })).rejects.toMatchObject({ code: 'TMURL' })
    await expect(create({ url: 'https://example.org/', matview: 'nothing_like_it' })).rejects.toMatchObject({ code: 'TMNOF' })
    await world.db.sql(`insert into app_public.webhooks (workspace, name, url) select 'main', 'n' || n, 'https://example.org/' from generate_series(1, 100) n`)
    await expect(create({ url: 'https://example.org/' })).rejects.toMatchObject({ code: 'TMLIM' })
  })
})

describe('A receiver that fails', () => {
  it('is tried again with the same id, later events wait their turn, and other webhooks do not', async () => {
    let up = false
    const bad = await receiver(() => (up ? 204 : 500))
    const good = await receiver()
    const hook = await create({ url: bad.url })
    await create({ url: good.url })

    const first = await mark(world.db)
    await eventually(() => bad.got.length, (n) => n === 1)
    const second = await mark(world.db)
    await eventually(() => good.got.length, (n) => n === 2)
    expect(bad.got).toHaveLength(1)
    expect(await webhook(hook.id)).toMatchObject({ failures: 1, problem: expect.stringMatching(/^1 attempts in a row have failed\. Next one \d\d:\d\d:\d\d UTC\.$/) })
    up = true
    await retryNow(hook.id)
    await eventually(() => bad.got.length, (n) => n === 3)

    expect(bad.verified(hook.secret).map(({ data }) => data.id)).toEqual([first, first, second])
    expect(bad.got[0]!.headers['webhook-id']).toBe(bad.got[1]!.headers['webhook-id'])
    const log = await eventually(() => deliveries(hook.id), (rows) => rows.every(({ status }) => status === 'delivered'))
    expect(log.map(({ attempts }) => attempts)).toEqual([2, 1])
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, failing_since: null, retry_at: null })
  })

  it('is tried again by itself, after e seconds, and no sooner than its Retry-After asks', async () => {
    const first = await receiver((_, count) => (count === 1 ? 503 : 204))
    const second = await receiver(() => ({ status: 429, headers: { 'retry-after': '900' } }))
    await create({ url: first.url })
    const hook = await create({ url: second.url })

    await mark(world.db)
    await eventually(() => first.got.length, (n) => n === 2, 9000)

    expect(first.got[1]!.at - first.got[0]!.at).toBeGreaterThan(2500)
    const { retry_at } = await webhook(hook.id)
    expect(new Date(retry_at).getTime() - Date.now()).toBeGreaterThan(880_000)
  })

  it('counts 2xx alone as success: redirects are not followed, silence is not waited for', async () => {
    const elsewhere = await receiver()
    const redirect = await receiver(() => ({ status: 302, headers: { location: elsewhere.url } }))
    const hook = await create({ url: redirect.url })

    await mark(world.db)
    const [delivery] = await eventually(() => deliveries(hook.id), ([row]) => row?.attempts === 1)

    expect(delivery).toMatchObject({ status: 'pending', response_status: 302, error: '302: redirects are not followed' })
    expect(elsewhere.got).toHaveLength(0)
  })

  it('is disabled by 410, says so, and after it is enabled what it missed can be replayed', async () => {
    let gone = false
    const there = await receiver(() => (gone ? 410 : 204))
    const hook = await create({ url: there.url })
    const before = await mark(world.db)
    await eventually(() => webhook(hook.id), (row) => row.last_event_id === before)

    gone = true
    const unseen = await mark(world.db)
    const disabled = await eventually(() => webhook(hook.id), (row) => row.state === 'disabled')
    const missed = await mark(world.db)
    await expect(
      world.graphql(`mutation ($id: BigInt!) { replayWebhook(input: { id: $id, fromEventId: "0" }) { webhookReplay { queued } } }`, { id: hook.id }),
    ).rejects.toMatchObject({ code: 'TMARG', detail: 'The receiver answered 410: it is gone' })
    gone = false
    await world.graphql(`mutation ($id: BigInt!) { enableWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })
    await eventually(() => there.got.length, (n) => n === 3)
    const { replayWebhook } = await world.graphql(
      `mutation ($id: BigInt!, $from: BigInt!) { replayWebhook(input: { id: $id, fromEventId: $from }) { webhookReplay { queued firstEventId lastEventId complete } } }`,
      { id: hook.id, from: missed },
    )
    await eventually(() => there.got.length, (n) => n === 4)

    expect(disabled.problem).toBe('Disabled: The receiver answered 410: it is gone.')
    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual([before, unseen, unseen, missed])
    expect(replayWebhook.webhookReplay).toEqual({ queued: '1', firstEventId: missed, lastEventId: missed, complete: true })
  })

  it('opens the circuit after 12 failures: one delivery is given up, the others wait for the receiver', async () => {
    let up = false
    const there = await receiver(() => (up ? 204 : 500))
    const hook = await create({ url: there.url })
    const ids = [await mark(world.db), await mark(world.db)]

    for (let n = 1; n <= 11; n++) {
      await eventually(() => webhook(hook.id), (row) => row.failures === n)
      await retryNow(hook.id)
    }
    const open = await eventually(() => webhook(hook.id), (row) => row.failures === 13) // the 12th, and one probe of the next
    const log = await deliveries(hook.id)
    up = true
    await retryNow(hook.id)
    const closed = await eventually(() => webhook(hook.id), (row) => row.failures === 0)
    const actions = await world.db.sql(`select action from app_public.audit_log where action like 'webhook.%' and subject = $1 order by id`, [open.name])

    expect(open).toMatchObject({ circuit_open: true, state: 'active', problem: expect.stringMatching(/^13 attempts in a row have failed since .* only one an hour is made\. Next one/) })
    expect(new Date(open.retry_at).getTime() - Date.now()).toBeGreaterThan(3_500_000)
    expect(log.map(({ event_id, status, attempts }) => [event_id, status, attempts])).toEqual([[ids[0], 'failed', 12], [ids[1], 'pending', 1]])
    expect(closed).toMatchObject({ circuit_open: false, problem: null, last_event_id: ids[1] })
    expect(actions.map(({ action }) => action)).toEqual(expect.arrayContaining(['webhook.created', 'webhook.circuit_opened', 'webhook.recovered']))
  })

  it('is disabled after five days without a success', async () => {
    const there = await receiver(() => 500)
    const hook = await create({ url: there.url })
    await mark(world.db)
    await eventually(() => webhook(hook.id), (row) => row.failures === 1)

    await world.db.sql(`update app_public.webhooks set failing_since = now() - interval '121 hours' where id = $1`, [hook.id])
    await retryNow(hook.id)

    expect(await eventually(() => webhook(hook.id), (row) => row.state === 'disabled')).toMatchObject({ problem: 'Disabled: No attempt has succeeded for 5 days.' })
  })
})

describe('An address in a private network', () => {
  const deliverOnce = async (url: string) => {
    const [hook] = await world.db.sql(`insert into app_public.webhooks (workspace, name, url) values ('main', 'private', $1) returning id`, [url])
    const [delivery] = await world.db.sql(`insert into app_public.deliveries (workspace, webhook_id, message_id, reason) values ('main', $1, 'test_1', 'test') returning id`, [hook.id])
    await makeDeliver({ owner: world.server.db.owner, log: makeLog('silent'), allowPrivate: false })({ delivery: delivery.id })
    return webhook(hook.id)
  }

  it('is never called: the webhook is disabled and says why [TMURL]', async () => {
    const there = await receiver()

    for (const url of [there.url, there.url.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/latest/meta-data', 'http://[::1]/'])
      expect(await deliverOnce(url)).toMatchObject({ state: 'disabled', problem: 'Disabled: The address leads into a private network.' })
    expect(there.got).toHaveLength(0)
  })

  it('is called when the operator has named its origin', async () => {
    const there = await receiver()
    await world.db.sql(`update app_private.settings set private_webhooks = array[$1]`, [new URL(there.url).origin])

    expect(await deliverOnce(there.url)).toMatchObject({ state: 'active', problem: null })
    expect(await deliverOnce(there.url.replace('127.0.0.1', 'localhost'))).toMatchObject({ state: 'disabled' })
    expect(there.got).toHaveLength(1)
    await world.db.sql(`update app_private.settings set private_webhooks = '{}'`)
  })
})

describe('By hand', () => {
  it('a webhook is paused, keeps what comes, and sends it when it goes on', async () => {
    const there = await receiver()
    const hook = await create({ url: there.url })
    await world.graphql(`mutation ($id: BigInt!) { pauseWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })

    const ids = [await mark(world.db), await mark(world.db), await mark(world.db)]
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(there.got).toHaveLength(0)
    await world.graphql(`mutation ($id: BigInt!) { enableWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })
    await eventually(() => there.got.length, (n) => n === 3)

    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual(ids)
  })

  it('a test is sent at once, also when paused, and once', async () => {
    const there = await receiver(() => 500)
    const hook = await create({ url: there.url })
    await world.graphql(`mutation ($id: BigInt!) { pauseWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })

    const { testWebhook } = await world.graphql(`mutation ($id: BigInt!) { testWebhook(input: { id: $id }) { delivery { id status reason } } }`, { id: hook.id })
    const [log] = await eventually(() => deliveries(hook.id), ([row]) => row.status === 'failed')

    expect(testWebhook.delivery).toMatchObject({ status: 'PENDING', reason: 'test' })
    expect(there.verified(hook.secret)[0]).toMatchObject({ type: 'webhook.test', data: { workspace: 'main' } })
    expect(log).toMatchObject({ attempts: 1, response_status: 500, error: 'The receiver answered 500' })
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, state: 'paused' })
  })

  it('a delivery is sent again with the same id, and events are replayed in order', async () => {
    const there = await receiver()
    const hook = await create({ url: there.url })
    const ids = [await mark(world.db), await mark(world.db), await mark(world.db)]
    await eventually(() => there.got.length, (n) => n === 3)
    const [first] = await deliveries(hook.id)

    await world.graphql(`mutation ($id: BigInt!) { resendDelivery(input: { id: $id }) { delivery { id reason } } }`, { id: first.id })
    await eventually(() => there.got.length, (n) => n === 4)
    await world.graphql(`mutation ($id: BigInt!, $from: BigInt!) { replayWebhook(input: { id: $id, fromEventId: $from }) { webhookReplay { queued } } }`, { id: hook.id, from: ids[1] })
    await eventually(() => there.got.length, (n) => n === 6)

    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual([...ids, ids[0], ids[1], ids[2]])
    expect(there.got[3]!.headers['webhook-id']).toBe(there.got[0]!.headers['webhook-id'])
    await expect(world.graphql(`mutation { resendDelivery(input: { id: "999999999" }) { delivery { id } } }`)).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('it is altered, moved to another address, and dropped with its log', async () => {
    const here = await receiver(() => 500)
    const there = await receiver()
    const hook = await create({ url: here.url })
    const id = await mark(world.db)
    await eventually(() => webhook(hook.id), (row) => row.failures === 1)

    const { alterWebhook } = await world.graphql(
      `mutation ($id: BigInt!, $url: String!) { alterWebhook(input: { id: $id, url: $url, name: "moved" }) { webhook { name url failures matview } } }`,
      { id: hook.id, url: there.url },
    )
    await eventually(() => there.got.length, (n) => n === 1)
    await world.graphql(`mutation ($id: BigInt!) { dropWebhook(input: { id: $id }) { result } }`, { id: hook.id })
    await mark(world.db)

    expect(alterWebhook.webhook).toMatchObject({ name: 'moved', url: there.url, failures: 0, matview: null })
    expect(there.verified(hook.secret)[0].data.id).toBe(id)
    expect(await deliveries(hook.id)).toEqual([])
  })
})

describe('The delivery log', () => {
  it('is trimmed with retention, and so are secrets that were replaced', async () => {
    const hook = await create({ url: 'http://127.0.0.1:9/' })
    await world.graphql(`mutation ($id: BigInt!) { rotateWebhookSecret(input: { id: $id, keepOld: { seconds: 0 } }) { newWebhook { id } } }`, { id: hook.id })
    await world.db.sql(`insert into app_public.deliveries (workspace, webhook_id, message_id, reason, status, created_at) values ('main', $1, 'old', 'test', 'failed', now() - interval '15 days'), ('main', $1, 'new', 'test', 'failed', now())`, [hook.id])

    await world.db.sql('select app_private.purge_deliveries()')

    expect((await deliveries(hook.id)).map((row) => row.message_id)).toEqual(['new'])
    expect(await world.db.sql('select * from app_private.webhook_secrets')).toHaveLength(1)
  })
})
