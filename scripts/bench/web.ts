/**
 * `npm run bench -- web`: what the admin costs a browser. First load in kB, time to the first row and to the last, main-thread CPU
 * and frames while a table changes and while a million rows fly by, and how long a commit takes to the cell on the screen.
 * Beside them, in the same browser: an empty page that only counts frames, and a page of bare elements (no library) that is
 * written to as much. On a machine without a graphics card the browser draws by software, and those show what that alone costs.
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

/** 25 rows of 9 cells, written as a live table is (3 rows, 2 cells, 50 times a second), or all of them at each frame of a scroll. */
const BARE = `<style>body{margin:0;font:13px sans-serif}#s{height:860px;overflow:auto}#i{height:8000000px}#v{position:sticky;top:0;height:860px;overflow:hidden}
  .r{position:relative;height:32px;contain:strict}.c{position:absolute;width:130px;overflow:hidden;white-space:nowrap;border-right:1px solid #ddd}</style>
  <div id=s><div id=i><div id=v></div></div></div><script>
  const s = document.getElementById('s'), v = document.getElementById('v'), cells = []
  for (let r = 0; r < 25; r++) {
    const row = v.appendChild(Object.assign(document.createElement('div'), { className: 'r' }))
    for (let c = 0; c < 9; c++) {
      const cell = Object.assign(document.createElement('div'), { className: 'c' })
      cell.style.left = c * 132 + 'px'
      cells.push(row.appendChild(cell))
    }
  }
  const fill = () => cells.forEach((cell, n) => (cell.textContent = 'row ' + Math.round(s.scrollTop / 32 + n) + ' of many'))
  fill()
  s.addEventListener('scroll', fill)
  globalThis.write = async (ms) => {
    for (const end = Date.now() + ms; Date.now() < end; await new Promise((done) => setTimeout(done, 20)))
      for (let k = 0; k < 6; k++) cells[Math.floor(Math.random() * cells.length)].textContent = String(Math.random() * 1000)
  }</script>`

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

    const wheel = (over: Page) => async () => {
      await over.mouse.move(700, 400)
      for (const end = Date.now() + seconds * 1000 - 200; Date.now() < end; ) {
        await over.mouse.wheel(0, 1600)
        await over.waitForTimeout(16)
      }
    }
    const bare = await context.newPage()
    const bareCdp = await context.newCDPSession(bare)
    await bareCdp.send('Performance.enable', { timeDomain: 'threadTicks' })
    const empty = await watch(bare, bareCdp, seconds * 1000, async () => {})
    await bare.setContent(BARE)
    const bareLive = await watch(bare, bareCdp, seconds * 1000, () => bare.evaluate((ms) => (globalThis as any).write(ms), seconds * 1000))
    const bareScroll = await watch(bare, bareCdp, seconds * 1000, wheel(bare))
    await bare.close()
    await page.bringToFront()
    const idle = await watch(page, cdp, seconds * 1000, async () => {})
    const live = await watch(page, cdp, seconds * 1000, async () => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
        await owner.query(`update ws_main.bench_web set n1 = random() * 1000, n2 = random() * 1000 where id = any ($1)`, [
          Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * 22)),
        ])
        await new Promise((done) => setTimeout(done, 20))
      }
    })
    const scroll = await watch(page, cdp, seconds * 1000, wheel(page))
    const say = (name: string, one: typeof idle, besideName: string, beside: typeof idle) =>
      figures.push({
        name,
        value: `${one.cpuPerFrame.toFixed(2)} ms of main thread a frame, ${(one.dropped * 100).toFixed(0)} % of frames dropped`,
        goal: '',
        note: `${besideName}: ${beside.cpuPerFrame.toFixed(2)} ms, ${(beside.dropped * 100).toFixed(0)} % dropped; ${((one.cpuPerFrame * one.fps) / 10).toFixed(0)} % of a core, longest task ${Math.round(one.longest)} ms`,
      })
    say('idle page', idle, 'an empty page', empty)
    say('live, up to 50 writes/s into the window', live, 'as many writes to bare elements', bareLive)
    say('fast scroll over the table', scroll, 'the same over bare elements', bareScroll)

    await page.locator('[role=grid]').focus()
    await page.keyboard.press('Control+Home')
    await page.waitForSelector('.tm-row[aria-rowindex="2"]:not([data-ghost])')
    const begun = performance.now()
    await page.keyboard.press('Control+End')
    await page.waitForSelector(`.tm-row[aria-rowindex="${rows + 1}"]:not([data-ghost])`)
    figures.push({
      name: 'Ctrl+End to the last row filled',
      value: `${Math.round(performance.now() - begun)} ms`,
      goal: '',
      note: `of ${rows.toLocaleString('en')} rows`,
    })

    await page.goto(`${server.url}/w/main/bench_web`)
    await page.waitForSelector('.tm-relation[data-ready] .tm-row')
    await page.waitForTimeout(1500)
    const took: number[] = []
    let lost = 0
    for (let k = 0; k < samples; k++) {
      const value = `mark ${k}`
      const seen = page.evaluate(
        (wanted) =>
          new Promise<number | null>((done) => {
            // A cell that never changes must not keep the bench for ever.
            setTimeout(() => done(null), 10_000)
            const look = () =>
              document.querySelector('.tm-row[aria-rowindex="6"] [aria-colindex="8"]')?.textContent === wanted
                ? done(Date.now())
                : requestAnimationFrame(look)
            look()
          }),
        value,
      )
      const committed = await owner.query('update ws_main.bench_web set name = $1 where id = 5', [value]).then(() => Date.now())
      const at = await seen
      if (at === null) lost++
      else took.push(at - committed)
      await page.waitForTimeout(120)
    }
    took.sort((a, b) => a - b)
    figures.push({
      name: 'commit to the cell on the screen',
      value: `p50 ${took[took.length >> 1]} ms, p99 ${took[Math.floor(took.length * 0.99)]} ms`,
      goal: '< 1000',
      note: `${samples} commits, one after the other${lost ? `; ${lost} did not come within 10 s` : ''}`,
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
