/**
 * What needs a scratch PostgreSQL: committing the current migration, and dumping the committed ones. Called by
 * db-commit.mjs and check.mjs, each with a throw-away cluster, as `node scripts/migrate/scratch.ts commit|dump <folder>`
 * and the superuser's URL and pg_dump's place in the environment. Writes committed/, current/ and schema.sql of that folder.
 */
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Logger, commit, migrate } from 'graphile-migrate'
import pg from 'pg'
import { urlFor } from '../../server/db.ts'
import { graphileSettings } from '../migrate.ts'
import { Problem, report } from '../postgres/problem.mjs'
import { dumpSchema } from './dump.mjs'

const [task, folder = '', message] = process.argv.slice(2)
const { adminUrl, programs } = JSON.parse(process.env.TIDEMARK_SCRATCH ?? '{}')
const lines: string[] = []
const logger = new Logger(() => (_level, text) => void lines.push(text))
const inDatabase = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href

async function main() {
  const mainUrl = inDatabase(adminUrl, 'scratch_main')
  const shadowUrl = inDatabase(adminUrl, 'scratch_shadow')
  const setup = readdirSync(path.join(folder, 'setup'))
    .filter((name) => Number.parseInt(name, 10) < 50)
    .sort()
  const settings = {
    ...graphileSettings(urlFor(mainUrl, 'app_owner', ''), adminUrl, folder, logger),
    shadowConnectionString: urlFor(shadowUrl, 'app_owner', ''),
    afterReset: setup.map((name) => `!setup/${name}`), // for the shadow, which commit makes anew
  }
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  for (const name of ['scratch_main', 'scratch_shadow']) await admin.query(`create database ${name}`)
  await admin.end()
  for (const url of [mainUrl, shadowUrl]) await runFiles(url, setup)

  if (task === 'commit') {
    await migrate(settings) // the main database must stand where the committed ones end
    await commit(settings, message)
    for (const name of readdirSync(path.join(folder, 'committed'))) chmodSync(path.join(folder, 'committed', name), 0o644) // it leaves 0440: containers could not read it
  } else await migrate(settings, true)
  writeFileSync(path.join(folder, 'schema.sql'), await dumpSchema(programs, shadowUrl))
}

async function runFiles(url: string, names: string[]) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const name of names) await client.query(readFileSync(path.join(folder, 'setup', name), 'utf8'))
  await client.end()
}

try {
  await main()
} catch (error) {
  report(
    error instanceof Problem ? error : new Problem((error as Error).message.replace(/\.?$/, '.'), undefined, lines.slice(-15).join('\n')),
  )
  process.exitCode = 1
}
