/**
 * `npm run check`: types, lint, house rules, licences, fixtures, and whether schema.sql is what the committed migrations make.
 * Called by people before a commit, and by CI. The checks run at once; each reports its own findings. Writes nothing, or with
 * --write first the pages of docs/ that are made from the code.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkDependencies } from './check/dependencies.mjs'
import { checkLicences } from './check/licences.mjs'
import { checkRules } from './check/rules.mjs'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { steps } from './launch/steps.mjs'
import { checkFixtures, committedIn } from './migrate/parts.mjs'
import { inScratch } from './migrate/with-scratch.mjs'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('check')
const MIGRATIONS = path.join(ROOT, 'migrations')
const say = steps()

/** @returns {Promise<string[]>} the program's output when it fails */
const program = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
    child.once('error', (error) => resolve([error.message]))
    child.once('close', (code) => resolve(code === 0 ? [] : [said.trim()]))
  })

async function schemaIsFresh(node) {
  if (committedIn(MIGRATIONS).length === 0) return []
  const work = mkdtempSync(path.join(os.tmpdir(), 'tidemark-schema-'))
  try {
    const copy = path.join(work, 'migrations')
    cpSync(MIGRATIONS, copy, { recursive: true })
    await inScratch(ROOT, node, ['dump', copy], () => {})
    const file = path.join(MIGRATIONS, 'schema.sql')
    const same = existsSync(file) && readFileSync(file, 'utf8') === readFileSync(path.join(copy, 'schema.sql'), 'utf8')
    return same ? [] : ['migrations/schema.sql is not what the committed migrations make: npm run db:commit']
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function main() {
  const node = await ensureDependencies(ROOT, say)
  const bin = (name) => path.join(ROOT, 'node_modules/.bin', name)
  const tsconfigs = ['tsconfig.json', 'web/tsconfig.json'].filter((name) => existsSync(path.join(ROOT, name)))
  if (process.argv.includes('--write')) {
    const [said] = await program(node, ['scripts/docs.ts', '--write'])
    if (said) throw new Problem('docs/ could not be written.', undefined, said)
  }
  const checks = {
    ...Object.fromEntries(
      tsconfigs.map((name) => [`types (${name})`, () => program(node, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', name])]),
    ),
    lint: () => program(bin('biome'), ['check', '--diagnostic-level=error', '--max-diagnostics=50', '.']),
    // Packages that npm adds to an existing node_modules lose their builds for other platforms: npm ci then refuses.
    'package-lock.json': () => program('npm', ['ci', '--dry-run', '--ignore-scripts', '--loglevel=error']),
    'house rules': async () => checkRules(ROOT),
    docs: () => program(node, ['scripts/docs.ts']),
    dependencies: async () => checkDependencies(ROOT),
    licences: async () => checkLicences(ROOT),
    fixtures: async () => checkFixtures(MIGRATIONS),
    'schema.sql': () => schemaIsFresh(node),
  }
  let failed = 0
  await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const findings = await check().catch((error) => [
        error instanceof Problem ? [error.message, error.detail].filter(Boolean).join('\n') : error.stack,
      ])
      say(findings.length === 0 ? `${name}: good` : `${name}:\n${findings.join('\n')}\n`)
      if (findings.length > 0) failed++
    }),
  )
  if (failed > 0)
    throw new Problem(
      `${failed} of ${Object.keys(checks).length} checks found something.`,
      'mend what is said above (npx biome check --write . lays out code by itself).',
    )
}

try {
  await main()
} catch (error) {
  report(error)
  process.exitCode = 1
}
