/**
 * Runs the faults and judges. Called by faults.mjs. Prints one table; the exit code is 1 when a promise was broken. Writes nothing
 * that stays, but with --write scripts/faults/RESULTS.md.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runKills } from './faults/kills.ts'
import { SINGLES, type Verdict } from './faults/singles.ts'
import { runSoak } from './faults/soak.ts'
import { startWorld } from './faults/world.ts'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')

interface Row {
  fault: string
  verdict: 'held' | 'BROKEN' | 'SKIPPED'
  seconds: string
  said: string
}
const began = performance.now()
const say = (text: string) => console.error(`[${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s] ${text}`)

function number(text: string | undefined, name: string, standard: number): number {
  if (text === undefined) return standard
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Problem(`--${name} is "${text}".`, 'give a number.')
  return Number(text)
}

async function timed(fault: string, work: () => Promise<Verdict>): Promise<Row> {
  const from = performance.now()
  say(fault)
  const { broken, skipped, said } = await work().catch((error): Verdict => ({ broken: [String(error?.stack ?? error)], said: '' }))
  return {
    fault,
    verdict: skipped ? 'SKIPPED' : broken.length > 0 ? 'BROKEN' : 'held',
    seconds: ((performance.now() - from) / 1000).toFixed(1),
    said: skipped ?? (broken.length > 0 ? broken.join('; ') : said),
  }
}

async function killRow(kills: number, seed: number): Promise<Verdict> {
  const { kills: done, facts } = await runKills({ kills, seed, say })
  const middle = (of: 'recoveryMs' | 'liveMs' | 'wallMs' | 'deliveryMs') => {
    const sorted = done.map((one) => one[of]).sort((a, b) => a - b)
    return `p50 ${(sorted[sorted.length >> 1]! / 1000).toFixed(1)}, max ${(sorted.at(-1)! / 1000).toFixed(1)} s`
  }
  const hits = ['COPY', 'REFRESH', 'delivery'].map((aim) => `${done.filter((one) => one.aim === aim && one.hit).length} in ${aim}`)
  return {
    broken: done.flatMap(({ number, target, aim, wrong }) => wrong.map((text) => `kill ${number} (${target}, ${aim}): ${text}`)),
    said: `${done.length} kills (${hits.join(', ')}), seed ${seed}; /healthz well again ${middle('recoveryMs')} after the kill; live clients right ${middle('liveMs')} after that, ${middle('wallMs')} after the kill; deliveries done after ${middle('deliveryMs')}; ${facts}`,
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      mutations: { type: 'string' },
      soak: { type: 'string' },
      quick: { type: 'boolean' },
      write: { type: 'boolean' },
    },
  })
  const seed = number(values.seed, 'seed', Math.floor(Math.random() * 1e6))
  const quick = values.quick ?? false
  const rows: Row[] = []
  if (values.soak !== undefined) rows.push(await timed('soak', () => runSoak({ minutes: number(values.soak, 'soak', 10), seed, say })))
  else {
    const names = ['kills', ...Object.keys(SINGLES)]
    const only = values.only?.split(',') ?? (quick ? ['kills', 'exhausted', 'bomb', 'dropped', 'mutations', 'clock'] : names)
    const unknown = only.find((name) => !names.includes(name))
    if (unknown) throw new Problem(`there is no fault "${unknown}".`, `choose from ${names.join(', ')}.`)
    console.error(`seed ${seed}`)
    if (only.includes('kills')) rows.push(await timed('kill -9', () => killRow(number(values.kills, 'kills', quick ? 4 : 200), seed)))
    const singles = only.filter((name) => name !== 'kills')
    if (singles.length > 0) {
      const world = await startWorld(say)
      try {
        const options = { seed, quick, mutations: number(values.mutations, 'mutations', quick ? 150 : 10_000) }
        for (const name of singles) rows.push(await timed(SINGLES[name]!.title, () => SINGLES[name]!.run(world, options)))
      } finally {
        await world.close()
      }
    }
  }
  print(rows, seed, values.write ?? false)
}

function print(rows: Row[], seed: number, write: boolean): void {
  const width = Math.max(...rows.map(({ fault }) => fault.length))
  for (const { fault, verdict, seconds, said } of rows)
    console.log(`${fault.padEnd(width)}  ${verdict.padEnd(7)}  ${seconds.padStart(7)} s  ${said}`)
  const broken = rows.filter(({ verdict }) => verdict === 'BROKEN').length
  console.log(
    broken > 0
      ? `\n${broken} of ${rows.length} broke a promise; again with --seed ${seed}`
      : `\n${rows.length} faults, every promise held (seed ${seed})`,
  )
  if (broken > 0) process.exitCode = 1
  if (write) writeTable(rows, seed)
}

/** Replaces the rows of the faults that ran; the others stay as they were. */
function writeTable(rows: Row[], seed: number): void {
  const soak = rows[0]?.fault === 'soak'
  const file = path.join(ROOT, 'scripts/faults', soak ? 'SOAK.md' : 'RESULTS.md')
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim()
  const when = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit}, seed ${seed}, load ${os.loadavg()[0]!.toFixed(1)}`
  const lines = new Map<string, string>()
  const titles = ['kill -9', ...Object.values(SINGLES).map(({ title }) => title)]
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const title = line.split(' | ')[0]!.slice(2)
    if (titles.includes(title)) lines.set(title, line)
  }
  for (const { fault, verdict, seconds, said } of rows)
    lines.set(fault, `| ${fault} | ${verdict} | ${seconds} | ${said.replaceAll('|', '\\|').replaceAll('\n', ' ')} | ${when} |`)
  const order = soak ? ['soak'] : titles.filter((title) => lines.has(title))
  writeFileSync(
    file,
    `# ${soak ? 'The soak' : 'Faults'}\n\nWritten by \`npm run faults -- ${soak ? '--soak 10 ' : ''}--write\`; each line when it last ran. Node ${process.versions.node}, ${os.cpus().length} cores.\n\n| fault | promise | seconds | what was seen | when |\n|---|---|---|---|---|\n${order.map((title) => lines.get(title)).join('\n')}\n`,
  )
}

try {
  await main()
} catch (error) {
  report(error)
  process.exitCode = 1
}
process.exit()
