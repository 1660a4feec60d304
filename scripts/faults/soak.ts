/**
 * Minutes of ordinary work at once: uploads, edits, refreshes every 5 seconds, 300 live clients, listeners that come and go. What grows
 * must not: memory of the server and of PostgreSQL, connections, tables, latency. Called by faults.ts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { makeChance, sleep, until } from './random.ts'
import type { Verdict } from './singles.ts'
import { followEvents, watchLive } from './watchers.ts'
import { memoryOf, startWorld, type World } from './world.ts'

const CLIENTS = 300
const ROWS = 20_000
const QUERIES = 20

export interface Sample {
  minute: number
  serverMb: number
  postgresMb: number
  connections: number
  /** Bytes of the tables that change all the time, and of those whose rows come and go. */
  tablesMb: number
  bookMb: number
  liveP50: number
  liveP95: number
  uploadMs: number
  events: number
  /** Of the machine: what others do to it is no fault of ours. */
  load: number
}

/** Private memory of all PostgreSQL processes (Pss would need root on some machines): resident minus shared. */
function postgresMemory(postmaster: number): number {
  let pages = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (Number(pid) !== postmaster && !readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.startsWith(`S ${postmaster} `)) continue
      const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number)
      pages += resident! - shared!
    } catch {
      // it has ended
    }
  return (pages * 4096) / 2 ** 20
}

async function prepare(world: World): Promise<void> {
  await world.sql(`set role ws_main; create table ws_main.items (id int primary key, grp int, score int, sent bigint, note text);
    insert into ws_main.items select g, g % ${QUERIES}, (g * 7919) % 1000000, 0, 'row ' || g from generate_series(1, ${ROWS}) g;
    create index on ws_main.items (grp, score desc, id); reset role`)
  await world.graphql(
    `mutation { createMatview(input: { name: "by_grp", definition: "select grp, count(*) as n, max(score) as top, sum(sent) as sent from items group by grp", key: ["grp"], schedule: "5 seconds", notifyWhen: CHANGED }) { matview { id } } }`,
  )
}

export async function runSoak({ minutes, seed, say }: { minutes: number; seed: number; say: (text: string) => void }): Promise<Verdict> {
  const chance = makeChance(seed)
  const world = await startWorld(say)
  const samples: Sample[] = []
  const faults = new Map<string, number>()
  const fault = (what: string) => faults.set(what, (faults.get(what) ?? 0) + 1)
  const latencies: number[] = []
  const uploads: number[] = []
  let stopped = false
  try {
    await prepare(world)
    const query = (grp: number) =>
      `subscription { itemsLive(first: 20, orderBy: SCORE_DESC, filter: { grp: { equalTo: ${grp} } }) { nodes { nodeId id score sent } } }`
    const clients: ReturnType<typeof watchLive>[] = []
    for (let i = 0; i < CLIENTS; i += 30) {
      for (let k = i; k < i + 30; k++) clients.push(watchLive(world, query(k % QUERIES)))
      if ((await until(() => clients.every((one) => one.nodes() !== null), 60_000)) === null)
        return { broken: ['not all live clients begin'], said: '' }
    }
    say(`${CLIENTS} live clients`)

    const actor = async (everyMs: number, work: () => Promise<unknown>) => {
      while (!stopped) {
        const from = performance.now()
        await work().catch((error) => fault(String(error.message ?? error).slice(0, 120)))
        await sleep(Math.max(0, everyMs - (performance.now() - from)))
      }
    }
    let uploaded = 0
    const actors = [
      actor(2000, async () => {
        const from = performance.now()
        const rows = Array.from({ length: 2000 }, (_, i) => `${i},word ${i},2024-01-01`).join('\n')
        const reply = await world.request(`/upload-file?table=soak_${uploaded++ % 5}&mode=replace`, {
          method: 'POST',
          headers: { 'content-type': 'text/csv' },
          body: `n,word,day\n${rows}\n`,
        })
        if (reply.status !== 201) fault(`an upload is answered with ${reply.status}`)
        uploads.push(performance.now() - from)
      }),
      // An edit that every client of its group sees: the latency is from sending it to having it.
      actor(250, async () => {
        const grp = chance.int(0, QUERIES - 1)
        const watcher = clients[grp]!
        const top = watcher.nodes()?.[chance.int(0, 19)]
        if (!top) return fault('a live client has no rows')
        const sent = Math.floor(performance.now() * 1000)
        const from = performance.now()
        const reply = await world.request(`/rest/items?id=eq.${top.id}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sent }),
        })
        if (!reply.ok) return fault(`an edit is answered with ${reply.status}`)
        const seen = await until(() => watcher.nodes()?.some((node) => Number(node.sent) === sent) ?? false, 10_000, 2)
        if (seen === null) fault('an edit was not seen within 10 s')
        else latencies.push(performance.now() - from)
      }),
      actor(100, async () => {
        const id = chance.int(1, ROWS)
        await world.request(`/rest/items?id=eq.${id}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ score: chance.int(0, 1_000_000) }),
        })
      }),
      actor(0, async () => {
        const listener = followEvents(world, '0')
        await sleep(chance.int(500, 4000))
        await listener.close()
      }),
      actor(0, async () => {
        const visitor = watchLive(world, query(chance.int(0, QUERIES - 1)))
        await sleep(chance.int(300, 3000))
        visitor.close()
      }),
    ]

    const began = performance.now()
    const rank = (list: number[], part: number) => Math.round(list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) * part)] ?? 0)
    const steps = Math.max(6, Math.round(minutes * 2))
    for (let step = 0; step <= steps; step++) {
      if (step > 0) await sleep((minutes * 60_000) / steps)
      const [facts] = await world.sql<{ connections: number; tables: number; book: number; events: number }>(
        `select (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
                (select sum(pg_total_relation_size(oid))::float8 / 1048576 from pg_class where relkind in ('r', 'm') and relnamespace in ('ws_main'::regnamespace, 'app_shadow'::regnamespace)) as tables,
                (select sum(pg_total_relation_size(oid))::float8 / 1048576 from pg_class where relkind in ('r', 'm') and relnamespace in ('app_private'::regnamespace, 'graphile_worker'::regnamespace)) as book,
                (select count(*)::int from app_public.matview_refresh_events) as events`,
      )
      samples.push({
        minute: Math.round((performance.now() - began) / 6000) / 10,
        serverMb: Math.round(memoryOf(world.serverPid())),
        postgresMb: Math.round(postgresMemory(world.postgresPid())),
        connections: facts!.connections,
        tablesMb: Math.round(facts!.tables * 10) / 10,
        bookMb: Math.round(facts!.book * 10) / 10,
        liveP50: rank(latencies, 0.5),
        liveP95: rank(latencies, 0.95),
        uploadMs: rank(uploads, 0.5),
        events: facts!.events,
        load: Math.round(os.loadavg()[0]! * 10) / 10,
      })
      latencies.length = uploads.length = 0
      if (step % Math.ceil(steps / 6) === 0) say(JSON.stringify(samples.at(-1)))
    }
    stopped = true
    await Promise.all(actors)
    for (const client of clients) client.close()
    return judge(samples.slice(1), faults)
  } finally {
    stopped = true
    await world.close()
  }
}

