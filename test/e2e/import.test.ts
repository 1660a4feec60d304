/**
 * A file becomes a live page: dropped, looked at, sent, opened; and what PostgreSQL gets by another way appears there by itself.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { cell, openRelation, openStage, patience, type Person, type Stage, within } from './support/browser.ts'

const CSV = `id,name,price,since,note
1,Ada,9.50,2026-01-02,
2,Grace,12.00,2026-01-03,"a ""quoted"" word"
3,Edsger,7.25,2026-02-01,
`

describeNeeding(chromium(), 'from a file to a live page', () => {
  let stage: Stage
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    ada = await stage.person('Ada')
  })
  afterAll(() => stage?.close())

  it('an empty workspace asks for a file and shows the steps to the first mark', async () => {
    await ada.page.goto(`${stage.world.url}/`)
    await ada.page.waitForSelector('text=Drop a CSV file anywhere')

    expect(await ada.page.locator('.tm-steps li').count()).toBe(5)
    await ada.picture('home-empty')
  })

  it('a chosen file is previewed within a second, before it is sent', async () => {
    await ada.page.setInputFiles('input[type=file]', { name: 'crew.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) })
    await ada.page.waitForSelector('.tm-preview-table')

    const took = await ada.page.evaluate(() => performance.getEntriesByName('tidemark-preview')[0]!.duration)
    expect(took).toBeLessThan(1000 * patience())
    expect(
      await ada.page.locator('.tm-preview-column select').evaluateAll((all) => all.map((each) => (each as HTMLSelectElement).value)),
    ).toEqual(['integer', 'text', 'numeric', 'date', 'text'])
    expect(await stage.world.db.sql(`select to_regclass('ws_main.crew') as there`)).toEqual([{ there: null }])
    await ada.picture('import-preview')
  })

  it('a type that does not fit names the lines that would fail', async () => {
    await ada.page.getByLabel('Type of name').selectOption('integer')

    expect(await ada.page.locator('.tm-preview-note[data-tone=bad]').textContent()).toMatch(/3 would fail: line 2, 3, 4/)
    await ada.page.getByLabel('Type of name').selectOption('text')
  })

  it('"stored" is said after COMMIT, and the table is in the navigation by itself', async () => {
    await ada.page.getByRole('button', { name: 'Import 3 rows' }).click()
    await ada.page.waitForSelector('.tm-badge:has-text("stored")')

    expect((await stage.world.db.sql('select count(*)::int as n from ws_main.crew'))[0].n).toBe(3)
    await ada.page.locator('.tm-nav-link', { hasText: 'crew' }).waitFor()
    await ada.picture('import-stored')
    const { pathname } = new URL(ada.page.url())
    expect(pathname).toMatch(/^\/w\/main\/import\/.+/)
    await ada.page.reload()
    await ada.page.getByText('This import is not of this tab').waitFor()
  })

  it('a table that exists is added to, replaced or updated, as the person says', async () => {
    await ada.page.goto(`${stage.world.url}/w/main/import`)
    await ada.page.setInputFiles('input[type=file]', { name: 'crew.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) })
    await ada.page.getByRole('radio', { name: /Replace/ }).check()
    await ada.page.getByRole('button', { name: /^Import 3 rows/ }).click()
    await ada.page.waitForSelector('.tm-badge:has-text("stored")')

    expect((await stage.world.db.sql('select count(*)::int as n from ws_main.crew'))[0].n).toBe(3)
  })

  it('a file with an error says line, column and value, and nothing is stored', async () => {
    await ada.page.goto(`${stage.world.url}/w/main/import`)
    await ada.page.setInputFiles('input[type=file]', {
      name: 'crew.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('id,name,price,since,note\n4,Alan,cheap,2026-01-01,\n'),
    })
    await ada.page.waitForSelector('.tm-preview-table')
    await ada.page.getByRole('button', { name: /^Import 1 row/ }).click()
    await ada.page.waitForSelector('[role=alert]')

    expect(await ada.page.locator('[role=alert]').textContent()).toMatch(/price|cheap/)
    expect((await stage.world.db.sql('select count(*)::int as n from ws_main.crew'))[0].n).toBe(3)
    await ada.picture('import-refused')
  })

  it('a row that psql inserts is on the page within a second', async () => {
    await openRelation(ada, stage.world, 'crew')
    await within(
      5000,
      () => ada.page.locator('.tm-row').count(),
      (n) => n === 3,
    )

    await stage.world.db.sql(`insert into ws_main.crew (id, name, price) values (4, 'Barbara', 3)`)
    const took = await within(
      3000,
      () =>
        cell(ada, 3, 2)
          .textContent()
          .catch(() => ''),
      (text) => text === 'Barbara',
    )

    expect(took).toBeLessThan(1000 * patience())
    await within(
      2000,
      () => ada.page.locator('.tm-relation-count').textContent(),
      (text) => text!.startsWith('4 rows'),
    )
    await ada.picture('relation-live')
  })

  it('a cell that psql updates changes with a flash, a deleted row goes', async () => {
    await stage.world.db.sql(`update ws_main.crew set price = 4.75 where id = 4`)
    await within(
      3000,
      () => cell(ada, 3, 3).textContent(),
      (text) => text === '4.75',
    )
    expect(await cell(ada, 3, 3).getAttribute('data-flash')).not.toBeNull()
    await ada.page.waitForFunction(() => !document.querySelector('[data-flash]'))

    await stage.world.db.sql(`delete from ws_main.crew where id = 1`)
    await within(
      3000,
      () => cell(ada, 0, 2).textContent(),
      (text) => text === 'Grace',
    )
  })

  it('a table made in psql is in the navigation by itself, with its page, and goes by itself', async () => {
    await stage.world.db.sql('create table ws_main.boats (id bigserial primary key, name text); alter table ws_main.boats owner to ws_main')
    await ada.page.locator('.tm-nav-link', { hasText: 'boats' }).click()
    await ada.page.waitForSelector('text=boats is empty')
    await ada.picture('relation-empty')

    await stage.world.db.sql('drop table ws_main.boats')
    await ada.page.waitForSelector('text=There is no boats in this workspace')
    expect(ada.faults).toEqual([])
  })

  it('sort, filter and search are in the address and survive a reload', async () => {
    await openRelation(ada, stage.world, 'crew', '?sort=-price&f=price~gt~4')
    await within(
      3000,
      () => ada.page.locator('.tm-row').count(),
      (n) => n === 3,
    )
    expect(await cell(ada, 0, 3).textContent()).toBe('12.00')
    await ada.page.fill('[data-search]', 'eds')
    await within(
      3000,
      () => ada.page.locator('.tm-row').count(),
      (n) => n === 1,
    )
    await within(
      2000,
      async () => ada.page.url(),
      (url) => url.endsWith('?sort=-price&f=price~gt~4&q=eds'),
    )

    await ada.page.reload()
    await within(
      5000,
      () =>
        cell(ada, 0, 2)
          .textContent()
          .catch(() => ''),
      (text) => text === 'Edsger',
    )
    expect(await ada.page.inputValue('[data-search]')).toBe('eds')
  })

  it('a table with every odd type is shown, not refused', async () => {
    await stage.world.db.sql(
      `create table ws_main.odd (id int primary key, i interval, r int4range, p point, c circle, a text[], b bytea, n inet);
       insert into ws_main.odd values (1, '1 day 2 hours', '[1,5)', '(1,2)', '<(0,0),1>', '{x}', 'a', '10.0.0.1'); alter table ws_main.odd owner to ws_main`,
    )
    await openRelation(ada, stage.world, 'odd')

    await within(
      5000,
      () => ada.page.locator('.tm-row [role=gridcell]').allTextContents(),
      (cells) => ['1', '1 day 2 hours', '[1,5)', '(1,2)'].every((text, at) => cells[at] === text),
    )
  })

  it('an address in a column of images is a link that says why, until the operator allows its host; a picture in the cell is shown', async () => {
    const dot = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
    await stage.world.upload('pictures', `id,at\n1,https://elsewhere.example.net/who-looks.png\n2,"${dot}"\n`, { key: 'id' })
    const asked: string[] = []
    ada.page.on('request', (request) => asked.push(request.url()))
    await openRelation(ada, stage.world, 'pictures', '?cols=at;fimage')
    await cell(ada, 1, 0).locator('img').waitFor()

    expect(await cell(ada, 0, 0).locator('a').getAttribute('title')).toMatch(/^Not shown as a picture/)
    expect(await cell(ada, 0, 0).locator('img').count()).toBe(0)
    expect(asked.filter((url) => url.includes('elsewhere'))).toEqual([])
  })
})
