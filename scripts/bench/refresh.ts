/**
 * `npm run bench -- refresh [--rows 100000] [--rounds 7]`: what a refresh with its diff and event costs, as ratios to a plain
 * REFRESH of the same view and to REFRESH CONCURRENTLY (which yields no diff), 1 % of the rows changed before each. The view is
 * a cheap projection: the worst case, since the cost follows the view's size and not its query. CPU is the backend's own
 * (user + system, from /proc), medians of interleaved rounds. And how late marks of a 5-second schedule come. Makes a table
 * and three views in workspace main and drops them.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { openDb } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import type { Figure } from './report.ts'

const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
/** Ticks of 10 ms that a process has used; null where /proc is not ours to read. */
const cpuTicks = (pid: number): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return null
  }
}

export async function benchRefresh({
  databaseUrl,
  secret,
  rows,
  rounds,
  marksSeconds = 75,
}: {
  databaseUrl: string
  secret: string
  rows: number
  rounds: number
  marksSeconds?: number
}): Promise<Figure[]> {
  const db = openDb({ databaseUrl, secret, poolSize: 2 }, makeLog('error'))
  const tag = `bench_${process.pid}`
  const figures: Figure[] = []
  try {
    await db.asWorkspace('main', async (client) => {
      const pid = (await client.query('select pg_backend_pid() as pid')).rows[0].pid
      await client.query(`create table ${tag} as select g as id, 0 as v, repeat('x', 100) as t from generate_series(1, ${rows}) g`)
      try {
        const select = `select id, v, t from ws_main.${tag}`
        for (const kind of ['plain', 'concurrent']) await client.query(`create materialized view ${tag}_${kind} as ${select}`)
        await client.query(`create unique index on ${tag}_concurrent (id)`)
        await client.query(`create materialized view ${tag}_tidemark as ${select} with no data`)
        await client.query(`select app_hidden.register_matview('${tag}_tidemark', $1, '{id}', null, 'changed')`, [select])
        const ways: Record<string, string> = {
          plain: `refresh materialized view ${tag}_plain`,
          concurrent: `refresh materialized view concurrently ${tag}_concurrent`,
          tidemark: `select app_hidden.refresh_matview('${tag}_tidemark')`,
        }
        for (const text of Object.values(ways)) await client.query(text)
        const wall: Record<string, number[]> = { plain: [], concurrent: [], tidemark: [] }
        const cpu: Record<string, number[]> = { plain: [], concurrent: [], tidemark: [] }
        for (let round = 0; round < rounds; round++) {
          await client.query(`update ${tag} set v = v + 1 where id % 100 = ${round % 100}`)
          for (const [way, text] of Object.entries(ways)) await measure(client, pid, text, wall[way]!, cpu[way]!)
        }
        for (const [kind, of] of [
          ['CPU', cpu],
          ['wall', wall],
        ] as const) {
          if (of.plain!.length < rounds) continue
          const ratio = (way: string) => (median(of.tidemark!) / median(of[way]!)).toFixed(2)
          const note = `${rows} rows, 1 % changed; plain ${median(wall.plain!).toFixed(0)} ms wall`
          figures.push({ name: `refresh with diff, ${kind}, relative to plain REFRESH`, value: ratio('plain'), goal: '≤ 4', note })
          figures.push({
            name: `refresh with diff, ${kind}, relative to CONCURRENTLY (no diff)`,
            value: ratio('concurrent'),
            goal: '< 1',
            note,
          })
        }
        await client.query(`select app_public.schedule_matview('${tag}_tidemark', '5 seconds')`)
        await new Promise((resolve) => setTimeout(resolve, marksSeconds * 1000))
        const { rows: runs } = await client.query<{ late: string }>(
          `select extract(epoch from started_at)::numeric % 5 * 1000 as late from app_public.runs
            where matview_name = '${tag}_tidemark' and reason = 'schedule' order by id`,
        )
        const late = runs.map((run) => Number(run.late))
        if (late.length > 0)
          figures.push({
            name: 'a mark of 5 seconds comes late by',
            value: `p50 ${median(late).toFixed(0)} ms, max ${Math.max(...late).toFixed(0)} ms`,
            goal: '–',
            note: `${late.length} marks`,
          })
      } finally {
        await client.query(`drop table ${tag} cascade`)
      }
    })
  } finally {
    await db.close()
  }
  return figures
}

async function measure(client: pg.Client, pid: number, text: string, wall: number[], cpu: number[]): Promise<void> {
  const before = cpuTicks(pid)
  const from = performance.now()
  await client.query(text)
  wall.push(performance.now() - from)
  const after = cpuTicks(pid)
  if (before !== null && after !== null) cpu.push(Math.max(1, after - before))
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '7' } } })
  const figures = await benchRefresh({
    databaseUrl: process.env.DATABASE_URL ?? '',
    secret: process.env.TIDEMARK_SECRET ?? '',
    rows: Number(values.rows),
    rounds: Number(values.rounds),
  })
  for (const { name, value, goal, note } of figures) console.log(`${name}: ${value}   (goal ${goal}; ${note})`)
  process.exit()
}
