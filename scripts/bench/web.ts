/**
 * `npm run bench -- web`: what the admin costs a browser. First load in kB, time to the first row, main-thread CPU per frame while
 * a table changes and while a million rows fly by (beside an idle page), and how long a commit takes to the cell on the screen.
 * Called by scripts/bench.mjs, or alone: DATABASE_URL=… TIDEMARK_SECRET=… node scripts/bench/web.ts
 *
 * Needs Chromium and a built web/dist. Writes the table bench_web of workspace main.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { chromium, type CDPSession, type Page } from 'playwright-core'
import { createSignInLink } from '../../server/auth/links.ts'
import { readConfig } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'

export interface Figure {
  name: string
  value: string
  goal: string
  note: string
}

const DIST = path.join(import.meta.dirname, '../../web/dist')

/** Script and style that index.html names, and the chunks of the first screen. */
function firstLoad(): Figure {
  const index = readFileSync(path.join(DIST, 'index.html'), 'utf8')
  const named = [...index.matchAll(/assets\/[^"]+\.(?:js|css)/g)].map(([file]) => file)
  const home = readdirSync(path.join(DIST, 'assets'))
    .filter((file) => /^home-screen-.*\.js$/.test(file))
    .map((file) => `assets/${file}`)
  const size = (files: string[]) =>
    files.reduce((sum, file) => sum + gzipSync(readFileSync(path.join(DIST, file)), { level: 9 }).length, 0) / 1000
  const script = size([...named, ...home].filter((file) => file.endsWith('.js')))
  const style = size(named.filter((file) => file.endsWith('.css')))
  return {
    name: 'first load, script',
    value: `${script.toFixed(1)} kB gz`,
    goal: '≤ 200',
    note: `${style.toFixed(1)} kB gz of style besides`,
  }
}

/** Main-thread CPU and frames over a while. */
async function watch(
  page: Page,
  cdp: CDPSession,
  ms: number,
  work: () => Promise<unknown>,
): Promise<{ cpuPerFrame: number; fps: number; dropped: number; longest: number }> {
  const cpu = async () => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000
  await page.evaluate(() => {
    const seen = ((globalThis as any).tmFrames = { times: [] as number[], longest: 0, going: true })
    const tick = (at: number) => (seen.times.push(at), seen.going && requestAnimationFrame(tick))
    requestAnimationFrame(tick)
    new PerformanceObserver((list) =>
      list.getEntries().forEach((entry) => (seen.longest = Math.max(seen.longest, entry.duration))),
    ).observe({ type: 'longtask' })
  })
  const before = await cpu()
  const working = work()
  await page.waitForTimeout(ms)
  const spent = (await cpu()) - before
  const { times, longest } = await page.evaluate(() => {
    const seen = (globalThis as any).tmFrames
    seen.going = false
    return seen as { times: number[]; longest: number }
  })
  await working
  const gaps = times.slice(1).map((at, index) => at - times[index]!)
  return {
    cpuPerFrame: spent / times.length,
    fps: (times.length / ms) * 1000,
    dropped: gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / 16.67) - 1), 0) / (ms / 16.67),
    longest,
  }
}

