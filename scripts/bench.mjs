/**
 * `npm run bench [-- upload live … ] [-- -- options of one]`: the figures, each measured against what one would use instead.
 * Runs the programs of scripts/bench one after the other against the running Tidemark of this checkout (or DATABASE_URL
 * with TIDEMARK_SECRET); each makes what it needs there and prints its own lines. Names as in scripts/bench: capture, events,
 * graphql, live, rest, upload, web; none means all. Words that begin with -- go to the programs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { ensureDependencies } from './dependencies.mjs'
import { loadEnvFile } from './launch/env-file.mjs'
import { findRunning } from './launch/state.mjs'
import { placeFor } from './postgres/place.mjs'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
const BENCHES = path.join(import.meta.dirname, 'bench')
try {
  const node = await ensureDependencies(ROOT, (text) => console.error(text))
  loadEnvFile(ROOT)
  const place = await placeFor(ROOT)
  const env = { ...process.env }
  if (!env.DATABASE_URL || !env.TIDEMARK_SECRET) {
    const { databaseUrl, secret } = findRunning(place)
    Object.assign(env, { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret })
  }
  const words = process.argv.slice(2)
  const first = words.findIndex((word) => word.startsWith('--'))
  const [named, options] = first < 0 ? [words, []] : [words.slice(0, first), words.slice(first)]
  const names = named.length > 0 ? named : readdirSync(BENCHES).map((file) => path.basename(file, '.ts'))
  for (const name of names) {
    const file = path.join(BENCHES, `${name}.ts`)
    if (!existsSync(file))
      throw new Problem(`there is no bench "${name}".`, `choose from ${readdirSync(BENCHES).join(', ').replaceAll('.ts', '')}.`)
    console.log(`\n${name}`)
    const { status } = spawnSync(node, [file, ...options], { cwd: ROOT, stdio: 'inherit', env })
    if (status !== 0) process.exitCode = status ?? 1
  }
} catch (error) {
  report(error)
  process.exitCode = 1
}
