/**
 * WCAG 2.2 AA as far as axe can see it, on every screen, in light and in dark; and what axe cannot see: keys alone, a phone.
 * One person and one page for all of it: the scheme is changed under the page, not by another load. Its pictures are in screenshots/.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { violations } from './support/axe.ts'
import { cell, openStage, type Person, type Stage, within } from './support/browser.ts'
import { type BusyWorkspace, fillWorkspace } from './support/busy-workspace.ts'

type Click = (person: Person) => Promise<unknown>

/** Path under /w/main, what to wait for, its picture's name, and what to open first. */
const SCREENS: [string, string, string, Click?][] = [
  ['', '.tm-home', 'home'],
  ['/import', '.tm-choose', 'import'],
  ['/stock', '.tm-relation[data-ready]', 'relation'],
  ['/stock?f=amount~gt~3,item~has~o&sort=-price&cols=price;fcurrency,item;ftag,amount;fbar.max=60', '.tm-filter', 'relation-formats'],
  ['/r/stock/1', '.tm-fields', 'record'],
  ['/nowhere', '.tm-empty', 'not-there'],
  ['/views/new?from=stock', '.tm-view-rows td', 'make-view'],
  ['/views/units_per_price', '.tm-runs td', 'matview'],
  ['/views/low_stock/edit', '.tm-view-rows td', 'edit-view'],
  ['/schedules', '.tm-schedules li .tm-badge[data-tone]', 'schedules'],
  ['/events?matview=low_stock', '.tm-event', 'events', ({ page }) => page.locator('.tm-event').first().click()],
  ['/webhooks', '.tm-webhook', 'webhooks', ({ page }) => page.getByRole('button', { name: 'Deliveries' }).first().click()],
  ['/people', '.tm-limits', 'people'],
  ['/tokens', '.tm-list li', 'tokens'],
  ['/settings', '[aria-label=Sessions] li', 'settings'],
  ['/api', '.tm-copy', 'api'],
]
const SCHEMES = ['light', 'dark'] as const

describeNeeding(chromium(), 'accessibility', () => {
  let stage: Stage
  let busy: BusyWorkspace
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    busy = await fillWorkspace(stage.world)
    ada = await stage.person('Ada')
  })
  afterAll(async () => {
    await busy?.close()
    await stage?.close()
  })

  const look = async (name: string) => {
    for (const colorScheme of SCHEMES) {
      await ada.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await ada.page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, colorScheme)
      await ada.picture(`${name}-${colorScheme}`)
      const what = colorScheme === 'light' || name === 'home' ? 'all' : 'colours'
      expect([name, colorScheme, await violations(ada.page, what)]).toEqual([name, colorScheme, []])
    }
  }

  for (const [path, wait, name, open] of SCREENS)
    it(`axe finds nothing on ${path || '/'}, light or dark`, async () => {
      await ada.page.goto(`${stage.world.url}/w/main${path}`)
      await ada.page.locator(wait).first().waitFor()
      await open?.(ada)
      await ada.page.waitForTimeout(250)

      await look(name)
    })

  it('axe finds nothing in menus, palette, help and dialogs', async () => {
    const { page } = ada
    const layers: [string, () => Promise<unknown>, string, string][] = [
      ['/stock', () => page.keyboard.press('Control+k'), '.tm-palette', 'palette'],
      ['', () => page.keyboard.press('?'), '.tm-keys', 'keys'],
      [
        '',
        async () => (await page.locator('[role=grid]').focus(), await page.keyboard.press('Alt+ArrowDown')),
        '.tm-dist-facts',
        'column-menu',
      ],
      ['', () => page.getByRole('button', { name: 'Columns' }).click(), '.tm-columns', 'columns'],
      ['/views/low_stock', () => page.getByRole('button', { name: 'Schedule', exact: true }).click(), '.tm-schedule', 'schedule-dialog'],
      ['/webhooks', () => page.getByRole('button', { name: 'Replay' }).first().click(), 'text=From event', 'replay'],
    ]
    for (const [path, open, wait, name] of layers) {
      if (path) await page.goto(`${stage.world.url}/w/main${path}`)
      if (path)
        await page
          .locator(path === '/stock' ? '.tm-relation[data-ready]' : '.tm-page-head button')
          .first()
          .waitFor()
      await open()
      await page.waitForSelector(wait)
      await page.waitForTimeout(200)
      await look(name)
      await page.keyboard.press('Escape')
      await page.waitForSelector(wait, { state: 'detached' })
    }
    expect(ada.faults).toEqual([])
  })

  it('on a phone no screen is wider than the window, and the navigation opens over it', async () => {
    const { page } = ada
    await page.setViewportSize({ width: 390, height: 800 })
    await page.emulateMedia({ colorScheme: 'light' })
    for (const [path, wait, name, open] of SCREENS) {
      await page.goto(`${stage.world.url}/w/main${path}`)
      await page.locator(wait).first().waitFor()
      await open?.(ada)
      await ada.picture(`${name}-phone`)
      const over = await page.evaluate(() =>
        [document.documentElement, document.querySelector('.tm-main')!].map((one) => one.scrollWidth - one.clientWidth),
      )
      expect([name, over]).toEqual([name, [0, 0]])
    }
    await page.getByRole('button', { name: 'Open navigation' }).click()
    await page.getByRole('link', { name: 'Import' }).waitFor()
    await page.waitForTimeout(300)
    await ada.picture('navigation-phone')
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'Import' }).click()
    await page.waitForSelector('.tm-choose')
    await page.setViewportSize({ width: 1360, height: 860 })
  })

  it('a file is imported, opened and edited with keys alone', async () => {
    const ada = await stage.person('Ada')
    const { page } = ada
    await page.goto(`${stage.world.url}/w/main/import`)
    await page.waitForSelector('.tm-choose')
    await page.getByRole('button', { name: 'Try the sample' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.tm-preview-table')
    await page.getByRole('button', { name: /^Import 500 rows/ }).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.tm-badge:has-text("stored")')
    await page.keyboard.press('Control+k')
    await page.waitForSelector('.tm-palette')
    await page.keyboard.type('harbour')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.tm-relation[data-ready]')
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'grid')
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'F2']) await page.keyboard.press(key)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('Valparaíso')
    await page.keyboard.press('Enter')
    await within(
      10_000,
      () => cell(ada, 1, 3).textContent(),
      (text) => text === 'Valparaíso',
    )

    expect(await page.locator('[role=grid]').getAttribute('aria-activedescendant')).toBe('c-2-3')
    await within(
      10_000,
      async () => (await stage.world.db.sql('select port from ws_main.harbour_orders where row_id = 2'))[0].port,
      (port) => port === 'Valparaíso',
    )
  })
})
