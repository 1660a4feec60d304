/**
 * The pictures of the README, taken of the running product. Called by `node scripts/docs.ts --pictures`. Writes docs/pictures/,
 * each picture in light and dark, as WebP (Chromium compresses it), and makes tables and views in the database it is given.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { createSignInLink } from '../../server/auth/links.ts'
import { type SampleServer, withServer } from './sample-server.ts'

const SIZE = { width: 1280, height: 760 }
const NAMES = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing', 'Katherine Johnson', 'Edsger Dijkstra', 'Barbara Liskov', 'Donald Knuth']
const COUNTRIES = ['Denmark', 'France', 'Japan', 'Kenya', 'Norway', 'Peru', 'Spain']
const STATES = ['paid', 'paid', 'shipped', 'shipped', 'open', 'returned']
const REVENUE = 'select country, count(*) as orders, sum(amount) as revenue, max(placed_at) as latest from orders group by country'

/** Always the same rows: a picture changes only when the product does. */
function orders(from: number, to: number): string {
  const rows = ['id,customer,country,amount,status,placed_at']
  for (let id = from; id <= to; id++) {
    const mixed = (id * 2654435761) % 4294967296
    const at = new Date(Date.UTC(2026, 9, 1) + id * 41 * 60_000).toISOString()
    rows.push(
      `${id},"${NAMES[mixed % 7]}",${COUNTRIES[(mixed >> 3) & 7] ?? 'Norway'},${((mixed % 48000) / 100 + 12).toFixed(2)},${STATES[mixed % 6]},${at}`,
    )
  }
  return `${rows.join('\n')}\n`
}

const send = ({ ask }: SampleServer, csv: string, mode: string) =>
  ask(`/upload-file?table=orders&key=id&mode=${mode}`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv })

async function makeSample(server: SampleServer): Promise<void> {
  await send(server, orders(1, 1840), 'create')
  await server.graphql('mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { id } } }', {
    input: { name: 'revenue_by_country', definition: REVENUE, key: ['country'], notifyWhen: 'CHANGED' },
  })
  for (const [from, to] of [
    [1841, 1843],
    [1844, 1850],
    [1851, 1852],
    [1853, 1860],
  ] as const) {
    await send(server, orders(from, to), 'append')
    await server.graphql('mutation { refreshMatview(input: { name: "revenue_by_country" }) { event { id } } }')
  }
  await server.graphql('mutation { scheduleMatview(input: { name: "revenue_by_country", schedule: "5 seconds" }) { clientMutationId } }')
}

async function signIn(server: SampleServer, context: BrowserContext): Promise<void> {
  await server.owner.query(`insert into app_public.accounts (email, name) values ('ada@example.org', 'Ada') on conflict do nothing`)
  await server.owner.query(
    `insert into app_public.members (workspace, account_id, role) select 'main', id, 'owner' from app_public.accounts on conflict do nothing`,
  )
  const link = await createSignInLink(server.owner, server.url, 'ada@example.org')
  await context.request.post(`${server.url}/auth/sign-in`, { data: { link: link!.split('/').at(-1) }, headers: { origin: server.url } })
}

/** What is photographed, and how the page gets there. */
const PICTURES: Record<string, (page: Page, url: string) => Promise<void>> = {
  async table(page, url) {
    await page.goto(`${url}/w/main/orders`)
    await page.waitForSelector('.tm-relation[data-ready]')
  },
  async events(page, url) {
    await page.goto(`${url}/w/main/events`)
    await page.getByText('#5').click() // opens it: the rows before and after
    await page.getByText('Denmark').first().waitFor()
  },
}

/** PNG to WebP, by the browser that took it. */
const asWebp = (page: Page, png: Buffer): Promise<string> =>
  page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob())
    const canvas = new OffscreenCanvas(image.width, image.height)
    canvas.getContext('2d')!.drawImage(image, 0, 0)
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.86 })).arrayBuffer())
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  }, png.toString('base64'))

export async function takePictures(databaseUrl: string, secret: string, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => file && existsSync(file))
  return withServer({ databaseUrl, secret, worker: true }, async (server) => {
    await makeSample(server)
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    const taken: string[] = []
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const context = await browser.newContext({
          viewport: SIZE,
          deviceScaleFactor: 1.5,
          colorScheme,
          locale: 'en-GB',
          timezoneId: 'UTC',
        })
        context.setDefaultTimeout(60_000)
        await signIn(server, context)
        const page = await context.newPage()
        for (const [name, open] of Object.entries(PICTURES)) {
          await open(page, server.url)
          await page.evaluate(() => document.fonts.ready)
          await page.waitForTimeout(1500) // charts and marks that fade in
          const png = await page.screenshot()
          const blank = await context.newPage()
          const file = path.join(folder, `${name}-${colorScheme}.webp`)
          writeFileSync(file, Buffer.from(await asWebp(blank, png), 'base64'))
          await blank.close()
          taken.push(file)
        }
        await context.close()
      }
    } finally {
      await browser.close()
    }
    return taken
  })
}
