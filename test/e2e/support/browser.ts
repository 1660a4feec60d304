/**
 * People in front of the app: Chromium by playwright-core, each person with a profile of their own. Called by test/e2e.
 * Builds web/dist when it is stale; writes pictures to screenshots/ (git-ignored), to be looked at.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { ensureWeb } from '../../../scripts/launch/web.mjs'
import { createSignInLink } from '../../../server/auth/links.ts'
import { chromiumPath } from '../../support/needs.ts'
import { startWorld, type World } from '../../support/world.ts'

const ROOT = path.join(import.meta.dirname, '../../..')
const PICTURES = path.join(ROOT, 'screenshots')

export interface Person {
  page: Page
  context: BrowserContext
  /** Errors that the page threw or logged. */
  faults: string[]
  picture(name: string): Promise<void>
  close(): Promise<void>
}
export interface Stage {
  world: World
  /** Signs in as a member of workspace main; the same name is the same account. Role null: a stranger, not signed in. */
  person(
    name: string,
    options?: { scheme?: 'light' | 'dark'; width?: number; height?: number; role?: 'owner' | 'editor' | 'reader' | null },
  ): Promise<Person>
  close(): Promise<void>
}

/** Two jest workers must not build into one folder at once. */
async function build(): Promise<void> {
  const lock = path.join(ROOT, 'web/.build.lock')
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      // A lock of somebody who died is taken over after two minutes.
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 120_000) rmSync(lock, { recursive: true, force: true })
      await new Promise((done) => setTimeout(done, 200))
    }
  }
  try {
    await ensureWeb(ROOT, process.execPath, () => {})
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

export async function openStage(): Promise<Stage> {
  await build()
  const world = await startWorld()
  const people: Person[] = []
  return {
    world,
    async person(name, { scheme = 'light', width = 1360, height = 860, role = 'owner' } = {}) {
      const profile = mkdtempSync(path.join(os.tmpdir(), 'tidemark-person-'))
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: chromiumPath()!,
        headless: true,
        viewport: { width, height },
        colorScheme: scheme,
        locale: 'en-GB',
        timezoneId: 'UTC',
        permissions: ['clipboard-read', 'clipboard-write'],
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      })
      context.setDefaultTimeout(25_000 * patience())
      if (role) await signIn(world, context, name, role)
      const page = context.pages()[0] ?? (await context.newPage())
      const faults: string[] = []
      page.on('pageerror', (error) => faults.push(String(error.stack ?? error)))
      const person: Person = {
        page,
        context,
        faults,
        async picture(of) {
          mkdirSync(PICTURES, { recursive: true })
          await page.screenshot({ path: path.join(PICTURES, `${of}.png`) })
        },
        async close() {
          await context.close()
          rmSync(profile, { recursive: true, force: true })
        },
      }
      people.push(person)
      return person
    },
    async close() {
      await Promise.all(people.map((person) => person.close()))
      await world.close()
    },
  }
}

async function signIn(world: World, context: BrowserContext, name: string, role: string): Promise<void> {
  const email = `${name.toLowerCase()}@example.org`
  await world.db.sql('insert into app_public.accounts (email, name) values ($1, $2) on conflict do nothing', [email, name])
  await world.db.sql(
    `insert into app_public.members (workspace, account_id, role) select 'main', id, $2::app_public.member_role from app_public.accounts where email = $1 on conflict do nothing`,
    [email, role],
  )
  const link = await createSignInLink(world.server.db.owner, world.url, email)
  const reply = await context.request.post(`${world.url}/auth/sign-in`, {
    data: { link: link!.split('/').at(-1) },
    headers: { origin: world.url },
  })
  if (!reply.ok()) throw new Error(`${name} could not sign in: ${reply.status()} ${await reply.text()}`)
}

/** A relation's page, once its first rows are there. */
export async function openRelation(person: Person, world: World, relation: string, search = ''): Promise<void> {
  await person.page.goto(`${world.url}/w/main/${relation}${search}`)
  await person.page.waitForSelector('.tm-relation[data-ready]')
}

/** Text of the cell in that row (from 0) and visible column (from 0). */
export const cell = (person: Person, row: number, column: number) =>
  person.page.locator(`.tm-row[aria-rowindex="${row + 2}"] [role=gridcell][aria-colindex="${column + 2}"]`)

/**
 * How much longer than on a quiet machine things may take now: a browser, a server and a PostgreSQL share the processors with whatever
 * else runs. 1 when nobody waits for them.
 */
export const patience = (): number => Math.max(1, os.loadavg()[0]! / os.availableParallelism())

/** Waits until `look` gives what is wanted, or gives up after `ms` of a quiet machine; tells how long it took. */
export async function within<T>(ms: number, look: () => Promise<T>, wanted: (value: T) => boolean): Promise<number> {
  const begun = performance.now()
  let last: T | undefined
  while (performance.now() - begun < ms * patience()) {
    last = await look()
    if (wanted(last)) return performance.now() - begun
    await new Promise((done) => setTimeout(done, 10))
  }
  throw new Error(`not within ${ms} ms; last seen: ${JSON.stringify(last)}`)
}
