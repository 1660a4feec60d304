/**
 * The first story of the README, by hand: a file is dropped on the page, a view is made of it with a schedule, and its first mark ticks on the
 * page of events by itself, with the rows that came and went. Then the same events are heard by the lines that the page offers.
 */
import { spawn } from 'node:child_process'
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, patience, type Person, type Stage, within } from './support/browser.ts'

const FILE = `AColumnOfNumbers\n${Array.from({ length: 50 }, (_, n) => n % 10).join('\n')}\n`

describeNeeding(chromium(), 'from a dropped file to its first mark', () => {
  let stage: Stage
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    ada = await stage.person('Ada')
  })
  afterAll(() => stage?.close())
  const write = async (sql: string) => {
    await ada.page.locator('.cm-content').click()
    await ada.page.keyboard.press('Control+a')
    await ada.page.keyboard.insertText(sql)
  }

  it('a file that is dropped on any page is imported', async () => {
    const { page } = ada
    await page.goto(`${stage.world.url}/w/main/events`)
    await page.waitForSelector('text=No events yet')
    await page.evaluate((text) => {
      const data = new DataTransfer()
      data.items.add(new File([text], 'sample.csv', { type: 'text/csv' }))
      for (const type of ['dragenter', 'dragover', 'drop'])
        window.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))
    }, FILE)
    await page.getByRole('button', { name: /^Import 50 rows/ }).click()
    await page.waitForSelector('.tm-badge:has-text("stored")')
    await page
      .getByRole('button', { name: 'Make a view of it' })
      .or(page.getByRole('link', { name: 'Make a view of it' }))
      .click()
    await page.waitForSelector('.tm-view-rows td')

    expect(await page.locator('.cm-content').innerText()).toMatch(/SELECT \*\s+FROM sample/)
  })

  it('an error of the definition stands under the word that is wrong', async () => {
    const { page } = ada
    await write('select row_id, AColumnOfNumber from sample')
    await page.waitForSelector('#view-definition-problem [role=alert]')
    await page.waitForSelector('.cm-lintRange-error')

    expect(await page.locator('.cm-lintRange-error').innerText()).toBe('AColumnOfNumber')
    expect(await page.locator('#view-definition-problem').innerText()).toMatch(/does not exist/)
    await ada.picture('make-view-error')
  })

  it('the preview shows the rows, and the key picker says why a key would not do', async () => {
    const { page } = ada
    await write('select row_id, "AColumnOfNumbers" from sample where "AColumnOfNumbers" = extract(second from now())::int % 10')
    await page.waitForSelector('#view-definition-problem', { state: 'detached' })
    await within(
      15_000,
      () => page.locator('.tm-view-rows tbody tr').count(),
      (n) => n === 5,
    )
    const key = page.getByRole('combobox', { name: 'Key' })
    for (const chosen of ['row_id', 'AColumnOfNumbers']) {
      await key.click()
      await page.getByRole('option', { name: chosen }).click()
      if (chosen === 'row_id') await page.keyboard.press('Backspace')
    }

    await page.getByText('Some rows share this key').waitFor()
    await page.keyboard.press('Backspace')
    await key.click()
    await page.getByRole('option', { name: 'row_id' }).click()
    await page.keyboard.press('Escape')
    await page.getByText('Some rows share this key').waitFor({ state: 'detached' })
  })

  it('the schedule is said in words, with its next three runs', async () => {
    const { page } = ada
    await page.locator('.tm-schedule').getByText('Every hour', { exact: true }).click()

    expect(await page.locator('.tm-schedule [role=status]').innerText()).toMatch(/^Every hour\. Next: (.+:00)( · .+:00){2} UTC$/)
    await page.locator('.tm-schedule').getByText('Every N seconds', { exact: true }).click()
    await page.getByLabel('Seconds', { exact: true }).fill('2')
    expect(await page.locator('.tm-schedule [role=status]').innerText()).toMatch(/^Every 2 seconds\./)
  })

  it('the first event ticks by itself, and opens to the rows that came and went', async () => {
    const { page } = ada
    await page.getByRole('textbox', { name: 'Name' }).fill('this_second')
    await page.getByRole('button', { name: 'Make the view' }).click()
    await page.waitForSelector('.tm-relation[data-ready]')
    await page.locator('.tm-nav-link', { hasText: 'Events' }).click()
    await page.locator('.tm-event').first().waitFor()
    const first = await page.locator('.tm-event').count()
    await within(
      20_000,
      () => page.locator('.tm-event').count(),
      (n) => n > first,
    )
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('.tm-event').first().click()
    await page.waitForSelector('.tm-event-rows tbody tr')

    expect(await page.locator('.tm-event-rows th[scope=col]').allInnerTexts()).toEqual(['What', 'row_id', 'AColumnOfNumbers'])
    expect(await page.locator('.tm-event-rows [data-op=insert]').count()).toBe(5)
    expect(await page.locator('.tm-event-rows [data-op=delete] del').count()).toBe(10)
    expect(page.url()).toMatch(/events\?event=\d+/)
    await ada.picture('story-event')
  })

  it('a paused log stands still, counts what came, and shows it on request', async () => {
    const { page } = ada
    const before = await page.locator('.tm-event').count()
    await page.getByRole('button', { name: /^Show \d+ new$/ }).waitFor()
    expect(await page.locator('.tm-event').count()).toBe(before)

    await page.getByRole('button', { name: /^Show \d+ new$/ }).click()
    expect(await page.locator('.tm-event').count()).toBeGreaterThan(before)
    await page.getByRole('button', { name: 'Go on' }).click()
  })

  it('the lines to listen work as they are pasted, with the token that the page fills in', async () => {
    const { page } = ada
    await page.goto(`${stage.world.url}/w/main/events?matview=this_second`)
    await page.getByRole('button', { name: 'Fill in a new token' }).click()
    await page.getByText('A token that reads for 30 days is filled in').waitFor()
    const line = (label: string) => page.getByRole('region', { name: label, exact: true }).innerText()
    const curl = await line('curl command')
    const program = await line('program')

    expect(curl).toMatch(/Bearer tm_/)
    const [sse, node] = await Promise.all([heard(curl, /"matview_name":\s*"this_second"/), heard(program, /"matviewName":"this_second"/)])
    expect(sse).toMatch(/event: matview_refreshed/)
    expect(JSON.parse(node.trim().split('\n')[0]!).matviewRefreshed.changes.length).toBeGreaterThan(0)
    const [latest] = await stage.world.db.sql(await line('SQL').then((sql) => sql.replace(/^LISTEN.*;/, '')))
    expect(latest.matview_name).toBe('this_second')
    expect(ada.faults).toEqual([])
  })
})

/** Runs a line in bash until it has said what is wanted; one that ends or hangs before fails with what it said. */
function heard(line: string, wanted: RegExp): Promise<string> {
  const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  return new Promise((resolve, reject) => {
    let text = ''
    let complaint = ''
    const end = (act: () => void) => {
      clearTimeout(timer)
      child.removeAllListeners()
      if (child.exitCode === null) process.kill(-child.pid!)
      act()
    }
    const fail = (why: string) => end(() => reject(new Error(`${why}: ${text.slice(0, 500)} ${complaint.slice(0, 500)}`)))
    const timer = setTimeout(() => fail('not heard in time'), 30_000 * patience())
    child.stdout.on('data', (part) => {
      text += part
      if (wanted.test(text) && text.endsWith('\n')) end(() => resolve(text))
    })
    child.stderr.on('data', (part) => (complaint += part))
    child.on('close', (code) => fail(`ended with ${code}`))
    child.on('error', reject)
  })
}
