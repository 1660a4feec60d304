/**
 * Writes migrations/schema.sql from the shadow database. Called by graphile-migrate (afterAllMigrations in .gmrc),
 * with the address in GM_DBURL.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadEnvFile } from './launch/env-file.mjs'
import { dumpSchema } from './migrate/dump.mjs'
import { placeFor } from './postgres/place.mjs'
import { report } from './postgres/problem.mjs'
import { findPrograms } from './postgres/programs.mjs'

const ROOT = path.join(import.meta.dirname, '..')
try {
  loadEnvFile(ROOT)
  const programs = await findPrograms(await placeFor(ROOT), console.error)
  writeFileSync(path.join(ROOT, 'migrations/schema.sql'), await dumpSchema(programs, absolute(process.env.GM_DBURL)))
} catch (error) {
  report(error)
  process.exitCode = 1
}

/** .gmrc says /proc/self/cwd, which would be the working directory of pg_dump. */
function absolute(url) {
  return url.replace('%2Fproc%2Fself%2Fcwd', encodeURIComponent(ROOT)).replace('/proc/self/cwd', ROOT)
}
