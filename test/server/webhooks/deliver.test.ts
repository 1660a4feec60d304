/**
 * Webhooks from the mutation to the receiver, which checks every message with the library of Standard Webhooks.
 */
import { Webhook } from 'standardwebhooks'
import { makeLog } from '../../../server/log.ts'
import { makeDeliver } from '../../../server/webhooks/deliver.ts'
import { workspaceName } from '../../support/database.ts'
import { eventually, mark } from '../events/support.ts'
import { labOfThisFile } from './lab.ts'

const lab = labOfThisFile()
const { receiver, create, webhook, deliveries } = lab

describe('A webhook', () => {
  it('gets every event, signed, in order, and the log says how it went', async () => {
    const there = await receiver(() => ({ status: 200, body: 'thank you' }))
    const hook = await create({ url: there.url, name: 'my receiver' })

    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push(await mark(lab.world.db))
    await eventually(
      () => there.got.length,
      (n) => n === 5,
    )

    const messages = there.verified(hook.secret)
    expect(hook).toMatchObject({
      name: 'my receiver',
      url: there.url,
      matview: null,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    })
    expect(messages.map(({ data }) => data.id)).toEqual(ids)
    expect(messages[0]).toMatchObject({
      type: 'matview.refreshed',
      data: { workspace: 'main', matview_name: 'sample_now', status: 'new', inserted: 1 },
    })
    expect(messages[0].timestamp).toBe(messages[0].data.status_change_time)
    expect(messages[0].data).not.toHaveProperty('changes')
    expect(there.got[0]!.headers).toMatchObject({
      'webhook-id': `evt_${ids[0]}_${hook.id}`,
      'content-type': 'application/json',
      'user-agent': 'Tidemark',
    })
    const log = await eventually(
      () => deliveries(hook.id),
      (rows) => rows.every(({ status }) => status === 'delivered'),
    )
    expect(log[0]).toMatchObject({ event_id: ids[0], reason: 'event', attempts: 1, response_status: 200, error: null })
    const [attempt] = await lab.world.db.sql('select * from app_public.delivery_attempts where delivery_id = $1', [log[0].id])
    expect(attempt).toMatchObject({
      attempt: 1,
      request_body: there.got[0]!.body,
      response_status: 200,
      response_body: 'thank you',
      request_headers: { 'webhook-id': `evt_${ids[0]}_${hook.id}` },
    })
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, last_event_id: ids[4], problem: null })
  })

  it('gets the events of one view only, with their rows, when it asks for that', async () => {
    const there = await receiver()
    await lab.world.db.sql(`insert into app_public.matviews (workspace, name, definition) values ('main', 'wanted', 'select 1')`)
    const hook = await create({ url: there.url, matview: 'wanted', withChanges: true })

    await mark(lab.world.db, { matview: 'other' })
    const small = await mark(lab.world.db, { matview: 'wanted', changes: 2 })
    const big = await mark(lab.world.db, { matview: 'wanted', changes: 5000, kept: 1200 })
    await eventually(
      () => there.got.length,
      (n) => n === 2,
    )

    const [first, second] = there.verified(hook.secret)
    expect(first.data).toMatchObject({
      id: small,
      changes_next: null,
      changes: [{ seq: 1, op: 'insert', key: { id: 1 }, old: null, new: { id: 1 } }, { seq: 2 }],
    })
    expect(second.data).toMatchObject({ id: big, inserted: 5000, changes_truncated: true, changes_next: 1000 })
    expect(second.data.changes).toHaveLength(1000)
  })

  it('follows its view to a new name', async () => {
    await lab.world.db.sql(`insert into app_public.matviews (workspace, name, definition) values ('main', 'before', 'select 1')`)
    const hook = await create({ url: 'http://127.0.0.1:9/', matview: 'before' })

    await lab.world.db.sql(`update app_public.matviews set name = 'after' where name = 'before'`)

    expect((await webhook(hook.id)).matview).toBe('after')
  })

  it('is told by both secrets while they change, and by the new one alone after that', async () => {
    const there = await receiver()
    const old = await create({ url: there.url })
    const rotate = () =>
      lab.world
        .graphql(`mutation ($id: BigInt!) { rotateWebhookSecret(input: { id: $id }) { newWebhook { id secret } } }`, { id: old.id })
        .then((d) => d.rotateWebhookSecret.newWebhook)

    const fresh = await rotate()
    await mark(lab.world.db)
    await eventually(
      () => there.got.length,
      (n) => n === 1,
    )
    there.verified(old.secret)
    there.verified(fresh.secret)
    const newest = await rotate()
    await lab.world.db.sql(`update app_private.webhook_secrets set expires_at = now() where expires_at is not null`)
    await mark(lab.world.db)
    await eventually(
      () => there.got.length,
      (n) => n === 2,
    )

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
    const types = await lab.world.graphql(`{ __type(name: "Webhook") { fields { name } } }`)
    const acme = await lab.world.token({ workspace: workspaceName('acme') })
    const list = (token?: string) => lab.world.graphql(`{ webhooks { nodes { id url problem } } }`, {}, token)

    expect(types.__type.fields.map((field: any) => field.name)).not.toContain('secret')
    expect((await list()).webhooks.nodes).toEqual([{ id: hook.id, url: 'http://127.0.0.1:9/', problem: null }])
    expect((await list(acme)).webhooks.nodes).toEqual([])
    await expect(list(await lab.world.token({ role: 'reader' }))).rejects.toMatchObject({ code: 'TMPER' })
    await expect(create({ url: 'https://example.org/' }, await lab.world.token({ role: 'reader' }))).rejects.toMatchObject({
      code: 'TMPER',
    })
    await expect(
      lab.world.graphql(`mutation ($id: BigInt!) { dropWebhook(input: { id: $id }) { result } }`, { id: hook.id }, acme),
    ).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('refuses what is no address [TMURL], a view that is not there [TMNOF], and the 101st [TMLIM]', async () => {
    for (const url of [
      'ftp://example.org/',
      'example.org',
      'https://',
      'https://user:password@example.org/',
      'https://exa mple.org/',
      `https://example.org/${'a'.repeat(2000)}`,
    ])
      await expect(create({ url })).rejects.toMatchObject({ code: 'TMURL' })
    await expect(create({ url: 'https://example.org/', matview: 'nothing_like_it' })).rejects.toMatchObject({ code: 'TMNOF' })
    await lab.world.db.sql(
      `insert into app_public.webhooks (workspace, name, url) select 'main', 'n' || n, 'https://example.org/' from generate_series(1, 100) n`,
    )
    await expect(create({ url: 'https://example.org/' })).rejects.toMatchObject({ code: 'TMLIM' })
  })
})

