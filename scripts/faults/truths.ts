/**
 * What must hold whatever was killed, asked of the database as superuser and of the consumers. Each returns what is wrong, as
 * sentences; none: all is well. Called by kills.ts after each kill.
 */
import os from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { Book, Upload } from './load.ts'
import { until } from './random.ts'
import type { followEvents, receiveWebhooks, followLive } from './watchers.ts'
import type { World } from './world.ts'

/**
 * The promise: live clients are right again 2 s after /healthz is. With more work than cores everything takes that much longer; with
 * far more the time says nothing, and only that they become right is asked.
 */
function liveLimit(): number {
  const busy = os.loadavg()[0]! / os.availableParallelism()
  return busy > 3 ? Number.POSITIVE_INFINITY : 2000 * Math.max(1, busy)
}
const DELIVERY_MS = 20_000

/** Whole or not at all; and whole if it was acknowledged. */
const judge = (kind: string, { name, rows, answer }: Upload, found: number | null): string[] => {
  if (found === rows && answer !== 'refused') return []
  if (found === null || found === 0) return answer === 'acknowledged' ? [`${kind} ${name} was acknowledged and is lost`] : []
  return [`${kind} ${name}: ${found} of ${rows} rows are there (${answer})`]
}

export async function uploadsHold(world: World, book: Book): Promise<string[]> {
  const wrong: string[] = []
  const tables = new Map(
    (
      await world.sql<{ name: string; rows: number }>(
        `select c.relname as name, (xpath('/row/n/text()', query_to_xml(format('select count(distinct n) as n from ws_main.%I', c.relname), false, true, '')))[1]::text::int as rows
           from pg_class c where c.relnamespace = 'ws_main'::regnamespace and c.relkind = 'r' and c.relname like 'up\\_%'`,
      )
    ).map(({ name, rows }) => [name, rows]),
  )
  for (const upload of book.tables) {
    upload.looks++
    wrong.push(...judge('table', upload, tables.get(upload.name) ?? null))
    tables.delete(upload.name)
  }
  for (const name of tables.keys()) wrong.push(`the table ${name} is there and nobody has sent it`)
  const batches = new Map(
    (await world.sql<{ batch: number; n: number }>('select batch, count(distinct n)::int as n from ws_main.appended group by batch')).map(
      ({ batch, n }) => [String(batch), n],
    ),
  )
  for (const batch of book.batches) {
    batch.looks++
    wrong.push(...judge('batch', batch, batches.get(batch.name) ?? null))
  }
  const [lost] = await world.sql<{ n: number }>(
    'select count(*)::int as n from unnest($1::int[]) u (id) where not exists (select from ws_main.base b where b.id = u.id)',
    [book.rows],
  )
  if (lost!.n > 0) wrong.push(`${lost!.n} rows that REST acknowledged are lost`)
  const leftover = await world.sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'ws_main'::regnamespace and relkind = 'r' and relname !~ '^(up_\\d+|base|appended|_live_changes)$'`,
  )
  for (const { name } of leftover) wrong.push(`something has left the table ${name} behind`)
  return wrong
}

export async function eventsHold(world: World, book: Book, consumer: ReturnType<typeof followEvents>, from: string): Promise<string[]> {
  const wrong: string[] = []
  // Gapless: over the installation the ids are one after the other; the consumer gets each of its workspace once, in order.
  const events = await world.sql<{ id: string; workspace: string | null }>(
    'select id, workspace from app_public.matview_refresh_events order by id',
  )
  const gap = events.findIndex(({ id }, i) => i > 0 && BigInt(id) !== BigInt(events[i - 1]!.id) + 1n)
  if (gap > 0) wrong.push(`after event ${events[gap - 1]!.id} comes ${events[gap]!.id}`)
  const ids = new Set(events.map(({ id }) => id))
  for (const id of book.events) if (!ids.has(id)) wrong.push(`the event ${id} was answered to a refresh and is lost`)
  const own = events.filter(({ id, workspace }) => workspace === 'main' && BigInt(id) > BigInt(from)).map(({ id }) => id)
  await until(() => consumer.seen.length >= own.length, 5000)
  if (!isDeepStrictEqual(consumer.seen, own.slice(0, consumer.seen.length)) || consumer.seen.length < own.length)
    wrong.push(
      `SSE has seen ${consumer.seen.length} events of ${own.length}, first difference at ${consumer.seen.findIndex((id, i) => id !== own[i])}`,
    )
  if (consumer.resets() > 0) wrong.push(`SSE was told ${consumer.resets()} times to begin anew`)
  return wrong
}

/** Rows of a view, each with how often it is there. */
type Rows = Map<string, number>

/**
 * The changes of the events after `from`, put onto the rows as they were then, make exactly the view. In one statement, one snapshot:
 * schedules go on. @returns how many rows differ; the rows and the last event, to go on from
 */
async function replay(world: World, view: string, rows: Rows, from: string): Promise<{ wrong: number; rows: Rows; last: string }> {
  const found = await world.sql<{ last: string; sign: number; row: object }>(
    `select null as last, x.sign, x.row from app_public.matview_refresh_events e join app_public.matview_refresh_changes c on c.refresh_id = e.refresh_id
            cross join lateral (values (-1, c.old), (1, c.new)) x (sign, row)
      where e.workspace = 'main' and e.matview_name = $1 and e.id > $2 and x.row is not null
     union all select null, 0, to_jsonb(v) from ws_main.${view} v
     union all select coalesce(max(e.id), $2)::text, 0, null from app_public.matview_refresh_events e`,
    [view, from],
  )
  const next = new Map(rows)
  const there: Rows = new Map()
  let last = from
  for (const one of found) {
    if (!one.row) {
      last = one.last
      continue
    }
    const [of, n] = one.sign === 0 ? [there, 1] : [next, one.sign]
    const text = JSON.stringify(one.row, Object.keys(one.row).sort())
    const count = (of.get(text) ?? 0) + n
    if (count === 0) of.delete(text)
    else of.set(text, count)
  }
  const all = new Set([...next.keys(), ...there.keys()])
  return { wrong: [...all].filter((text) => next.get(text) !== there.get(text)).length, rows: next, last }
}
const differing = (view: string, wrong: number) =>
  wrong === 0 ? [] : [`${view}: replaying its changes gives ${wrong} rows that differ from the view`]

/** All changes from the first event on, one after the other, make exactly the view. */
export const diffsReplay = async (world: World, view: 'by_group' | 'marks_all'): Promise<string[]> =>
  differing(view, (await replay(world, view, new Map(), '0')).wrong)

/** The same, each time from where it held the last time: two hundred kills leave hundreds of thousands of changes. */
export function followDiffs(world: World, view: 'by_group' | 'marks_all'): () => Promise<string[]> {
  let known: Rows = new Map()
  let last = '0'
  return async () => {
    const now = await replay(world, view, known, last)
    if (now.wrong === 0) [known, last] = [now.rows, now.last]
    return differing(view, now.wrong)
  }
}

/**
 * One more write at once: the client must come back and show it by itself; and when the load has ended (`quiet`), exactly what the
 * query gives. @returns what is wrong, and the ms from `since` until it showed the write
 */
export async function liveHolds(
  world: World,
  client: ReturnType<typeof followLive>,
  { id, since, awayMs, quiet }: { id: number; since: number; awayMs: number; quiet: Promise<void> },
): Promise<{ wrong: string[]; ms: number }> {
  const reply = await world.request('/rest/base', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, grp: 1, note: 'after the kill' }),
  })
  if (reply.status !== 201) return { wrong: [`after the recovery a write is answered with ${reply.status}: ${await reply.text()}`], ms: 0 }
  await until(() => client.nodes()?.some((node) => Number(node.id) === id) ?? false, Math.max(10_000, awayMs), 5)
  const ms = performance.now() - since
  await quiet
  const want = await world.sql('select id, note from ws_main.base order by id desc limit 20')
  const same = () =>
    isDeepStrictEqual(
      client.nodes()?.map(({ id, note }) => ({ id, note })),
      want,
    )
  if ((await until(same, Math.max(10_000, awayMs), 5)) === null)
    return { wrong: [`the live client is still wrong (${client.history(since)}, ${JSON.stringify(client.failure())})`], ms }
  return {
    wrong: ms > liveLimit() ? [`the live client was right only ${Math.round(ms)} ms after /healthz was (${client.history(since)})`] : [],
    ms,
  }
}

export async function deliveriesDone(
  world: World,
  receiver: Awaited<ReturnType<typeof receiveWebhooks>>,
  from: string,
): Promise<{ wrong: string[]; ms: number }> {
  const wanted = async () =>
    (
      await world.sql<{ id: string }>(
        `select 'evt_' || e.id || '_' || h.id as id from app_public.matview_refresh_events e, app_public.webhooks h where e.workspace = 'main' and e.id > $1`,
        [from],
      )
    ).map(({ id }) => id)
  const missing = async () => (await wanted()).filter((id) => !receiver.ids.has(id))
  const ms = await until(async () => (await missing()).length === 0, DELIVERY_MS, 50)
  if (ms === null) {
    const state = await world.sql(
      `select to_jsonb(x) as x from (select now(), (select array_agg(to_jsonb(w)) from app_private.workers w) as workers, retry_at, failures,
              (select array_agg(jsonb_build_object('run_at', run_at, 'locked_by', locked_by, 'locked_at', locked_at, 'attempts', attempts, 'error', last_error)) from graphile_worker._private_jobs) as jobs,
              (select array_agg(to_jsonb(q)) from graphile_worker._private_job_queues q) as queues from app_public.webhooks) x`,
    )
    return {
      wrong: [`${(await missing()).length} deliveries are missing after ${DELIVERY_MS / 1000} s: ${JSON.stringify(state)}`],
      ms: DELIVERY_MS,
    }
  }
  const known = new Set(await wanted())
  const strange = [...receiver.ids.keys()].filter((id) => !known.has(id))
  return { wrong: strange.length > 0 ? [`deliveries of events that do not exist: ${strange.slice(0, 5).join(', ')}`] : [], ms }
}

/** Nothing stays behind in the server: transactions that nobody ends, locks that nobody gives back. */
export async function nothingHangs(world: World): Promise<string[]> {
  const hanging = () =>
    world.sql<{ query: string }>(
      `select left(query, 80) as query from pg_stat_activity where state like 'idle in transaction%' and state_change < now() - interval '2 seconds' and datname = current_database()`,
    )
  await until(async () => (await hanging()).length === 0, 3000, 200)
  const left = await hanging()
  return left.length > 0 ? [`${left.length} transactions hang: ${left[0]!.query}`] : []
}
