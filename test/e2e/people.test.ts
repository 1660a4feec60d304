/**
 * People and their keys: an invite by a link, a role that changes under the hand, what a reader is told, tokens, settings, the
 * palette and the keys, the life of a workspace.
 */
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, type Person, type Stage, within } from './support/browser.ts'

describeNeeding(chromium(), 'people', () => {
  let stage: Stage
  let ada: Person
  let grace: Person
  const open = (person: Person, path: string) => person.page.goto(`${stage.world.url}/w/main${path}`)
  const role = (name: string, as: string) => async () => {
    await ada.page.getByRole('combobox', { name: `Role of ${name}` }).click()
    await ada.page.getByRole('option', { name: as }).click()
  }
  beforeAll(async () => {
    stage = await openStage()
    await stage.world.upload('stock', 'sku,item\n1,Rope\n2,Mug\n', { key: 'sku' })
    await stage.world.graphql(
      `mutation { createMatview(input: { name: "items", definition: "select item from stock", schedule: "0 6 * * *" }) { matview { id } } }`,
    )
    ada = await stage.person('Ada')
    grace = await stage.person('Grace', { role: null })
  })
  afterAll(() => stage?.close())

  it('an invite link lets a stranger in, once, and the list of people shows it by itself', async () => {
    const { page } = ada
    await open(ada, '/people')
    await page.getByRole('combobox', { name: 'As' }).click()
    await page.getByRole('option', { name: /^Reader/ }).click()
    await page.getByRole('button', { name: 'Make a link' }).click()
    const link = await page.getByRole('region', { name: 'invite link' }).innerText()
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.locator('[aria-label="Open invites"]').getByText('Whoever has the link').waitFor()

    await grace.page.goto(link)
    await grace.page.fill('[name=email]', 'grace@example.org')
    await grace.page.fill('[name=name]', 'Grace')
    await grace.page.fill('[name=password]', 'a tide that lifts all boats')
    await grace.page.getByRole('button', { name: 'Create an account and join' }).click()
    await grace.page.waitForSelector('.tm-home')
    await page.locator('[aria-label=Members]', { hasText: 'grace@example.org' }).waitFor()
    await page.locator('[aria-label="Open invites"]').waitFor({ state: 'detached' })
    const used = await grace.context.request.get(link)
    expect(used.status()).toBe(410)
  })

  it('a reader sees everything and is told why nothing can be changed', async () => {
    const reasons: [string, string][] = [
      ['/views/items', 'You are a reader here'],
      ['/views/new', 'You are a reader here'],
      ['/views/items/edit', 'You are a reader here'],
      ['/schedules', 'You are a reader here'],
      ['/webhooks', 'Webhooks are for editors and owners'],
      ['/people', 'Owners say who is in'],
    ]
    for (const [path, reason] of reasons) {
      await open(grace, path)
      await grace.page.getByText(reason).waitFor()
      await grace.picture(`reader${path.replaceAll('/', '-')}`)
      expect([
        path,
        await grace.page.getByRole('button', { name: /^(Refresh now|Pause|Make the view|Save|New webhook|Make a link)/ }).count(),
      ]).toEqual([path, 0])
    }
  })

  it('a role that an owner changes holds on the open page at once', async () => {
    await open(grace, '/views/items')
    await grace.page.getByText('You are a reader here').waitFor()
    await role('Grace', 'Editor')()
    await grace.page.getByRole('button', { name: 'Refresh now' }).click()
    await within(
      15_000,
      () => grace.page.locator('.tm-runs tbody tr').count(),
      (n) => n === 2,
    )

    await role('Grace', 'Reader')()
    await grace.page.getByText('You are a reader here').waitFor()
    await role('Grace', 'Editor')()
    await grace.page.getByRole('button', { name: 'Refresh now' }).waitFor()
  })

  it('a token is shown once, works, and is refused as soon as it is revoked', async () => {
    const { page } = ada
    await open(ada, '/tokens')
    await page.getByRole('textbox', { name: 'Name' }).fill('Night job')
    await page.getByRole('button', { name: 'Make a token' }).click()
    const token = await page.getByRole('region', { name: 'token', exact: true }).innerText()
    await page.getByRole('button', { name: 'I have kept it' }).click()
    const ask = () => fetch(`${stage.world.url}/rest/stock?select=item`, { headers: { authorization: `Bearer ${token}` } })
    const answer = await ask()
    expect(await answer.json()).toEqual([{ item: 'Rope' }, { item: 'Mug' }])
    expect(await page.getByText(token).count()).toBe(0)

    const line = page.locator('[aria-label=Tokens] li', { hasText: 'Night job' })
    await line.getByText('last used').waitFor()
    await line.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await line.waitFor({ state: 'detached' })
    expect((await ask()).status).toBe(401)
  })

  it('settings hold after a reload, and so does a new password', async () => {
    const { page } = grace
    await open(grace, '/settings')
    await page.getByText('Dark', { exact: true }).click()
    await page.getByRole('switch', { name: /Single keys/ }).uncheck({ force: true })
    await page.fill('[autocomplete=current-password]', 'a tide that lifts all boats')
    await page.fill('[autocomplete=new-password]', 'a new tide that lifts all boats')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('Changed. Your other sessions are signed out.').waitFor()
    await page.reload()
    await page.getByRole('switch', { name: /Single keys/ }).waitFor()

    expect(await page.getByRole('switch', { name: /Single keys/ }).isChecked()).toBe(false)
    expect(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
    await page.locator('h1').click()
    await page.keyboard.press('?')
    await page.waitForTimeout(200)
    expect(await page.locator('.tm-keys').count()).toBe(0)
    const login = await grace.context.request.post(`${stage.world.url}/auth/login`, {
      data: { email: 'grace@example.org', password: 'a new tide that lifts all boats' },
      headers: { origin: stage.world.url },
    })
    expect(login.ok()).toBe(true)
  })

  it('keys alone lead to every screen, to a relation and to an action', async () => {
    const { page } = ada
    await open(ada, '')
    await page.waitForSelector('.tm-home')
    await page.keyboard.press('?')
    await page.waitForSelector('.tm-keys')
    await page.keyboard.press('Escape')
    await page.waitForSelector('.tm-keys', { state: 'detached' })
    for (const [key, title] of [
      ['e', 'Events'],
      ['s', 'Schedules'],
      ['w', 'Webhooks'],
      ['a', 'API'],
    ]) {
      // The two keys belong together for a second or so, which a busy machine may miss.
      const pressed = async () => {
        await page.keyboard.press('g')
        await page.keyboard.press(key!)
        await page.waitForTimeout(300)
        return page.locator('h1').first().textContent()
      }
      await within(15_000, pressed, (heading) => heading === title)
    }
    const find = async (text: string) => {
      await page.keyboard.press('Control+k')
      await page.waitForSelector('.tm-palette')
      await page.keyboard.type(text)
      await page.keyboard.press('Enter')
    }
    await find('stoc')
    await page.waitForSelector('.tm-relation[data-ready]')
    expect(page.url()).toMatch(/\/w\/main\/stock/)
    await find('make a view')
    await page.getByRole('heading', { level: 1, name: 'Make a view' }).waitFor()
    await find('dark app')
    await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'dark')
    await find('who is in')
    await page.getByRole('heading', { level: 1, name: 'People and workspace' }).waitFor()
  })

  it('an owner sets limits, within what the operator allows', async () => {
    const { page } = ada
    await page.getByLabel('A refresh takes at most').fill('99999')
    await page.getByRole('button', { name: 'Save the limits' }).click()
    await page.locator('.tm-limits [role=alert]', { hasText: 'The operator allows less' }).waitFor()
    await page.getByLabel('A refresh takes at most').fill('90')
    await page.getByRole('button', { name: 'Save the limits' }).click()
    await within(
      15_000,
      async () => (await stage.world.db.sql(`select refresh_timeout_ms as ms from app_public.workspaces where id = 'main'`))[0].ms,
      (ms) => ms === 90_000,
    )
  })

  it('an archived workspace is read-only on every open page until an owner restores it', async () => {
    await open(grace, '/views/items')
    await grace.page.getByRole('button', { name: 'Refresh now' }).waitFor()
    await ada.page.getByRole('button', { name: 'Archive…' }).click()
    await ada.page.getByRole('button', { name: 'Archive it' }).click()
    await grace.page.getByText('This workspace is archived').waitFor()

    await ada.page.getByRole('button', { name: 'Restore Main' }).click()
    await grace.page.getByRole('button', { name: 'Refresh now' }).waitFor()
  })

  it('who is removed is led out of the open page, and who is signed out elsewhere to the sign-in page, which leads back', async () => {
    const hugo = await stage.person('Hugo', { role: 'reader' })
    await open(hugo, '/stock')
    await hugo.page.waitForSelector('.tm-relation[data-ready]')
    await hugo.context.request.post(`${stage.world.url}/auth/logout-everywhere`, { data: {}, headers: { origin: stage.world.url } })
    await hugo.page.waitForURL(/\/login\?next=%2Fw%2Fmain%2Fstock/)

    const again = await stage.person('Hugo')
    await open(again, '/stock')
    await again.page.waitForSelector('.tm-relation[data-ready]')
    await open(ada, '/people')
    await ada.page.locator('[aria-label=Members] li', { hasText: 'hugo@' }).getByRole('button', { name: 'Remove' }).click()
    await ada.page.getByRole('button', { name: 'Remove Hugo' }).click()
    await again.page.getByRole('heading', { name: 'You are in no workspace' }).waitFor()
    expect(new URL(again.page.url()).pathname).not.toContain('/w/main')
    expect([...hugo.faults, ...again.faults]).toEqual([])
  })

  it('a workspace is handed over by one person to another', async () => {
    const { page } = ada
    await open(ada, '/people')
    await page.getByRole('combobox', { name: 'Hand over to' }).click()
    await page.getByRole('option', { name: 'Grace' }).click()
    await page.getByRole('button', { name: 'Hand over…' }).click()
    await page.getByRole('button', { name: 'Hand it over' }).click()
    await page.getByText('Owners say who is in').waitFor()

    expect(
      await stage.world.db.sql('select role from app_public.members m join app_public.accounts a on a.id = account_id order by a.name'),
    ).toEqual([{ role: 'editor' }, { role: 'owner' }])
    expect(ada.faults).toEqual([])
    expect(grace.faults).toEqual([])
  })
})