export async function benchWeb({
  databaseUrl,
  secret,
  rows = 1_000_000,
  seconds = 5,
  samples = 60,
}: {
  databaseUrl: string
  secret?: string
  rows?: number
  seconds?: number
  samples?: number
}): Promise<Figure[]> {
  const figures = [firstLoad()]
  const server = await startServer(
    { ...readConfig({ DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret }), port: 0, worker: false, logLevel: 'silent' },
    makeLog('silent'),
  )
  const profile = mkdtempSync(path.join(os.tmpdir(), 'tidemark-bench-'))
  const { owner } = server.db
  let context: Awaited<ReturnType<typeof chromium.launchPersistentContext>> | null = null
  try {
    await server.db.asWorkspace('main', async (client) => {
      await client.query('drop table if exists bench_web')
      await client.query(
        `create table bench_web as select i as id, ${[1, 2, 3, 4, 5].map((k) => `(i::bigint * ${k * 7919} % 100000) / 100.0 as n${k}`).join(', ')}, 'name ' || i % 997 as name, now() as at, i % 3 = 0 as ok from generate_series(1, ${rows}) i`,
      )
      await client.query('alter table bench_web add primary key (id)')
      await client.query('analyze bench_web')
    })
    await owner.query(`insert into app_public.accounts (email, name) values ('bench@example.org', 'Bench') on conflict do nothing`)
    await owner.query(
      `insert into app_public.members (workspace, account_id, role) select 'main', id, 'owner' from app_public.accounts where email = 'bench@example.org' on conflict do nothing`,
    )
    context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      viewport: { width: 1360, height: 860 },
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
    const link = await createSignInLink(owner, server.url, 'bench@example.org')
    await context.request.post(`${server.url}/auth/sign-in`, { data: { link: link!.split('/').at(-1) }, headers: { origin: server.url } })
    const page = context.pages()[0]!
    const cdp = await context.newCDPSession(page)
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })

    const firstRow = async () => {
      const begun = performance.now()
      await page.goto(`${server.url}/w/main/bench_web`)
      await page.waitForSelector('.tm-relation[data-ready] .tm-row')
      return performance.now() - begun
    }
    const cold = await firstRow()
    const warm = [await firstRow(), await firstRow(), await firstRow()].sort((a, b) => a - b)[1]!
    figures.push({
      name: 'time to the first row',
      value: `${Math.round(warm)} ms`,
      goal: '',
      note: `of ${rows.toLocaleString('en')} rows, browser's cache warm; ${Math.round(cold)} ms when the server builds the workspace's schema first`,
    })
    await page.waitForTimeout(1500)

    const idle = await watch(page, cdp, seconds * 1000, async () => {})
    const live = await watch(page, cdp, seconds * 1000, async () => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
        await owner.query(`update ws_main.bench_web set n1 = random() * 1000, n2 = random() * 1000 where id = any ($1)`, [
          Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * 22)),
        ])
        await new Promise((done) => setTimeout(done, 20))
      }
    })
    const scroll = await watch(page, cdp, seconds * 1000, async () => {
      await page.mouse.move(700, 400)
      for (const end = Date.now() + seconds * 1000 - 200; Date.now() < end; ) {
        await page.mouse.wheel(0, 1600)
        await page.waitForTimeout(16)
      }
    })
    const say = (name: string, one: typeof idle) =>
      figures.push({
        name,
        value: `${one.cpuPerFrame.toFixed(2)} ms of main thread a frame, ${((one.cpuPerFrame * one.fps) / 10).toFixed(0)} % of a core`,
        goal: '',
        note: `${(one.cpuPerFrame / idle.cpuPerFrame).toFixed(1)} × idle; ${one.fps.toFixed(0)} frames/s, ${(one.dropped * 100).toFixed(1)} % dropped, longest task ${Math.round(one.longest)} ms`,
      })
    say('idle page', idle)
    say('live, up to 50 writes/s into the window', live)
    say('fast scroll over the table', scroll)

    await page.goto(`${server.url}/w/main/bench_web`)
    await page.waitForSelector('.tm-relation[data-ready] .tm-row')
    await page.waitForTimeout(1500)
    const took: number[] = []
    for (let k = 0; k < samples; k++) {
      const value = `mark ${k}`
      const seen = page.evaluate(
        (wanted) =>
          new Promise<number>((done) => {
            const look = () =>
              document.querySelector('.tm-row[aria-rowindex="6"] [aria-colindex="8"]')?.textContent === wanted
                ? done(Date.now())
                : requestAnimationFrame(look)
            look()
          }),
        value,
      )
      const committed = await owner.query('update ws_main.bench_web set name = $1 where id = 5', [value]).then(() => Date.now())
      took.push((await seen) - committed)
      await page.waitForTimeout(120)
    }
    took.sort((a, b) => a - b)
    figures.push({
      name: 'commit to the cell on the screen',
      value: `p50 ${took[samples >> 1]} ms, p99 ${took[Math.floor(samples * 0.99)]} ms`,
      goal: '< 1000',
      note: `${samples} commits, one after the other`,
    })
    return figures
  } finally {
    await context?.close()
    rmSync(profile, { recursive: true, force: true })
    await owner.query('drop table if exists ws_main.bench_web').catch(() => {})
    await server.close()
  }
}

if (import.meta.main)
  for (const { name, value, goal, note } of await benchWeb({
    databaseUrl: process.env.DATABASE_URL!,
    ...(process.env.TIDEMARK_SECRET ? { secret: process.env.TIDEMARK_SECRET } : {}),
  }))
    console.log(`${name}: ${value}${goal && ` (goal ${goal})`}; ${note}`)
