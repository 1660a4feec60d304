/**
 * `npm run db:commit [-- -m "What it does"]`: current/ becomes a committed migration, and schema.sql follows. Until the
 * first release (a tag v*), the last committed migration is taken back first, so that there is one foundation and no
 * history of drafts. `-- --undo` only takes it back. Works on a copy of migrations/: what fails changes nothing.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { helpIfAsked } from './commands.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { steps } from './launch/steps.mjs'
import { committedIn, currentIn, uncommit } from './migrate/parts.mjs'
import { inScratch } from './migrate/with-scratch.mjs'
import { run } from './postgres/account.mjs'
import { Problem, report } from './postgres/problem.mjs'

const ROOT = path.join(import.meta.dirname, '..')
helpIfAsked('db:commit')
const MIGRATIONS = path.join(ROOT, 'migrations')
const say = steps()

async function main() {
  const { values } = parseArgs({ options: { message: { type: 'string', short: 'm' }, undo: { type: 'boolean', default: false } } })
  const released = (await run('git', ['-C', ROOT, 'tag', '--list', 'v*'], { check: false })).stdout.trim() !== ''
  if (values.undo && released)
    throw new Problem('a release has been tagged: what is committed stays.', 'write a new migration in migrations/current.')

  const work = mkdtempSync(path.join(os.tmpdir(), 'tidemark-migrations-'))
  try {
    const copy = path.join(work, 'migrations')
    cpSync(MIGRATIONS, copy, { recursive: true })
    let message = null
    if (!released && committedIn(copy).length > 0) message = uncommit(copy)
    if (!values.undo) {
      if (currentIn(copy).length === 0) throw new Problem('migrations/current is empty: there is nothing to commit.')
      const node = await ensureDependencies(ROOT, say)
      await inScratch(ROOT, node, ['commit', copy, values.message ?? message ?? 'foundation'], say)
    }
    for (const name of ['committed', 'current', 'schema.sql']) replace(path.join(copy, name), path.join(MIGRATIONS, name))
    const last = committedIn(MIGRATIONS).at(-1)
    say(
      values.undo
        ? `back in migrations/current: ${currentIn(MIGRATIONS).join(', ')}`
        : `committed/${last} (${readFileSync(path.join(MIGRATIONS, 'committed', last), 'utf8').split('\n').length} lines) and schema.sql are fresh`,
    )
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function replace(from, to) {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
}

try {
  await main()
} catch (error) {
  report(error)
  process.exitCode = 1
}
