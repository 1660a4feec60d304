/**
 * WCAG 2.2 AA as far as axe can see it, on every screen, in light and in dark; and what axe cannot see: keys alone, a phone.
 * One person, one load of the page for all of it: the app goes from screen to screen, scheme and width change under it. Its pictures are in
 * screenshots/, to be looked at: axe does not see everything.
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
    await ada.page.emulateMedia({ reducedMotion: 'reduce' })
    await ada.page.goto(`${stage.world.url}/w/main/settings`)
    await ada.page.waitForSelector('.tm-nav')
  })
  afterAll(async () => {
    await busy?.close()
    await stage?.close()
  })

  /** By the app's own router: another load of the page per screen would be most of this file's time. */
  const go = async (path: string, wait: string) => {
    await ada.page.evaluate((to) => history.pushState({}, '', to), `/w/main${path}`)
    await ada.page.locator(wait).first().waitFor()
  }
  /** Both schemes, the one after the other under the same page, in which nothing moves. */
  const look = async (name: string, part: { within?: string; but?: string } = {}) => {
    for (const colorScheme of SCHEMES) {
      await ada.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await ada.page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, colorScheme)
      const moving = await ada.page.evaluate(() => document.getAnimations().length)
      await ada.picture(`${name}-${colorScheme}`)
      const found = await violations(ada.page, { what: colorScheme === 'light' ? 'all' : 'colours', ...part })
      expect([name, colorScheme, moving, found]).toEqual([name, colorScheme, 0, []])
    }
  }
  /** Narrow, in the scheme that is on: nothing sticks out. */
  const lookOnPhone = async (name: string) => {
    await ada.page.setViewportSize({ width: 390, height: 800 })
    await ada.picture(`${name}-phone`)
    const over = await ada.page.evaluate(() =>
      [document.documentElement, document.querySelector('.tm-main')!].map((one) => one.scrollWidth - one.clientWidth),
    )
    expect([name, over]).toEqual([name, [0, 0]])
    await ada.page.setViewportSize({ width: 1360, height: 860 })
  }

  for (const [path, wait, name, open] of SCREENS)
    it(`axe finds nothing on ${path || '/'}, light or dark, and it is no wider than a phone`, async () => {
      await go(path, wait)
      await open?.(ada)

      // The navigation is the same everywhere: once is enough.
      await look(name, name === 'home' ? {} : { but: '.tm-nav' })
      await lookOnPhone(name)
    })

  it('axe finds nothing in menus, palette, help and dialogs', async () => {
    const { page } = ada
    const button = (name: string | RegExp) => () => page.getByRole('button', { name, exact: true }).first().click()
    const layers: [string, string, () => Promise<unknown>, string, string][] = [
      ['/stock', '.tm-relation[data-ready]', () => page.keyboard.press('Control+k'), '.tm-palette', 'palette'],
      ['', '', () => page.keyboard.press('?'), '.tm-keys', 'keys'],
      [
        '',
        '',
        async () => (await page.locator('[role=grid]').focus(), await page.keyboard.press('Alt+ArrowDown')),
        '.tm-dist-facts',
        'column-menu',
      ],
      ['', '', button('Columns'), '.tm-columns', 'columns'],
      ['/views/low_stock', '.tm-page-head button', button('Schedule'), '.tm-schedule', 'schedule-dialog'],
      ['/webhooks', '.tm-webhook', button('Replay'), 'text=From event', 'replay'],
    ]
    for (const [path, ready, open, wait, name] of layers) {
      if (path) await go(path, ready)
      await open()
      await page.waitForSelector(wait)
      await look(name, { within: 'body > [data-portal]' })
      await page.keyboard.press('Escape')
      await page.waitForSelector(wait, { state: 'detached' })
    }
    expect(ada.faults).toEqual([])
  })

  it('on a phone the navigation opens over the page', async () => {
    const { page } = ada
    await page.setViewportSize({ width: 390, height: 800 })
    await page.getByRole('button', { name: 'Open navigation' }).click()
    await page.getByRole('link', { name: 'Import' }).waitFor()
    await look('navigation-phone')
    await page.getByRole('link', { name: 'Import' }).click()
    await page.waitForSelector('.tm-choose')
    await page.setViewportSize({ width: 1360, height: 860 })
  })

  it('a file is imported, opened and edited with keys alone', async () => {
    const { page } = ada
    await go('/import', '.tm-choose')
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