describe('An address in a private network', () => {
  const deliverOnce = async (url: string) => {
    const [hook] = await lab.world.db.sql(
      `insert into app_public.webhooks (workspace, name, url) values ('main', 'private', $1) returning id`,
      [url],
    )
    const [delivery] = await lab.world.db.sql(
      `insert into app_public.deliveries (workspace, webhook_id, message_id, reason) values ('main', $1, 'test_1', 'test') returning id`,
      [hook.id],
    )
    await makeDeliver({ owner: lab.world.server.db.owner, log: makeLog('silent'), allowPrivate: false })({ delivery: delivery.id })
    return webhook(hook.id)
  }

  it('is never called: the webhook is disabled and says why [TMURL]', async () => {
    const there = await receiver()

    for (const url of [there.url, there.url.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/latest/meta-data', 'http://[::1]/'])
      expect(await deliverOnce(url)).toMatchObject({
        state: 'disabled',
        problem: expect.stringMatching(/^Disabled: The address leads into a private network.*ALLOW_PRIVATE_WEBHOOKS=1\)\.$/),
      })
    expect(there.got).toHaveLength(0)
  })

  it('is called when the operator has named its origin', async () => {
    const there = await receiver()
    await lab.world.db.sql(`update app_private.settings set private_webhooks = array[$1]`, [new URL(there.url).origin])

    expect(await deliverOnce(there.url)).toMatchObject({ state: 'active', problem: null })
    expect(await deliverOnce(there.url.replace('127.0.0.1', 'localhost'))).toMatchObject({ state: 'disabled' })
    expect(there.got).toHaveLength(1)
    await lab.world.db.sql(`update app_private.settings set private_webhooks = '{}'`)
  })
})
