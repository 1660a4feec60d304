/**
 * `npm run bench -- capture`: what live queries cost the writers of a table. Throughput of single-row inserts as ratio to the same
 * table without capture, in interleaved rounds; medians. Called by scripts/bench.mjs, or alone:
 * DATABASE_URL=… node scripts/bench/capture.ts [--seconds 2] [--rounds 3]
 *
 * Writes tables bench_capture_* into workspace main. `durable`: as the server
 * commits (with fsync on: to the disk); `free`: synchronous_commit off, so that only CPU counts. Both with the pump at work.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { urlFor } from '../../server/db.ts'
import { startPump } from '../../server/live/pump.ts'
import { makeLog } from '../../server/log.ts'

export interface Figure {
  name: string
  value: string
  goal: string
  note: string
}
interface Options {
  databaseUrl: string
  secret?: string
  seconds?: number
  rounds?: number
}

const COLUMNS = '(id bigserial primary key, k int, amount numeric, note text)'
const insert = (table: string) => `insert into ws_main.${table} (k, amount, note) values (1, 2.5, 'some note of a person')`
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

export async function benchCapture({ databaseUrl, secret = '', seconds = 0.4, rounds = 7 }: Options): Promise<Figure[]> {
  const login = (role: string) => ({ connectionString: urlFor(databaseUrl, role, secret) })
  const admin = new pg.Pool({ ...login('app_owner'), max: 2 })
  const writers = new pg.Pool({ ...login('app_authenticator'), max: 32, options: '-c role=ws_main' })
  const watched = 'bench_capture_watched'
  const tables = ['bench_capture_none', 'bench_capture_unwatched', watched, 'bench_capture_notify']
  await admin.query('set role ws_main')
  const figures: Figure[] = []
  const pump = startPump(login('app_scheduler'), makeLog('silent'))
  try {
    for (const table of tables)
      await admin.query(`set role ws_main; drop table if exists ws_main.${table}; create table ws_main.${table} ${COLUMNS}; reset role`)
    await admin.query(`create or replace function app_private.bench_notify() returns trigger language plpgsql security definer as $$ begin perform pg_notify('bench_channel', new.id::text); return null; end $$;
      grant execute on function app_private.bench_notify() to ws_main; set role ws_main; create trigger a after insert on ws_main.bench_capture_notify for each row execute function app_private.bench_notify(); reset role`)
    await admin.query(`insert into app_private.live_watches values ('ws_main', $1, gen_random_uuid(), now() + interval '1 hour')`, [
      watched,
    ])
    pump.poke()
    for (let tries = 0; tries < 100; tries++) {
      const { rows } = await admin.query(`select 1 from pg_trigger where tgrelid = $1::regclass and tgname = '_900_live_insert'`, [
        `ws_main.${watched}`,
      ])
      if (rows.length) break
      await sleep(100)
    }
    for (const mode of ['durable', 'free'] as const)
      for (const clients of [8, 32]) {
        const rates = new Map<string, number[]>(tables.map((table) => [table, []]))
        for (let round = 0; round < rounds; round++)
          for (const table of tables) rates.get(table)!.push(await load(writers, table, clients, seconds, mode))
        const base = rates.get('bench_capture_none')!
        const ratio = (table: string) => median(rates.get(table)!.map((rate, i) => rate / base[i]!)).toFixed(2)
        const goal = clients === 8 ? '≥ 0.90' : '≥ 0.60'
        const note = `${Math.round(median([...base]))} tx/s without`
        figures.push({ name: `${clients} writers, ${mode}: nobody watches`, value: ratio('bench_capture_unwatched'), goal: '≥ 0.97', note })
        figures.push({ name: `${clients} writers, ${mode}: watched, with pump`, value: ratio(watched), goal, note })
        const notify = rates.get('bench_capture_notify')!
        figures.push({
          name: `${clients} writers, ${mode}: watched, as ratio to NOTIFY in the trigger`,
          value: median(rates.get(watched)!.map((rate, i) => rate / notify[i]!)).toFixed(2),
          goal: '-',
          note: 'how many times as many transactions',
        })
        figures.push({ name: `${clients} writers, ${mode}: NOTIFY in the trigger`, value: ratio('bench_capture_notify'), goal: '-', note })
      }
  } finally {
    await admin.query(`delete from app_private.live_watches where rel = $1`, [watched]).catch(() => {})
    await pump.stop()
    for (const table of tables) await admin.query(`set role ws_main; drop table if exists ws_main.${table}; reset role`).catch(() => {})
    await admin.query('drop function if exists app_private.bench_notify()').catch(() => {})
    await Promise.all([admin.end(), writers.end()])
  }
  return figures
}

/** Single-row inserts of `clients` connections for some time. @returns transactions per second. */
async function load(pool: pg.Pool, table: string, clients: number, seconds: number, mode: 'durable' | 'free'): Promise<number> {
  const all = await Promise.all(Array.from({ length: clients }, () => pool.connect()))
  await Promise.all(all.map((client) => client.query(`set role ws_main; set synchronous_commit = ${mode === 'free' ? 'off' : 'on'}`)))
  const until = performance.now() + seconds * 1000
  let done = 0
  const text = insert(table)
  const work = all.map(async (client) => {
    while (performance.now() < until) {
      await client.query(text)
      done++
    }
  })
  try {
    await Promise.all(work)
  } finally {
    await Promise.allSettled(work)
    for (const client of all) client.release()
  }
  return done / seconds
}

if (import.meta.main) {
  const option = (name: string) => process.argv[process.argv.indexOf(`--${name}`) + 1]
  const number = (name: string) => (process.argv.includes(`--${name}`) ? { [name]: Number(option(name)) } : {})
  console.table(
    await benchCapture({
      databaseUrl: process.env.DATABASE_URL!,
      secret: process.env.TIDEMARK_SECRET ?? '',
      ...number('seconds'),
      ...number('rounds'),
    }),
  )
}
