/**
 * Two people on one table: what one does the other sees; where both touch one cell, the second is asked.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { cell, openRelation, openStage, patience, type Person, type Stage, within } from './support/browser.ts'

describeNeeding(chromium(), 'two people on one table', () => {
  let stage: Stage
  let ada: Person
  let grace: Person
  beforeAll(async () => {
    stage = await openStage()
    await stage.world.upload('stock', 'sku,item,amount,price\n1,Rope,10,18.90\n2,Lantern,4,42.00\n3,Compass,2,129.00\n4,Mug,50,9.50\n', {
      key: 'sku',
    })
    ;[ada, grace] = await Promise.all([stage.person('Ada'), stage.person('Grace', { role: 'editor' })])
    await Promise.all([openRelation(ada, stage.world, 'stock'), openRelation(grace, stage.world, 'stock')])
  })
  afterAll(() => stage?.close())

  const type = async (person: Person, row: number, column: number, text: string) => {
    await cell(person, row, column).click()
    await person.page.keyboard.type(text)
    await person.page.keyboard.press('Enter')
  }

  it('an edit of one is on the page of the other within a second', async () => {
    await type(ada, 0, 2, '11')

    expect(
      await within(
        3000,
        () => cell(grace, 0, 2).textContent(),
        (text) => text === '11',
      ),
    ).toBeLessThan(1000 * patience())
    expect(await stage.world.db.sql('select amount from ws_main.stock where sku = 1')).toEqual([{ amount: 11 }])
  })

  it('two people in different columns of one row do not meet', async () => {
    await Promise.all([type(ada, 1, 2, '5'), type(grace, 1, 3, '43')])

    await within(
      3000,
      () => stage.world.db.sql('select amount, price::text from ws_main.stock where sku = 2'),
      (rows) => rows[0].amount === 5 && rows[0].price === '43',
    )
    expect(await ada.page.locator('.tm-conflict').count()).toBe(0)
  })

  it('a cell that another changed meanwhile is not overwritten: the person is asked, and may take theirs', async () => {
    await cell(ada, 2, 2).click()
    await ada.page.keyboard.press('F2')
    await type(grace, 2, 2, '7')
    await within(
      3000,
      () => stage.world.db.sql('select amount from ws_main.stock where sku = 3'),
      (rows) => rows[0].amount === 7,
    )
    await ada.page.locator('.tm-editor').fill('9')
    await ada.page.keyboard.press('Enter')
    await ada.page.waitForSelector('.tm-conflict')

    expect(await ada.page.locator('.tm-conflict').textContent()).toMatch(/Changed to 7 at/)
    expect(await stage.world.db.sql('select amount from ws_main.stock where sku = 3')).toEqual([{ amount: 7 }])
    await ada.picture('conflict')
    await ada.page.getByRole('button', { name: 'Take theirs' }).click()
    await within(
      2000,
      () => cell(ada, 2, 2).textContent(),
      (text) => text === '7',
    )
  })

  it('or keep their own, which then overwrites what came', async () => {
    await cell(ada, 3, 2).click()
    await ada.page.keyboard.press('F2')
    await type(grace, 3, 2, '51')
    await within(
      3000,
      () => stage.world.db.sql('select amount from ws_main.stock where sku = 4'),
      (rows) => rows[0].amount === 51,
    )
    await ada.page.locator('.tm-editor').fill('52')
    await ada.page.keyboard.press('Enter')
    await ada.page.getByRole('button', { name: /Keep yours \(52\)/ }).click()

    await within(
      3000,
      () => cell(grace, 3, 2).textContent(),
      (text) => text === '52',
    )
    expect(await stage.world.db.sql('select amount from ws_main.stock where sku = 4')).toEqual([{ amount: 52 }])
    expect(await ada.page.locator('.tm-conflict').count()).toBe(0)
  })

  it('a value that PostgreSQL refuses stays in the cell with the reason', async () => {
    await type(ada, 0, 2, 'many')
    await ada.page.waitForSelector('.tm-conflict[data-state=refused]')

    expect(await ada.page.locator('.tm-conflict').textContent()).toMatch(/invalid input syntax for type integer/)
    await ada.page.getByRole('button', { name: 'Put back' }).click()
    await within(
      3000,
      () => cell(ada, 0, 2).textContent(),
      (text) => text === '11',
    )
  })

  it('a block is pasted over cells and rows, and one undo takes it back', async () => {
    await cell(ada, 0, 2).click()
    await ada.page.evaluate(() => navigator.clipboard.writeText('100\t1.5\n200\t2.5'))
    await ada.page.keyboard.press('Control+v')
    await within(
      3000,
      () => stage.world.db.sql('select amount, price::text from ws_main.stock order by sku limit 2'),
      (rows) =>
        JSON.stringify(rows) ===
        JSON.stringify([
          { amount: 100, price: '1.5' },
          { amount: 200, price: '2.5' },
        ]),
    )

    await ada.page.keyboard.press('Control+z')
    await within(
      3000,
      () => stage.world.db.sql('select amount from ws_main.stock order by sku limit 2'),
      (rows) => rows[0].amount === 11 && rows[1].amount === 5,
    )
  })

  it('a column is changed in all ticked rows, and one undo takes it back', async () => {
    const amounts = () => stage.world.db.sql('select amount from ws_main.stock order by sku')
    const before = await amounts()
    await cell(ada, 1, 0).click()
    await ada.page.keyboard.press('Space')
    await cell(ada, 3, 0).click()
    await ada.page.keyboard.press('Space')
    await ada.page.getByRole('button', { name: 'Change a column' }).click()
    await ada.page.getByLabel('Column', { exact: true }).selectOption('amount')
    await ada.page.getByLabel('Value').fill('77')
    await ada.page.getByRole('button', { name: 'Change', exact: true }).click()
    await within(3000, amounts, (rows) => rows[1].amount === 77 && rows[3].amount === 77 && rows[0].amount !== 77)

    await ada.page.locator('[role=grid]').focus()
    await ada.page.keyboard.press('Control+z')
    await within(3000, amounts, (rows) => JSON.stringify(rows) === JSON.stringify(before))
  })

  it('ticked rows are deleted together, and undo brings them back with their keys', async () => {
    await cell(ada, 2, 0).click()
    await ada.page.keyboard.press('Space')
    await ada.page.keyboard.press('ArrowDown')
    await ada.page.keyboard.press('Space')
    await ada.page.getByRole('button', { name: 'Delete' }).click()
    await within(
      3000,
      () => stage.world.db.sql('select sku from ws_main.stock order by sku'),
      (rows) => rows.length === 2,
    )
    await within(
      3000,
      () => grace.page.locator('.tm-row').count(),
      (n) => n === 2,
    )

    await ada.page.locator('[role=grid]').focus()
    await ada.page.keyboard.press('Control+z')
    await within(
      3000,
      () => stage.world.db.sql('select sku from ws_main.stock order by sku'),
      (rows) => rows.length === 4,
    )
    await within(
      3000,
      () => grace.page.locator('.tm-row').count(),
      (n) => n === 4,
    )
  })

  it('formats and order of columns survive a reload and reach another browser of the same person', async () => {
    await ada.page.locator('#h-3').hover()
    await ada.page.locator('#h-3 .tm-head-menu').click()
    await ada.page.getByRole('button', { name: /^Format/ }).click()
    await ada.page.getByRole('button', { name: /^Currency/ }).click()
    await within(
      3000,
      () => cell(ada, 2, 3).textContent(),
      (text) => text === '€129.00',
    )
    await ada.page.keyboard.press('Escape')
    await within(
      5000,
      () => stage.world.db.sql('select config from app_public.saved_views'),
      (rows) => JSON.stringify(rows).includes('currency'),
    )
    expect(ada.page.url()).toContain('price;fcurrency')

    const elsewhere = await stage.person('Ada')
    await openRelation(elsewhere, stage.world, 'stock')
    await within(
      5000,
      () => cell(elsewhere, 2, 3).textContent(),
      (text) => text === '€129.00',
    )
    expect(await cell(grace, 2, 3).textContent()).toBe('129.00')
  })

  it('a reader sees everything live and edits nothing, and is told why', async () => {
    const reader = await stage.person('Rosalind', { role: 'reader' })
    await openRelation(reader, stage.world, 'stock')
    await cell(reader, 0, 2).click()
    await reader.page.keyboard.type('5')

    expect(await reader.page.locator('.tm-editor').count()).toBe(0)
    expect(await reader.page.locator('.tm-relation-head').textContent()).toContain('You are a reader here')
    expect(ada.faults.concat(grace.faults, reader.faults)).toEqual([])
  })
})
