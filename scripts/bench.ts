/**
 * Runs bench programs one after the other, each in a process of its own, and puts their figures into one table. Called by bench.mjs.
 * Writes scripts/bench/RESULTS.md (not with --quick).
 *
 * Measures on a throw-away database of its own: no Tidemark need run, and yours is not touched. `--here` takes the database in
 * DATABASE_URL and TIDEMARK_SECRET, or the running one of this checkout, instead: the programs write tables bench_* into
 * workspace main there and remove them.
 */
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { asText, type Figure, rowOf, type Row, writeSection } from './bench/report.ts'
import { PROGRAMS } from './bench/programs.ts'
import { findRunning } from './launch/state.mjs'
import { ensureWeb } from './launch/web.mjs'
import { placeFor } from './postgres/place.mjs'
import { Problem, report } from './postgres/problem.mjs'
import { findPrograms } from './postgres/programs.mjs'
import { startThrowaway } from './postgres/throwaway.mjs'

const ROOT = path.join(import.meta.dirname, '..')
/** One program, everything included: more means that it hangs. */
const PATIENCE_MS = 20 * 60_000

interface Task {
  name: string
  options: Record<string, unknown>
}

/** The child: one program, its figures to the parent. */
async function runOne({ name, options }: Task): Promise<never> {
  const module = await import(`./bench/${name}.ts`)
  const [bench] = Object.entries(module)
    .find(([key]) => /^bench[A-Z]/.test(key))!
    .slice(1) as [(options: unknown) => Promise<Figure[]>]
  const figures = await bench(options)
  await new Promise((resolve) => process.send!(figures, resolve))
  process.exit()
}

async function measure(task: Task): Promise<Figure[]> {
  const child = fork(import.meta.filename, ['--task', JSON.stringify(task)], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production', GRAPHILE_ENV: 'production' },
  })
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  let figures: Figure[] | null = null
  child.once('message', (got) => (figures = got as Figure[]))
  const [code] = await once(child, 'close')
  clearTimeout(late)
  if (!figures) throw new Problem(`the bench "${task.name}" ended without figures (${code ?? 'killed'}).`, 'read the lines above.')
  return figures
}

async function database(here: boolean, say: (text: string) => void) {
  if (!here) {
    const away = await startThrowaway(ROOT, say)
    // The superuser: uploads and \copy are measured with a checkpoint before each run. Servers log in as their own roles all the same.
    return { databaseUrl: away.adminUrl, secret: away.secret, programs: away.programs, stop: () => away.stop() }
  }
  const place = await placeFor(ROOT)
  const programs = await findPrograms(place, say)
  if (process.env.DATABASE_URL && process.env.TIDEMARK_SECRET)
    return { databaseUrl: process.env.DATABASE_URL, secret: process.env.TIDEMARK_SECRET, programs, stop: async () => {} }
  return { ...findRunning(place), programs, stop: async () => {} }
}

async function facts(databaseUrl: string, load: number): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query(`select current_setting('server_version') as version, current_setting('fsync') as fsync`)
  await client.end()
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim()
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit || 'no commit'}; PostgreSQL ${rows[0].version.split(' ')[0]} (fsync ${rows[0].fsync}), Node ${process.versions.node}; ${os.cpus().length} cores (${os.cpus()[0]?.model.trim() ?? '?'}), ${Math.round(os.totalmem() / 2 ** 30)} GB; load at its start ${load.toFixed(2)}.`
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      rows: { type: 'string' },
      pairs: { type: 'string' },
      only: { type: 'string' },
      here: { type: 'boolean' },
      list: { type: 'boolean' },
    },
  })
  if (values.list) return void Object.entries(PROGRAMS).forEach(([name, { about }]) => console.log(`${name.padEnd(8)} ${about}`))
  const unknown = positionals.find((name) => !PROGRAMS[name])
  if (unknown) throw new Problem(`there is no bench "${unknown}".`, `choose from ${Object.keys(PROGRAMS).join(', ')}.`)
  for (const name of ['rows', 'pairs'] as const)
    if (values[name] !== undefined && !/^[1-9]\d*$/.test(values[name]))
      throw new Problem(`--${name} is "${values[name]}".`, `give a whole number, e.g. --${name} ${name === 'rows' ? 1_000_000 : 7}.`)
  const only = values.only?.split(',') ?? null
  const names = positionals.length > 0 ? positionals : Object.keys(PROGRAMS)
  const unknownPart = only?.find((part) => !names.some((name) => PROGRAMS[name]!.parts?.includes(part)))
  if (unknownPart !== undefined)
    throw new Problem(
      `there is no part "${unknownPart}" of ${names.join(', ')}.`,
      `choose from ${names.flatMap((name) => PROGRAMS[name]!.parts ?? []).join(', ') || 'other programs: these have no parts'}.`,
    )

  const db = await database(values.here ?? false, (text) => console.error(text))
  const all: Row[] = []
  try {
    if (names.some((name) => PROGRAMS[name]!.browser)) await ensureWeb(ROOT, process.execPath, (text: string) => console.error(text))
    for (const name of names) {
      const { rows, full = {}, quick } = PROGRAMS[name]!
      const load = os.loadavg()[0]!
      const options = {
        databaseUrl: db.databaseUrl,
        secret: db.secret,
        psql: db.programs.tools ? `${db.programs.bin}/psql` : 'psql',
        env: db.programs.env,
        ...(rows && { rows }),
        ...(values.quick ? quick : full),
        ...(values.rows && rows && { rows: Number(values.rows) }),
        ...(values.pairs && { pairs: Number(values.pairs) }),
        ...(only && { only }),
      }
      console.error(`${name}: ${PROGRAMS[name]!.about} (load ${load.toFixed(2)})`)
      try {
        const figures = (await measure({ name, options })).map(rowOf)
        all.push(...figures)
        // a part alone would replace the figures of the whole
        if (!values.quick && !only) writeSection(name, await facts(db.databaseUrl, load), figures)
      } catch (error) {
        report(error) // the others are measured all the same
        process.exitCode = 1
      }
    }
  } finally {
    await db.stop()
  }
  if (all.length > 0) console.log(`\n${asText(all)}`)
  const missed = all.filter(({ met }) => met === 'NO').length
  console.log(`\n${all.length} figures, ${missed} below their goal${values.quick ? ' (quick: too small to judge by)' : ''}`)
}

try {
  if (process.argv[2] === '--task') await runOne(JSON.parse(process.argv[3]!))
  await main()
} catch (error) {
  report(error)
  process.exitCode = 1
}
