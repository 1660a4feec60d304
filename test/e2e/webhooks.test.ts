/**
 * Webhooks by hand, against a real receiver: made with a secret that is shown once, tested, watched, sent again, replayed.
 */
import { startReceiver } from '../server/events/support.ts'
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, type Person, type Stage, within } from './support/browser.ts'

describeNeeding(chromium(), 'webhooks', () => {
  let stage: Stage
  let ada: Person
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let secret = ''
  const refresh = () => stage.world.graphql('mutation { refreshMatview(input: { name: "totals" }) { event { id } } }')
  const arrived = (n: number) =>
    within(
      10_000,
      async () => receiver.got.length,
      (count) => count === n,
    )
  const delivered = () => ada.page.locator('.tm-webhook .tm-list .tm-badge', { hasText: 'delivered' }).count()
  beforeAll(async () => {
    stage = await openStage()
    receiver = await startReceiver()
    await stage.world.upload('stock', 'sku,amount\n1,10\n2,4\n', { key: 'sku' })
    await stage.world.graphql(
      `mutation { createMatview(input: { name: "totals", definition: "select sum(amount) as total from stock", notifyWhen: ALWAYS }) { matview { id } } }`,
    )
    ada = await stage.person('Ada')
  })
  afterAll(async () => {
    await receiver?.close()
    await stage?.close()
  })

  it('a webhook is made of an address, and its secret is shown once', async () => {
    const { page } = ada
    await page.goto(`${stage.world.url}/w/main/webhooks`)
    await page.getByRole('button', { name: 'New webhook' }).click()
    await page.getByLabel('Address').waitFor()
    await page.keyboard.type(receiver.url)
    await page.getByLabel('Name').fill('Ledger')
    await page.getByRole('button', { name: 'Make the webhook' }).click()
    secret = await page.getByRole('region', { name: 'secret' }).innerText()
    expect(secret).toMatch(/^whsec_/)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByRole('heading', { name: 'Ledger' }).waitFor()

    await page.reload()
    await page.getByRole('heading', { name: 'Ledger' }).waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
  })

  it('a test arrives, signed with that secret, and the log says what was answered', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Send a test' }).click()
    await arrived(1)
    expect(receiver.verified(secret)[0].type).toBe('webhook.test')
    await within(15_000, delivered, (n) => n === 1)

    await page.getByRole('button', { name: 'Details' }).click()
    await page.getByRole('region', { name: 'request of attempt 1' }).waitFor()
    expect(await page.getByRole('region', { name: 'request of attempt 1' }).innerText()).toMatch(/webhook-signature/)
    expect(await page.getByRole('region', { name: 'answer of attempt 1' }).innerText()).toMatch(/204/)
    await page.getByRole('button', { name: 'Details' }).click()
  })

  it('a refresh is sent and appears in the log by itself; it can be sent again', async () => {
    const { page } = ada
    await refresh()
    await arrived(2)
    await within(15_000, delivered, (n) => n === 2)
    await page.getByRole('button', { name: 'Send again' }).first().click()
    await arrived(3)

    const [, first, again] = receiver.got
    expect(again!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
    await page.locator('.tm-webhook .tm-list', { hasText: 'sent again' }).waitFor()
  })

  it('a replay sends every event from an id on, with the ids they had', async () => {
    const { page } = ada
    await refresh()
    await arrived(4)
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByLabel('From event').fill('1')
    await page.getByRole('button', { name: 'Send them again' }).click()
    await page.getByText('3 queued.').waitFor() // the first refresh, and two by hand
    await arrived(7)
    await page.keyboard.press('Escape')
  })

  it('an event says to whom it was sent, and replays from itself on', async () => {
    const { page } = ada
    await page.locator('.tm-nav-link', { hasText: 'Events' }).click()
    await page.locator('.tm-event').first().click()
    await page.locator('.tm-event-deliveries', { hasText: 'Ledger' }).waitFor()
    const sent = () => page.locator('.tm-event-deliveries .tm-badge', { hasText: 'delivered' }).count()
    await within(15_000, sent, (n) => n === 2)

    await page.getByRole('button', { name: 'Replay from here' }).click()
    await page.getByRole('button', { name: 'Send them again' }).click()
    await page.getByText('1 queued.').waitFor()
    await arrived(8)
    await within(15_000, sent, (n) => n === 3)
    await page.keyboard.press('Escape')
    await page.locator('.tm-event-deliveries').getByRole('link', { name: 'Ledger' }).first().click()
    await page.getByRole('heading', { name: 'Ledger' }).waitFor()
  })

  it('what fails is said on the card by itself, and a paused webhook sends nothing', async () => {
    const { page } = ada
    const card = page.getByRole('article', { name: 'Ledger' })
    receiver.answer(() => 500)
    await refresh()
    await card.locator('.tm-badge', { hasText: 'failing' }).waitFor()
    await card.getByText(/attempts? in a row ha(s|ve) failed/).waitFor()
    await ada.picture('webhook-failing')

    receiver.answer(() => 204)
    await page.getByRole('button', { name: 'Pause' }).click()
    await card.locator('.tm-badge', { hasText: 'paused' }).waitFor()
    await page.getByRole('button', { name: 'More for Ledger' }).click()
    await page.getByRole('menuitem', { name: 'Drop…' }).click()
    await page.getByRole('button', { name: 'Drop it' }).click()
    await page.getByText('No webhooks yet').waitFor()
    expect(ada.faults).toEqual([])
  })
})
