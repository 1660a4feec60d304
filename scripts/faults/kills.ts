/**
 * Random kill -9, aimed: at the server, at PostgreSQL's first process, at the one backend at work; in the middle of a COPY, of a
 * REFRESH, of a delivery, or at any moment. After each: recovery, then all that must hold (truths.ts). Called by faults.ts.
 */
import { prepareLoad, retire, startLoad } from './load.ts'
import { type Chance, makeChance, sleep, until } from './random.ts'
import { deliveriesDone, diffsReplay, eventsHold, followDiffs, liveHolds, nothingHangs, uploadsHold } from './truths.ts'
import { followEvents, followLive, receiveWebhooks } from './watchers.ts'
import { kill, startWorld, type World } from './world.ts'

const AIMS = ['COPY', 'REFRESH', 'delivery', 'any moment'] as const
const TARGETS = ['server', 'PostgreSQL', 'backend'] as const
type Aim = (typeof AIMS)[number]
type Target = (typeof TARGETS)[number]
const AIM_MS = 4000

export interface Kill {
  number: number
  aim: Aim
  target: Target
  /** The moment aimed at came; else it was a kill at any moment. */
  hit: boolean
  /** From the kill to /healthz. */
  recoveryMs: number
  /** From there until the live client was right, and the same from the kill. */
  liveMs: number
  wallMs: number
  deliveryMs: number
  wrong: string[]
}
export interface Kills {
  kills: Kill[]
  facts: string
}

const WORK: Record<'COPY' | 'REFRESH', string> = {
  COPY: `select pid from pg_stat_progress_copy`,
  REFRESH: `select pid from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query ~* 'refresh_matview|run_schedule' and backend_type = 'client backend'`,
}

/** Waits for the moment. @returns the backend at work, or null when the moment did not come */
async function moment(
  world: World,
  aim: Aim,
  chance: Chance,
  receiver: Awaited<ReturnType<typeof receiveWebhooks>>,
): Promise<number | null> {
  if (aim === 'any moment') {
    await sleep(chance.int(50, 900))
    return null
  }
  if (aim === 'delivery') {
    let arrived = false
    receiver.onArrival(() => (arrived = true))
    await until(() => arrived, AIM_MS, 1)
    receiver.onArrival(() => {})
    if (!arrived) return null
    const [worker] = await world.sql<{ pid: number }>(
      `select pid from pg_stat_activity where usename = 'app_owner' and application_name !~ 'lives|listen' and pid <> pg_backend_pid() order by state_change desc limit 1`,
    )
    return worker?.pid ?? null
  }
  let pid: number | null = null
  await until(
    async () => {
      const [one] = await world.sql<{ pid: number }>(WORK[aim])
      pid = one?.pid ?? null
      return pid !== null
    },
    AIM_MS,
    2,
  )
  if (pid !== null) await sleep(chance.int(0, 15)) // not always at the first row
  return pid
}

export async function runKills({ kills: count, seed, say }: { kills: number; seed: number; say: (text: string) => void }): Promise<Kills> {
  const chance = makeChance(seed)
  const world = await startWorld(say)
  const receiver = await receiveWebhooks(25)
  const kills: Kill[] = []
  try {
    await prepareLoad(world, receiver.url)
    const [{ from }] = (await world.sql<{ from: string }>(
      'select coalesce(max(id), 0)::text as from from app_public.matview_refresh_events',
    )) as [{ from: string }]
    const consumer = followEvents(world, from)
    const live = followLive(world, 'subscription { basesLive(first: 20, orderBy: ID_DESC) { nodes { nodeId id note } } }')
    const load = startLoad(world, chance)
    await until(() => live.nodes() !== null, 10_000)
    await sleep(300)
    const diffs = [followDiffs(world, 'by_group'), followDiffs(world, 'marks_all')]
    // Ctrl-C: the kill that goes on is the last one, and what was seen by then is said. The second Ctrl-C ends at once.
    let enough = false
    process.once('SIGINT', () => {
      enough = true
      say('this kill is the last one')
    })
    for (let number = 1; number <= count && !enough; number++) {
      const aim = AIMS[(number - 1) % AIMS.length]!
      const target = number <= TARGETS.length ? TARGETS[number - 1]! : chance.pick(TARGETS)
      load.open()
      await sleep(chance.int(100, 1200))
      const pid = await moment(world, aim, chance, receiver).catch(() => null)
      const killedAt = performance.now()
      if (target === 'server') await world.killServer()
      else {
        if (target === 'PostgreSQL' || pid === null) world.killPostgres()
        else kill(pid)
        await world.untilCut()
      }
      const closing = load.close()
      await world.recover()
      const since = performance.now()
      const { wrong, ms: liveMs } = await liveHolds(world, live, {
        id: 1_000_000 + number,
        since,
        awayMs: since - killedAt,
        quiet: closing,
      })
      await closing
      const deliveries = await deliveriesDone(world, receiver, from)
      for (const found of [
        await uploadsHold(world, load.book),
        await eventsHold(world, load.book, consumer, from),
        ...(await Promise.all(diffs.map((hold) => hold()))),
        await nothingHangs(world),
        deliveries.wrong,
      ])
        wrong.push(...found)
      const recoveryMs = since - killedAt
      kills.push({
        number,
        aim,
        target,
        hit: aim === 'any moment' || pid !== null,
        recoveryMs,
        liveMs,
        wallMs: recoveryMs + liveMs,
        deliveryMs: deliveries.ms,
        wrong,
      })
      if (wrong.length > 0)
        say(`kill ${number} (${target} in ${aim}), seed ${seed}: ${wrong.join('; ')}\nthe server said: ${world.serverSaid()}`)
      else if (number % 10 === 0) say(`${number} of ${count} kills`)
      await retire(world, load.book)
    }
    await load.stop()
    kills.at(-1)?.wrong.push(...(await diffsReplay(world, 'by_group')), ...(await diffsReplay(world, 'marks_all')))
    await consumer.close()
    live.close()
    const { book } = load
    const acknowledged = (list: { answer: string }[]) => list.filter(({ answer }) => answer === 'acknowledged').length
    const twice = [...receiver.ids.values()].filter((n) => n > 1).length
    return {
      kills,
      facts: `${acknowledged(book.tables) + acknowledged(book.batches) + book.retired} of ${book.sent.uploads} uploads, ${book.rows.length} of ${book.sent.rows} rows by REST and ${book.events.length} of ${book.sent.refreshes} refreshes with an event acknowledged; ${consumer.seen.length} events, ${receiver.ids.size} deliveries (${twice} came twice)`,
    }
  } finally {
    await receiver.close()
    await world.close()
  }
}
