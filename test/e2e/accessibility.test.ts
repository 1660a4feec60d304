/**
 * WCAG 2.2 AA as far as axe can see it, on every screen, in light and in dark; and what axe cannot see: keys alone.
 */
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, describeNeeding } from '../support/needs.ts'
import { cell, openStage, type Person, type Stage, within } from './support/browser.ts'

/** Path under /w/main, what to wait for, its picture's name. */
const SCREENS: [string, string, string][] = [
  ['', '.tm-home', 'home'],
  ['/import', '.tm-choose', 'import'],
  ['/stock', '.tm-relation[data-ready]', 'relation'],
  ['/stock?f=amount~gt~3,item~has~o&sort=-price&cols=price;fcurrency,item;ftag,amount;fbar.max=60', '.tm-filter', 'relation-formats'],
  ['/r/stock/1', '.tm-fields', 'record'],
  ['/nowhere', '.tm-empty', 'not-there'],
]

describeNeeding(chromium(), 'accessibility', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
    await stage.world.upload('stock', 'sku,item,amount,price\n1,Rope,10,18.90\n2,Lantern,4,42.00\n3,Compass,2,129.00\n4,Mug,50,9.50\n', {
      key: 'sku',
    })
  })
  afterAll(() => stage?.close())

  for (const scheme of ['light', 'dark'] as const)
    describe(scheme, () => {
      let ada: Person
      beforeAll(async () => {
        ada = await stage.person('Ada', { scheme })
      })

      it.each(SCREENS)(`axe finds nothing on %s`, async (path, wait, name) => {
        await ada.page.goto(`${stage.world.url}/w/main${path}`)
        await ada.page.waitForSelector(wait)
        await ada.page.waitForTimeout(400)
        await ada.picture(`${name}-${scheme}`)

        expect(await violations(ada)).toEqual([])
      })

      it('axe finds nothing in menus, palette and help', async () => {
        await ada.page.goto(`${stage.world.url}/w/main/stock`)
        await ada.page.waitForSelector('.tm-relation[data-ready]')
        for (const [open, wait, name] of [
          [() => ada.page.keyboard.press('Control+k'), '.tm-palette', 'palette'],
          [() => ada.page.keyboard.press('?'), '.tm-keys', 'keys'],
          [
            async () => (await ada.page.locator('[role=grid]').focus(), await ada.page.keyboard.press('Alt+ArrowDown')),
            '.tm-dist-facts',
            'column-menu',
          ],
          [() => ada.page.getByRole('button', { name: 'Columns' }).click(), '.tm-columns', 'columns'],
        ] as const) {
          await (open as () => Promise<unknown>)()
          await ada.page.waitForSelector(wait)
          await ada.page.waitForTimeout(300)
          await ada.picture(`${name}-${scheme}`)
          expect([name, await violations(ada)]).toEqual([name, []])
          await ada.page.keyboard.press('Escape')
          await ada.page.waitForSelector(wait, { state: 'detached' })
        }
        expect(ada.faults).toEqual([])
      })
    })

  it('on a phone the navigation opens over the page and the grid is usable', async () => {
    const phone = await stage.person('Ada', { width: 390, height: 800 })
    await phone.page.goto(`${stage.world.url}/w/main/stock`)
    await phone.page.waitForSelector('.tm-relation[data-ready]')
    await phone.picture('relation-phone')
    await phone.page.getByRole('button', { name: 'Open navigation' }).click()
    await phone.page.getByRole('link', { name: 'Import' }).waitFor()
    await phone.page.waitForTimeout(300)
    await phone.picture('navigation-phone')

    expect(await violations(phone)).toEqual([])
    await phone.page.getByRole('link', { name: 'Import' }).click()
    await phone.page.waitForSelector('.tm-choose')
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
    await page.waitForTimeout(300)
    expect((await stage.world.db.sql('select port from ws_main.harbour_orders where row_id = 2'))[0].port).toBe('Valparaíso')
  })
})

async function violations(person: Person): Promise<string[]> {
  const found = await new AxeBuilder({ page: person.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 4).map(({ target, failureSummary }) => `${id}: ${target.join(' ')} — ${failureSummary?.split('\n')[1]?.trim()}`),
  )
}
