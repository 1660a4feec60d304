/**
 * The token of an import: the one that is given, else one that is made from the machine, as `npm run token` does, lives for a
 * day and is deleted at the end. Called by ../import.ts.
 */
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces, reachedOverTcp } from '../../server/auth/workspaces.ts'
import { openDb } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { Problem } from '../postgres/problem.mjs'

export interface Pass {
  token: string | null
  close(): Promise<void>
}

export async function openPass(env: NodeJS.ProcessEnv, given: string | null, workspace = 'main'): Promise<Pass> {
  const { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret } = env
  // without either the server says what it wants
  if (given || !databaseUrl || !secret) return { token: given, close: async () => {} }
  const db = openDb({ databaseUrl, secret, poolSize: 1 }, makeLog('silent'))
  try {
    const { rowCount } = await db.owner.query('select from app_public.workspaces where id = $1', [workspace])
    // createToken would make it: right for npm run token, not for a slip of the keyboard
    if (!rowCount && workspace !== 'main') throw new Problem(`there is no workspace "${workspace}".`, 'check its name.')
    const workspaces = makeWorkspaces({ owner: db.owner, secret, overTcp: reachedOverTcp(databaseUrl) })
    const token = await createToken({ owner: db.owner, workspaces }, { workspace, role: 'editor', name: 'npm run import', days: 1 })
    return {
      token,
      async close() {
        await db.owner.query('delete from app_public.api_tokens where prefix = $1', [token.split('_')[1]]).catch(() => {}) // it ends by itself
        await db.close()
      },
    }
  } catch (error) {
    await db.close()
    throw error
  }
}
