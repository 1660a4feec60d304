/**
 * Tokens for whoever has the machine (`npm run -s token`). Tokens of people are made by app_public.create_api_token.
 *
 * Logs in as app_owner through the local database, so it works before the first account exists. Writes the workspace if
 * it is not there yet, and one token that belongs to no account.
 */
import type { Pool } from 'pg'
import type { MemberRole } from './caller.ts'
import { hashSecret, makeSecret } from './secrets.ts'
import { asOwner } from './transaction.ts'
import type { Workspaces } from './workspaces.ts'

export async function createToken(
  { owner, workspaces }: { owner: Pool; workspaces: Pick<Workspaces, 'ensure'> },
  {
    workspace = 'main',
    role = 'owner',
    name = 'made on the machine',
    days,
  }: { workspace?: string; role?: MemberRole; name?: string; days?: number } = {},
): Promise<string> {
  await workspaces.ensure(workspace, workspace === 'main' ? 'Main' : workspace)
  const prefix = makeSecret()
    .replace(/[^a-z0-9]/gi, '')
    .slice(0, 8)
    .toLowerCase()
  const secret = `tm_${prefix}_${makeSecret()}`
  await asOwner(owner, null, async (client) => {
    const { rows } = await client.query(
      `insert into app_public.api_tokens (workspace, role, name, prefix, expires_at)
       values ($1, $2, $3, $4, now() + make_interval(days => $5)) returning id`,
      [workspace, role, name, prefix, days ?? null],
    )
    await client.query('insert into app_private.api_token_secrets (token_id, token_hash) values ($1, $2)', [rows[0].id, hashSecret(secret)])
  })
  return secret
}