/** What the server's pools may have at most: API 20, owner 8, worker 10, and those that stay open (LISTEN, pump, ticker, locks, ours). */
const MOST_CONNECTIONS = 50

/**
 * Flat: the median of the last third against that of the first, whose start (caches, compiled code, first vacuums) is left out.
 * Latency may grow as the machine's load does.
 */
export function judge(samples: Sample[], faults: Map<string, number>): Verdict {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const middleOf = (part: Sample[], of: keyof Sample) => part.map((one) => one[of]).toSorted((a, b) => a - b)[part.length >> 1] ?? 0
  const [start, middle, end] = [samples.slice(0, third), samples.slice(third, -third), samples.slice(-third)]
  const broken = [...faults].map(([what, times]) => `${times} times: ${what}`)
  const row = (of: keyof Sample, unit: string) =>
    `${of} ${[start, middle, end].map((part) => Math.round(middleOf(part, of) * 10) / 10).join(' → ')}${unit}`
  const flat = (of: keyof Sample, factor: number, slack: number) => {
    if (middleOf(end, of) > middleOf(start, of) * factor + slack)
      broken.push(`${of} grew from ${middleOf(start, of).toFixed(1)} to ${middleOf(end, of).toFixed(1)}`)
  }
  flat('serverMb', 1.25, 30)
  flat('postgresMb', 1.25, 30)
  if (middleOf(end, 'connections') > MOST_CONNECTIONS)
    broken.push(`${middleOf(end, 'connections')} connections: more than the pools may have`)
  flat('tablesMb', 1.3, 10)
  flat('bookMb', 1.3, 10)
  const busier = Math.max(1, middleOf(end, 'load') / Math.max(1, middleOf(start, 'load')))
  flat('liveP50', 1.5 * busier, 50)
  flat('uploadMs', 1.5 * busier, 100)
  const said = [
    row('serverMb', ' MB'),
    row('postgresMb', ' MB'),
    row('connections', ''),
    row('tablesMb', ' MB'),
    row('bookMb', ' MB'),
    row('liveP50', ' ms'),
    row('liveP95', ' ms'),
    row('uploadMs', ' ms'),
    row('load', ''),
  ].join('; ')
  const verdict = broken.length === 0 ? 'flat' : 'NOT flat'
  const text = `start → middle → end of ${samples.at(-1)!.minute} minutes: ${said}; ${samples.at(-1)!.events} events: ${verdict}`
  return { broken: broken.length > 0 ? [...broken, text] : [], said: text }
}
