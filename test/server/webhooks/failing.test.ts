/**
 * Receivers that fail: retries, order, the circuit, 410, and what is left to do by hand.
 */
import { eventually, mark } from '../events/support.ts'
import { labOfThisFile } from './lab.ts'

const lab = labOfThisFile()
const { receiver, create, webhook, deliveries, retryNow } = lab

describe('A receiver that fails', () => {
  it('is tried again with the same id, later events wait their turn, and other webhooks do not', async () => {
    let up = false
    const bad = await receiver(() => (up ? 204 : 500))
    const good = await receiver()
    const hook = await create({ url: bad.url })
    await create({ url: good.url })

    const first = await mark(lab.world.db)
    await eventually(
      () => bad.got.length,
      (n) => n === 1,
    )
    const second = await mark(lab.world.db)
    await eventually(
      () => good.got.length,
      (n) => n === 2,
    )
    expect(bad.got).toHaveLength(1)
    expect(await webhook(hook.id)).toMatchObject({
      failures: 1,
      problem: expect.stringMatching(/^1 attempts in a row have failed\. Next one \d\d:\d\d:\d\d UTC\.$/),
    })
    up = true
    await retryNow(hook.id)
    await eventually(
      () => bad.got.length,
      (n) => n === 3,
    )

    expect(bad.verified(hook.secret).map(({ data }) => data.id)).toEqual([first, first, second])
    expect(bad.got[0]!.headers['webhook-id']).toBe(bad.got[1]!.headers['webhook-id'])
    const log = await eventually(
      () => deliveries(hook.id),
      (rows) => rows.every(({ status }) => status === 'delivered'),
    )
    expect(log.map(({ attempts }) => attempts)).toEqual([2, 1])
    expect(await webhook(hook.id)).toMatchObject({ failures: 0, failing_since: null, retry_at: null })
  })

  it('is tried again by itself, after e seconds, and no sooner than its Retry-After asks', async () => {
    const first = await receiver((_, count) => (count === 1 ? 503 : 204))
    const second = await receiver(() => ({ status: 429, headers: { 'retry-after': '900' } }))
    await create({ url: first.url })
    const hook = await create({ url: second.url })

    await mark(lab.world.db)
    await eventually(
      () => first.got.length,
      (n) => n === 2,
      9000,
    )

    expect(first.got[1]!.at - first.got[0]!.at).toBeGreaterThan(2500)
    const { retry_at } = await webhook(hook.id)
    expect(new Date(retry_at).getTime() - Date.now()).toBeGreaterThan(880_000)
  })

  it('counts 2xx alone as success: redirects are not followed, silence is not waited for', async () => {
    const elsewhere = await receiver()
    const redirect = await receiver(() => ({ status: 302, headers: { location: elsewhere.url } }))
    const hook = await create({ url: redirect.url })

    await mark(lab.world.db)
    const [delivery] = await eventually(
      () => deliveries(hook.id),
      ([row]) => row?.attempts === 1,
    )

    expect(delivery).toMatchObject({ status: 'pending', response_status: 302, error: '302: redirects are not followed' })
    expect(elsewhere.got).toHaveLength(0)
  })

  it('is disabled by 410, says so, and after it is enabled what it missed can be replayed', async () => {
    let gone = false
    const there = await receiver(() => (gone ? 410 : 204))
    const hook = await create({ url: there.url })
    const before = await mark(lab.world.db)
    await eventually(
      () => webhook(hook.id),
      (row) => row.last_event_id === before,
    )

    gone = true
    const unseen = await mark(lab.world.db)
    const disabled = await eventually(
      () => webhook(hook.id),
      (row) => row.state === 'disabled',
    )
    const missed = await mark(lab.world.db)
    await expect(
      lab.world.graphql(`mutation ($id: BigInt!) { replayWebhook(input: { id: $id, fromEventId: "0" }) { webhookReplay { queued } } }`, {
        id: hook.id,
      }),
    ).rejects.toMatchObject({ code: 'TMARG', detail: 'The receiver answered 410: it is gone' })
    gone = false
    await lab.world.graphql(`mutation ($id: BigInt!) { enableWebhook(input: { id: $id }) { webhook { state } } }`, { id: hook.id })
    await eventually(
      () => there.got.length,
      (n) => n === 3,
    )
    const { replayWebhook } = await lab.world.graphql(
      `mutation ($id: BigInt!, $from: BigInt!) { replayWebhook(input: { id: $id, fromEventId: $from }) { webhookReplay { queued firstEventId lastEventId complete } } }`,
      { id: hook.id, from: missed },
    )
    await eventually(
      () => there.got.length,
      (n) => n === 4,
    )

    expect(disabled.problem).toBe('Disabled: The receiver answered 410: it is gone.')
    expect(there.verified(hook.secret).map(({ data }) => data.id)).toEqual([before, unseen, unseen, missed])
    expect(replayWebhook.webhookReplay).toEqual({ queued: '1', firstEventId: missed, lastEventId: missed, complete: true })
  })

  it('opens the circuit after 12 failures: one delivery is given up, the others wait for the receiver', async () => {
    let up = false
    const there = await receiver(() => (up ? 204 : 500))
    const hook = await create({ url: there.url })
    const ids = [await mark(lab.world.db), await mark(lab.world.db)]

    for (let n = 1; n <= 11; n++) {
      await eventually(
        () => webhook(hook.id),
        (row) => row.failures === n,
      )
      await retryNow(hook.id)
    }
    const open = await eventually(
      () => webhook(hook.id),
      (row) => row.failures === 13,
    ) // the 12th, and one probe of the next
    const log = await deliveries(hook.id)
    up = true
    await retryNow(hook.id)
    const closed = await eventually(
      () => webhook(hook.id),
      (row) => row.failures === 0,
    )
    const actions = await lab.world.db.sql(
      `select action from app_public.audit_log where action like 'webhook.%' and subject = $1 order by id`,
      [open.name],
    )

    expect(open).toMatchObject({
      circuit_open: true,
      state: 'active',
      problem: expect.stringMatching(/^13 attempts in a row have failed since .* only one an hour is made\. Next one/),
    })
    expect(new Date(open.retry_at).getTime() - Date.now()).toBeGreaterThan(3_500_000)
    expect(log.map(({ event_id, status, attempts }) => [event_id, status, attempts])).toEqual([
      [ids[0], 'failed', 12],
      [ids[1], 'pending', 1],
    ])
    expect(closed).toMatchObject({ circuit_open: false, problem: null, last_event_id: ids[1] })
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['webhook.created', 'webhook.circuit_opened', 'webhook.recovered']),
    )
  })

  it('is disabled after five days without a success', async () => {
    const there = await receiver(() => 500)
    const hook = await create({ url: there.url })
    await mark(lab.world.db)
    await eventually(
      () => webhook(hook.id),
      (row) => row.failures === 1,
    )

    await lab.world.db.sql(`update app_public.webhooks set failing_since = now() - interval '121 hours' where id = $1`, [hook.id])
    await retryNow(hook.id)

    expect(
      await eventually(
        () => webhook(hook.id),
        (row) => row.state === 'disabled',
      ),
    ).toMatchObject({ problem: 'Disabled: No attempt has succeeded for 5 days.' })
  })
})
