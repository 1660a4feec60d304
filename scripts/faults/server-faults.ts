/**
 * What the server itself runs out of or is told wrongly: connections, the time of day. Called through singles.ts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sleep, until } from './random.ts'
import type { Options, Verdict } from './singles.ts'
import type { World } from './world.ts'

/** Longer than the pool lets anybody wait for a connection (server/db.ts: 10 s). */
const ANSWER_MS = 15_000

/** All connections of the API are held by uploads that go on: others get an answer that says so, and all is well afterwards. */
export async function exhaustedPool(world: World): Promise<Verdict> {
  const broken: string[] = []
  await world.killServer()
  await world.startServer({ POOL_SIZE: '3' })
  const ends = new AbortController()
  async function* held() {
    yield Buffer.from('n\n1\n')
    while (!ends.signal.aborted) {
      await sleep(300)
      yield Buffer.from('2\n')
    }
  }
  const uploads = Array.from({ length: 3 }, (_, i) =>
    world
      .request(`/upload-file?table=held_${i}`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: held() as never,
        duplex: 'half',
      })
      .then((reply) => reply.status),
  )
  await until(
    async () =>
      (await world.sql(`select from pg_stat_progress_copy`)).length >= 3 ||
      (await world.sql(`select from app_public.uploads where state = 'running'`)).length >= 3,
    10_000,
  )
  await sleep(500)
  const from = performance.now()
  const [rest, health] = await Promise.all([
    world
      .request('/rest/relations', { signal: AbortSignal.timeout(ANSWER_MS * 2) })
      .then(async (reply) => ({ status: reply.status, text: await reply.text(), ms: performance.now() - from })),
    world.request('/healthz').then((reply) => reply.status),
  ])
  if (rest.status !== 503 || rest.ms > ANSWER_MS)
    broken.push(`with no connection free REST answers ${rest.status} after ${Math.round(rest.ms)} ms: ${rest.text.slice(0, 200)}`)
  if (health !== 200) broken.push(`/healthz answers ${health} though all is well`)
  ends.abort()
  const statuses = await Promise.all(uploads)
  if (statuses.some((status) => status !== 201)) broken.push(`the uploads that held the connections end with ${statuses.join(', ')}`)
  const after = await world.graphql('{ uploads(first: 1) { nodes { id } } }').then(
    () => true,
    () => false,
  )
  if (!after) broken.push('GraphQL does not work afterwards')
  await world.sql('drop table if exists ws_main.held_0, ws_main.held_1, ws_main.held_2')
  await world.killServer()
  await world.startServer({ POOL_SIZE: '' })
  return {
    broken,
    said: `3 of 3 connections held: REST answers ${rest.status} after ${(rest.ms / 1000).toFixed(1)} s, health ${health}; afterwards all well`,
  }
}

/**
 * The server's clock goes a day forward and two days back while it works: tokens, uploads, refreshes, schedules and live queries
 * must not mind. Node's clock only, by a module loaded before the server: PostgreSQL takes its time from the system, which only
 * libfaketime could bend for it; what depends on its date are the partitions, asked for here.
 */
export async function clockSteps(world: World, { quick }: Options): Promise<Verdict> {
  const broken: string[] = []
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-clock-'))
  const file = path.join(folder, 'offset')
  const preload = path.join(folder, 'clock.mjs')
  writeFileSync(file, '0')
  writeFileSync(
    preload,
    `import { readFileSync } from 'node:fs'
const real = Date.now
let offset = 0
setInterval(() => (offset = Number(readFileSync(${JSON.stringify(file)}, 'utf8'))), 100).unref()
const Real = Date
globalThis.Date = class extends Real { constructor(...a) { a.length ? super(...a) : super(real() + offset) } static now() { return real() + offset } }
`,
  )
  await world.killServer()
  await world.startServer({ NODE_ARGS: `--import ${preload}` })
  const HOUR = 3_600_000
  const works = async (what: string) => {
    const from = performance.now()
    const reply = await world.request('/upload-file?table=clocked&mode=replace', {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'n\n1\n2\n',
    })
    if (reply.status !== 201) broken.push(`${what}: an upload is answered with ${reply.status} ${await reply.text()}`)
    const { refreshMatview } = await world
      .graphql('mutation { refreshMatview(input: { name: "clock_view" }) { event { id } } }')
      .catch((error) => {
        broken.push(`${what}: a refresh fails: ${error.message}`)
        return { refreshMatview: { event: null } }
      })
    void refreshMatview
    if (performance.now() - from > 15_000) broken.push(`${what}: upload and refresh took ${Math.round(performance.now() - from)} ms`)
  }
  try {
    await world.request('/upload-file?table=clocked&mode=replace', {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'n\n1\n',
    })
    await world.graphql(
      'mutation { createMatview(input: { name: "clock_view", definition: "select count(*) as n, clock_timestamp() as at from clocked", schedule: "1 seconds", notifyWhen: ALWAYS }) { matview { id } } }',
    )
    const runs = async () =>
      (
        await world.sql<{ n: number }>(
          `select count(*)::int as n from app_public.runs where matview_name = 'clock_view' and reason = 'schedule'`,
        )
      )[0]!.n
    for (const [what, offset] of [
      ['an hour forward', HOUR],
      ['a day forward', 25 * HOUR],
      ['two days back', -24 * HOUR],
      ['right again', 0],
    ] as const) {
      const before = await runs()
      writeFileSync(file, String(offset))
      await sleep(300)
      await works(what)
      if ((await until(async () => (await runs()) > before, 10_000, 200)) === null)
        broken.push(`${what}: the schedule of 1 second did not run for 10 s`)
      if (quick) continue
      await sleep(2000)
    }
    const [days] = await world.sql<{ ahead: number; yesterday: boolean }>(
      `select (select count(*)::int from generate_series(current_date, current_date + 3, interval '1 day') d
                where to_regclass('app_public.matview_refresh_events_' || to_char(d, 'YYYYMMDD')) is not null) as ahead`,
    )
    if (days!.ahead < 4)
      broken.push(
        `only ${days!.ahead} of the 4 partitions from today on are there: PostgreSQL's clock one day forward would fail every refresh`,
      )
    return {
      broken,
      said: 'Node one hour and a day forward, two days back: uploads, refreshes and a schedule of 1 s go on; partitions for 3 days ahead are there. PostgreSQL’s own clock: not stepped',
    }
  } finally {
    await world.graphql('mutation { dropMatview(input: { name: "clock_view" }) { clientMutationId } }').catch(() => {})
    await world.sql('drop table if exists ws_main.clocked cascade')
    await world.killServer()
    await world.startServer({ NODE_ARGS: '' })
    rmSync(folder, { recursive: true, force: true })
  }
}
