/**
 * `npm run -s token [-- --workspace main --role owner|editor|reader --name "…" --days 30]` prints an API token, and
 * nothing else, so that `TOKEN=$(npm run -s token)` works. For whoever has the machine: it logs in to the database as the
 * platform, so it works before the first account exists. `--sign-in me@example.org` prints a one-time sign-in link instead
 * (there is no mail server). Writes one token or link, and the workspace if it is not there yet.
 */
import { parseArgs } from 'node:util'
import { createSignInLink } from '../server/auth/links.ts'
import { createToken } from '../server/auth/tokens.ts'
import { makeWorkspaces, reachedOverTcp } from '../server/auth/workspaces.ts'
import { readConfig } from '../server/config.ts'
import { openDb } from '../server/db.ts'
import { makeLog } from '../server/log.ts'

const { values } = parseArgs({
  options: {
    workspace: { type: 'string' },
    role: { type: 'string' },
    name: { type: 'string' },
    days: { type: 'string' },
    'sign-in': { type: 'string' },
  },
})
const config = readConfig()
const db = openDb({ ...config, poolSize: 1 }, makeLog('error'))
try {
  console.log(await answer())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  if ((error as { code?: string }).code === '28P01')
    console.error('TIDEMARK_SECRET is not the one that the server was started with: put it into .env.')
  process.exitCode = 1
} finally {
  await db.close()
}

async function answer(): Promise<string> {
  if (values['sign-in']) {
    const link = await createSignInLink(db.owner, config.publicUrl ?? `http://localhost:${config.port}`, values['sign-in'])
    if (!link) throw new Error(`There is no account ${values['sign-in']}.`)
    return link
  }
  const { workspace, role = 'owner', name, days } = values
  if (role !== 'owner' && role !== 'editor' && role !== 'reader') throw new Error('--role is owner, editor or reader.')
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days)) throw new Error('--days is a whole number.')
  const workspaces = makeWorkspaces({ owner: db.owner, secret: config.secret, overTcp: reachedOverTcp(config.databaseUrl) })
  return createToken(
    { owner: db.owner, workspaces },
    { ...(workspace ? { workspace } : {}), role, ...(name ? { name } : {}), ...(days ? { days: Number(days) } : {}) },
  )
}
