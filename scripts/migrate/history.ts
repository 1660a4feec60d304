/**
 * Whether the migrations that a database has run are those of this checkout. graphile-migrate compares numbers only: a first migration
 * that was rewritten (before the first release it is) or a checkout that is older than the database would pass unseen, and the
 * server would meet tables that it does not know. Called by migrate.ts before it writes anything.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import { Problem } from '../postgres/problem.mjs'
import { sqlFiles } from './fingerprint.ts'

export async function checkHistory(admin: pg.Client, migrationsFolder: string): Promise<void> {
  const { rows: there } = await admin.query(`select to_regclass('graphile_migrate.migrations') is not null as ran`)
  if (!there[0].ran) return
  const { rows } = await admin.query<{ filename: string; hash: string }>(
    'select filename, hash from graphile_migrate.migrations order by filename',
  )
  const ours = sqlFiles(path.join(migrationsFolder, 'committed')).map((file) => ({
    number: path.basename(file).slice(0, 6),
    name: path.basename(file),
    hash: /^--! Hash: (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1],
  }))
  for (const { filename, hash } of rows) {
    const own = ours.find(({ number }) => number === filename.slice(0, 6))
    if (own?.hash === hash) continue
    throw own
      ? new Problem(
          `this database was made by another version of Tidemark: its migration ${filename.slice(0, 6)} is not the one of this checkout.`,
          'until the first release the first migration changes, and there is no way between: go back to the version that made the data (git checkout), or save the tables (OPERATIONS.md, "Upgrade") and begin anew with npm run db:reset.',
        )
      : new Problem(
          `this database is newer than this checkout: it has run ${filename}, which is not here.`,
          'update the checkout (git pull), or restore a backup from before the upgrade.',
        )
  }
}
