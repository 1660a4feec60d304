/**
 * Tables as people have them: columns of any type, keys of any type, more columns than fit, an edit while the table moves.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { violations } from './support/axe.ts'
import { cell, openRelation, openStage, type Person, type Stage, within } from './support/browser.ts'

/** Type, a value of it, what the cell shows. */
const ODD: [type: string, value: string, shown: string][] = [
  ['interval', `interval '1 day 2 hours 3.5 seconds'`, '1 day 2 hours 3.5 seconds'],
  ['point', `point(1.5, 2)`, '(1.5,2)'],
  ['int4range', `int4range(1, 4)`, '[1,4)'],
  ['daterange', `daterange('2026-01-01', '2026-02-01')`, '[2026-01-01,2026-02-01)'],
  ['integer[]', `array[1, 2]`, '[1,2]'],
  ['jsonb', `'{"a": [1, "x"]}'`, '{"a":[1,"x"]}'],
  ['bigint', `9007199254740993`, '9,007,199,254,740,993'],
  ['numeric', `12345678901234567890.5`, '12,345,678,901,234,567,890.5'],
  ['inet', `'10.0.0.1'`, '10.0.0.1'],
  ['date', `'2026-01-02'`, '2 Jan 2026'],
  ['text', `'<b>not bold</b>'`, '<b>not bold</b>'],
]
/** Type of a key, two values. */
const KEYS: [type: string, first: string, second: string][] = [
  ['uuid', `'00000000-0000-4000-8000-000000000001'`, `'00000000-0000-4000-8000-000000000002'`],
  ['boolean', 'false', 'true'],
  ['timestamptz', `'2026-01-01 00:00:00.123456+00'`, `'2026-01-01 00:00:00.123457+00'`],
  ['numeric', '1.5', '12345678901234567890.25'],
  ['text', `'a'`, `'a/b~c% d?#'`],
  ['text', `''`, `'.'`],
  ['text', `'.'`, `'..'`],
  ['interval', `interval '1 day'`, `interval '1 mon 2 days 03:04:05.678'`],
]

describeNeeding(chromium(), 'any table', () => {
  let stage: Stage
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    const { sql } = stage.world.db
    const columns = ODD.map(([type], at) => `c${at} ${type}`).join(', ')
    await sql(`create table ws_main.odd (n int primary key, ${columns})`)
    await sql(`insert into ws_main.odd select 1, ${ODD.map(([, value]) => value).join(', ')}`)
    for (const [at, [type, first, second]] of KEYS.entries()) {
      await sql(`create table ws_main.key_${at} (k ${type} primary key, v text)`)
      await sql(`insert into ws_main.key_${at} values (${first}, 'first'), (${second}, 'second')`)
    }
    await sql(
      `create table ws_main.wide as select n as id, ${Array.from({ length: 30 }, (_, c) => `'${c} of ' || n as c${c}`).join(', ')} from generate_series(1, 3000) n`,
    )
    await sql('alter table ws_main.wide add primary key (id)')
    for (const name of ['odd', 'wide', ...KEYS.map((_, at) => `key_${at}`)]) await sql(`alter table ws_main.${name} owner to ws_main`)
    ada = await stage.person('Ada', { width: 1360 })
  })
  afterAll(() => stage?.close())

  it('values of every type are shown as people write them', async () => {
    await openRelation(ada, stage.world, 'odd')

    const seen: string[] = []
    const cutOff: string[] = []
    for (const [at] of ODD.entries()) {
      await ada.page.keyboard.press('ArrowRight')
      await ada.page.waitForSelector(`#c-0-${at + 1}`)
      const shown = cell(ada, 0, at + 1)
      seen.push((await shown.textContent()) ?? '')
      if (await shown.evaluate((each) => each.scrollWidth > each.clientWidth)) cutOff.push(ODD[at]![0])
    }
    expect(seen).toEqual(ODD.map(([, , shown]) => shown))
    expect(cutOff).not.toEqual(expect.arrayContaining(['bigint']))
    expect(cutOff).not.toEqual(expect.arrayContaining(['numeric']))
    expect(await violations(ada.page)).toEqual([])
  })

  it.each(KEYS.map(([type, , second], at) => ({ type, second, at })))(
    'a row is opened by its key of type $type, $second',
    async ({ at }) => {
      await openRelation(ada, stage.world, `key_${at}`, '?sort=k')
      await ada.page.keyboard.press('ArrowDown')
      await ada.page.keyboard.press('Control+Enter')

      await ada.page.waitForSelector('.tm-fields')
      expect(await ada.page.getByLabel('v', { exact: true }).inputValue()).toBe('second')
      await ada.page.reload()
      await ada.page.waitForSelector('.tm-fields')
      expect(await ada.page.getByLabel('v', { exact: true }).inputValue()).toBe('second')
    },
  )

  it('an address that no row can have shows no row', async () => {
    await ada.page.goto(`${stage.world.url}/w/main/wide/not-a-number`)

    await ada.page.getByText('This row is not there').waitFor()
  })

  it('a cell under edit that is scrolled out of sight keeps its text, and typing goes on in it', async () => {
    await openRelation(ada, stage.world, 'wide')
    await cell(ada, 2, 2).dblclick()
    await ada.page.keyboard.press('Control+a')
    await ada.page.keyboard.type('half a')
    const grid = ada.page.locator('[role=grid]')
    await grid.evaluate((each) => each.scrollTo({ top: 60_000, left: 3000 }))
    await within(
      8000,
      () => ada.page.locator('.tm-row[aria-rowindex="1880"]').count(),
      (n) => n === 1,
    )

    await ada.page.keyboard.type(' word')

    await within(
      4000,
      () => cell(ada, 2, 2).isVisible(),
      (visible) => visible,
    )
    expect(await grid.evaluate((each) => each.scrollTop)).toBeLessThan(200)
    await ada.page.keyboard.press('Enter')
    await within(
      4000,
      () => stage.world.db.sql('select c1 from ws_main.wide where id = 3'),
      ([row]) => row.c1 === 'half a word',
    )
  })

  it('rows that come in above a cell under edit do not change what is edited', async () => {
    await openRelation(ada, stage.world, 'wide', '?sort=id')
    await cell(ada, 1, 1).dblclick()
    await ada.page.keyboard.press('Control+a')
    await ada.page.keyboard.type('of row two')
    await stage.world.db.sql(`insert into ws_main.wide (id, c0) values (0, 'new'), (-1, 'new')`)
    await within(
      4000,
      () => cell(ada, 0, 0).textContent(),
      (text) => text === '-1',
    )

    await ada.page.keyboard.press('Enter')

    await within(
      4000,
      () => stage.world.db.sql('select id, c0 from ws_main.wide where id between -1 and 3 order by id'),
      (rows) => rows[3].c0 === 'of row two',
    )
    expect((await stage.world.db.sql('select c0 from ws_main.wide where id = 0'))[0].c0).toBe('new')
    expect(ada.faults).toEqual([])
  })
})
