/**
 * A million rows: scrolled to the end and back, jumped in, kept in place while others insert; and a server that goes and comes back.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { cell, openRelation, openStage, type Person, type Stage, within } from './support/browser.ts'

const ROWS = 1_000_000

describeNeeding(chromium(), 'a million rows', () => {
  let stage: Stage
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    const { sql } = stage.world.db
    await sql(`create table ws_main.readings as
      select i as id, 'sensor ' || i % 40 as sensor, timestamptz '2026-01-01' + i * interval '1 second' as at, (i::bigint * 7919 % 100000)::numeric / 100 as value from generate_series(1, ${ROWS}) i`)
    await sql('alter table ws_main.readings add primary key (id); alter table ws_main.readings owner to ws_main')
    await sql('analyze ws_main.readings')
    ada = await stage.person('Ada')
  })
  afterAll(() => stage?.close())

  const shown = () => ada.page.locator('.tm-row .tm-gutter').allTextContents()
  const isFilled = async () =>
    (await ada.page.locator('.tm-row').count()) > 10 && (await ada.page.locator('.tm-row[data-ghost]').count()) === 0

  it('the first rows are there at once, the count says a million', async () => {
    await openRelation(ada, stage.world, 'readings')
    await within(
      8000,
      () =>
        cell(ada, 0, 1)
          .textContent()
          .catch(() => ''),
      (text) => text === 'sensor 1',
    )

    await within(
      8000,
      () => ada.page.locator('.tm-relation-count').textContent(),
      (text) => text!.startsWith('1,000,000 rows'),
    )
  })

  it('Ctrl+End shows the last row, Ctrl+Home the first', async () => {
    await cell(ada, 0, 1).click()
    await ada.page.keyboard.press('Control+End')
    await within(
      8000,
      () =>
        cell(ada, ROWS - 1, 0)
          .textContent()
          .catch(() => ''),
      (text) => text === '1000000',
    )
    await within(8000, isFilled, Boolean)
    await ada.picture('million-rows-end')

    await ada.page.keyboard.press('Control+Home')
    await within(
      8000,
      () =>
        cell(ada, 0, 0)
          .textContent()
          .catch(() => ''),
      (text) => text === '1',
    )
  })

  it('the scroll bar dragged to the end ends at the last row, and jumps settle filled', async () => {
    for (const share of [1, 0.5, 0.123, 0]) {
      await ada.page.locator('[role=grid]').evaluate((grid, to) => (grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * to), share)
      await within(8000, isFilled, Boolean)
      const numbers = (await shown()).map((text) => Number(text.replaceAll(',', '')))
      const middle = numbers[Math.floor(numbers.length / 2)]!
      expect(Math.abs(middle - share * ROWS)).toBeLessThan(ROWS * 0.01)
    }
  })

  it('wheel steps move by the same rows at the top and deep down', async () => {
    await ada.page.keyboard.press('Control+g')
    await ada.page.getByLabel('Row 1 to 1,000,000').fill('700000')
    await ada.page.keyboard.press('Enter')
    await within(
      8000,
      () => ada.page.locator('.tm-relation-foot span').textContent(),
      (text) => text === 'Row 700,000 of 1,000,000',
    )
    await ada.page.mouse.move(700, 400)
    for (let step = 0; step < 20; step++) {
      await ada.page.mouse.wheel(0, 320)
      await within(
        4000,
        () => ada.page.locator('.tm-relation-foot span').textContent(),
        (text) => text === `Row ${(700_000 + 10 * (step + 1)).toLocaleString('en')} of 1,000,000`,
      )
    }
    await within(8000, isFilled, Boolean)
  })

  it('rows that come in above leave the person where they are, and say so', async () => {
    await openRelation(ada, stage.world, 'readings', '?sort=-id')
    await within(8000, isFilled, Boolean)
    await cell(ada, 0, 1).click()
    for (let page = 0; page < 2; page++) await ada.page.keyboard.press('PageDown')
    await within(4000, isFilled, Boolean)
    const before = await topRow(ada)

    await stage.world.db.sql(`insert into ws_main.readings select i, 'new', now(), 1 from generate_series(${ROWS + 1}, ${ROWS + 12}) i`)
    await ada.page.waitForSelector('.tm-above')

    expect(await ada.page.locator('.tm-above').textContent()).toBe('12 new rows above')
    expect(await topRow(ada)).toBe(before)
    await ada.picture('rows-above')
    await ada.page.locator('.tm-above').click()
    await within(
      4000,
      () =>
        cell(ada, 0, 0)
          .textContent()
          .catch(() => ''),
      (text) => text === String(ROWS + 12),
    )
  })

  it('a server that goes and comes back is said to be gone, then everything is as the database has it', async () => {
    await openRelation(ada, stage.world, 'readings', '?f=id~lte~5')
    await within(
      8000,
      () => ada.page.locator('.tm-row').count(),
      (n) => n === 5,
    )
    const port = Number(new URL(stage.world.url).port)
    await stage.world.server.close()
    await ada.page.waitForSelector('.tm-relation-head .tm-live[data-state=reconnecting]')
    await ada.page.waitForSelector('.tm-reconnect')
    expect(await ada.page.locator('.tm-row').count()).toBe(5)
    await ada.picture('reconnecting')
    await stage.world.db.sql(`update ws_main.readings set sensor = 'meanwhile' where id = 2; delete from ws_main.readings where id = 4`)

    await stage.world.another({ port })

    await within(
      20_000,
      () => cell(ada, 1, 1).textContent(),
      (text) => text === 'meanwhile',
    )
    await within(
      3000,
      () => ada.page.locator('.tm-row').count(),
      (n) => n === 4,
    )
    await ada.page.waitForSelector('.tm-relation-head .tm-live[data-state=live]')
    expect(await ada.page.locator('.tm-reconnect').count()).toBe(0)
    expect(ada.faults).toEqual([])
  })
})

/** The id in the first fully visible row. */
async function topRow(person: Person): Promise<string | null> {
  return person.page.evaluate(() => {
    const grid = document.querySelector('[role=grid]')!
    const top = grid.getBoundingClientRect().top + 36
    const row = [...grid.querySelectorAll('.tm-row')]
      .map((each) => ({ y: each.getBoundingClientRect().top - top, each }))
      .filter(({ y }) => y > -2)
      .sort((a, b) => a.y - b.y)[0]
    return row?.each.querySelector('[role=gridcell]')?.textContent ?? null
  })
}
