/**
 * What people do to webhooks and deliveries: pause, test, send again, replay, alter, drop; and what retention does.
 */
import { eventually, mark } from '../events/support.ts'
import { labOfThisFile } from './lab.ts'

const lab = labOfThisFile()
const { receiver, create, webhook, deliveries } = lab

describe('By hand', () => {
  it('a webhook is paused, keeps what comes, and sends it when it goes on', async () => {
    const there = await receiver()
    const hook = await create({ url: there.url })
    await lab.world.graphql(`mutation ($id: BigInt!) { pauseWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })

    const ids = [await mark(lab.world.db), await mark(lab.world.db), await mark(lab.world.db)]
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(there.got).toHaveLength(0)
    await lab.world.graphql(`mutation ($id: BigInt!) { enableWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })
    await eventually(
      () => there.got.length,
      (n) => n === 3,
    )

    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual(ids)
  })

  it('a test is sent at once, also when paused, and once', async () => {
    const there = await receiver(() => 500)
    const hook = await create({ url: there.url })
    await lab.world.graphql(`mutation ($id: BigInt!) { pauseWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })

    const { testWebhook } = await lab.world.graphql(
      `mutation ($id: BigInt!) { testWebhook(input: { id: $id }) { delivery { id status reason } } }`,
      { id: hook.id },
    )
    const [log] = await eventually(
      () => deliveries(hook.id),
      ([row]) => row.status === 'failed',
    )

    expect(testWebhook.delivery).toMatchObject({ status: 'PENDING', reason: 'test' })
    expect(there.verified(hook.secret)[0]).toMatchObject({ type: 'webhook.test', data: { workspace: 'main' } })
    expect(log).toMatchObject({ attempts: 1, response_status: 500, error: 'The receiver answered 500' })
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, state: 'paused' })
  })

  it('a delivery is sent again with the same id, and events are replayed in order', async () => {
    const there = await receiver()
    const hook = await create({ url: there.url })
    const ids = [await mark(lab.world.db), await mark(lab.world.db), await mark(lab.world.db)]
    await eventually(
      () => there.got.length,
      (n) => n === 3,
    )
    const [first] = await deliveries(hook.id)

    await lab.world.graphql(`mutation ($id: BigInt!) { resendDelivery(input: { id: $id }) { delivery { id reason } } }`, { id: first.id })
    await eventually(
      () => there.got.length,
      (n) => n === 4,
    )
    await lab.world.graphql(
      `mutation ($id: BigInt!, $from: BigInt!) { replayWebhook(input: { id: $id, fromEventId: $from }) { webhookReplay { queued } } }`,
      { id: hook.id, from: ids[1] },
    )
    await eventually(
      () => there.got.length,
      (n) => n === 6,
    )

    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual([...ids, ids[0], ids[1], ids[2]])
    expect(there.got[3]!.headers['webhook-id']).toBe(there.got[0]!.headers['webhook-id'])
    await expect(lab.world.graphql(`mutation { resendDelivery(input: { id: "999999999" }) { delivery { id } } }`)).rejects.toMatchObject({
      code: 'TMNOF',
    })
  })

  it('it is altered, moved to another address, and dropped with its log', async () => {
    const here = await receiver(() => 500)
    const there = await receiver()
    const hook = await create({ url: here.url })
    const id = await mark(lab.world.db)
    await eventually(
      () => webhook(hook.id),
      (row) => row.failures === 1,
    )

    const { alterWebhook } = await lab.world.graphql(
      `mutation ($id: BigInt!, $url: String!) { alterWebhook(input: { id: $id, url: $url, name: "moved" }) { webhook { name url failures matview } } }`,
      { id: hook.id, url: there.url },
    )
    await eventually(
      () => there.got.length,
      (n) => n === 1,
    )
    await lab.world.graphql(`mutation ($id: BigInt!) { dropWebhook(input: { id: $id }) { result } }`, { id: hook.id })
    await mark(lab.world.db)

    expect(alterWebhook.webhook).toMatchObject({ name: 'moved', url: there.url, failures: 0, matview: null })
    expect(there.verified(hook.secret)[0].data.id).toBe(id)
    expect(await deliveries(hook.id)).toEqual([])
  })
})

describe('The delivery log', () => {
  it('is trimmed with retention, and so are secrets that were replaced', async () => {
    const hook = await create({ url: 'http://127.0.0.1:9/' })
    await lab.world.graphql(
      `mutation ($id: BigInt!) { rotateWebhookSecret(input: { id: $id, keepOld: { seconds: 0 } }) { newWebhook { id } } }`,
      { id: hook.id },
    )
    await lab.world.db.sql(
      `insert into app_public.deliveries (workspace, webhook_id, message_id, reason, status, created_at) values ('main', $1, 'old', 'test', 'failed', now() - interval '15 days'), ('main', $1, 'new', 'test', 'failed', now())`,
      [hook.id],
    )

    await lab.world.db.sql('select app_private.purge_deliveries()')

    expect((await deliveries(hook.id)).map((row) => row.message_id)).toEqual(['new'])
    expect(await lab.world.db.sql('select * from app_private.webhook_secrets')).toHaveLength(1)
  })
})
