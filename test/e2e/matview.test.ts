/**
 * The page of a view: each refresh appears by itself, whoever made it; pause, schedule, edit, dependents and drop.
 */
import pg from 'pg'
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, patience, type Person, type Stage, within } from './support/browser.ts'

describeNeeding(chromium(), 'the page of a view', () => {
  let stage: Stage
  let ada: Person
  const make = (name: string, definition: string, more: object = {}) =>
    stage.world.graphql('mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { id } } }', {
      input: { name, definition, notifyWhen: 'CHANGED', ...more },
    })
  const drop = async () => {
    await ada.page.getByRole('button', { name: 'More' }).click()
    await ada.page.getByRole('menuitem', { name: 'Drop…' }).click()
  }
  const runs = () => ada.page.locator('.tm-runs tbody tr').count()
  beforeAll(async () => {
    stage = await openStage()
    await stage.world.upload('stock', 'sku,item,amount,since\n1,Rope,10,2026-01-31\n2,Lantern,4,2026-02-28\n3,Mug,2,2026-03-31\n', {
      key: 'sku',
    })
    await make('low_stock', 'select sku, item, amount, since from stock where amount < 5', { key: ['sku'] })
    await make('lowest', 'select min(amount) as least from low_stock')
    ada = await stage.person('Ada')
    await ada.page.goto(`${stage.world.url}/w/main/views/low_stock`)
    await ada.page.waitForSelector('.tm-runs td')
  })
  afterAll(() => stage?.close())

  it('says what it reads and what reads it', async () => {
    const facts = ada.page.locator('.tm-facts')

    expect(await facts.getByRole('link', { name: 'stock', exact: true }).count()).toBe(1)
    expect(await facts.getByRole('link', { name: 'lowest' }).count()).toBe(1)
  })

  it('"Refresh now" adds a run with what it brought, and its event leads to the rows', async () => {
    const { page } = ada
    await stage.world.db.sql('update ws_main.stock set amount = 3 where sku = 2')
    await page.getByRole('button', { name: 'Refresh now' }).click()
    await within(15_000, runs, (n) => n === 2)

    const first = page.locator('.tm-runs tbody tr').first()
    expect(await first.innerText()).toMatch(/by hand\s+announced\s+\+0\s+came\s+~1\s+changed\s+−0\s+went/)
    await first.getByRole('link').click()
    await page.waitForSelector('.tm-event-rows td[data-changed]')
    expect(await page.locator('td[data-changed]').innerText()).toBe('4 3')
    // in the view's order (jsonb has its own), and dates as the grid writes them
    expect(await page.locator('.tm-event-rows th[scope=col]').allInnerTexts()).toEqual(['What', 'sku', 'item', 'amount', 'since'])
    expect(await page.locator('.tm-event-rows td').last().innerText()).toMatch(/^\D*28\D+2026$|^2\/28\/2026$/)
    await page.goBack()
    await page.waitForSelector('.tm-runs td')
  })

  it('a refresh that psql makes appears by itself within a second or so, also when it brought nothing', async () => {
    await stage.world.graphql('mutation { scheduleMatview(input: { name: "low_stock", schedule: "0 0 1 1 *" }) { matview { id } } }')
    await ada.page.getByText('0 0 1 1 *').waitFor()
    const before = await runs()
    const [{ id }] = await stage.world.db.sql('select id from app_public.schedules where workspace = $1', ['main'])
    const psql = new pg.Client({ connectionString: stage.world.db.urlFor('ws_main') })
    await psql.connect()
    await psql.query(`call app_private.run_schedule(${id})`)
    await psql.end()

    expect(await within(15_000, runs, (n) => n === before + 1)).toBeLessThan(3000 * patience())
    expect(await ada.page.locator('.tm-runs tbody tr').first().innerText()).toMatch(/schedule\s+quiet/)
  })

  it('a schedule is set in words, runs by itself, rests and goes on', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Schedule', exact: true }).click()
    await page.locator('.tm-schedule').getByText('Every N seconds', { exact: true }).click()
    await page.getByLabel('Seconds', { exact: true }).fill('1')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.tm-facts', { hasText: 'Every second' }).waitFor()
    const before = await runs()
    await within(10_000, runs, (n) => n >= before + 2)

    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('.tm-facts .tm-badge', { hasText: 'paused' }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    await page.locator('.tm-nav-link', { hasText: 'Schedules' }).click()
    await page.getByRole('button', { name: 'Resume low_stock' }).click()
    await page.getByRole('button', { name: 'Pause low_stock' }).click()
    await page.locator('.tm-schedules .tm-badge', { hasText: 'paused' }).waitFor()
    await page.goBack()
  })

  it('what other views read is not dropped; they are named first', async () => {
    const { page } = ada
    await drop()
    await page.getByText('lowest reads it.').waitFor()
    await page.getByRole('button', { name: 'Drop low_stock' }).click()
    await page.locator('[role=dialog] [role=alert]', { hasText: 'Other views read low_stock' }).waitFor()
    await page.getByRole('button', { name: 'Keep it' }).click()

    await stage.world.graphql('mutation { dropMatview(input: { name: "lowest" }) { clientMutationId } }')
    await page.locator('.tm-facts', { hasText: 'No other view' }).waitFor()
  })

  it('an edit keeps schedule and history, and shows the new rows', async () => {
    const { page } = ada
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.waitForSelector('.tm-view-rows td')
    await page.locator('.cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText('select sku, item, amount, amount * 2 as twice from stock where amount < 20')
    await page.getByRole('columnheader', { name: /twice/ }).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.waitForSelector('.tm-runs td')
    await page.locator('.tm-copy', { hasText: 'amount * 2 as twice' }).first().waitFor()

    expect(await page.locator('.tm-facts').innerText()).toMatch(/Every second/)
    expect(await runs()).toBeGreaterThan(3)
    expect((await stage.world.db.sql('select count(*)::int as n from ws_main.low_stock'))[0].n).toBe(3)
  })

  it('a view that nothing reads is dropped, and leaves the navigation of every page', async () => {
    const { page } = ada
    await drop()
    await page.getByRole('button', { name: 'Drop low_stock' }).click()
    await page.locator('.tm-nav-link', { hasText: 'low_stock' }).waitFor({ state: 'detached' })
    expect(ada.faults).toEqual([])
  })
})
