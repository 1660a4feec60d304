/**
 * One-time links: to set up (the first account, no default password anywhere) and to sign in without a password.
 *
 * There is no mail server to rely on, so a link goes to `deliver`: by default it is printed where the server runs, and
 * the operator hands it on. Whoever wants mail passes a `deliver` that sends one. Writes app_private.links.
 */
import type { Pool, PoolClient } from 'pg'
import { AppError } from '../errors.ts'
import { hashSecret, makeSecret, plausible } from './secrets.ts'

export type Deliver = (link: { email: string; url: string }) => void | Promise<void>

/**
 * The link that makes the first account; null when there is an account already. Called by main.ts at every start. Links
 * of earlier starts stop working: the one that was printed last is the one that counts.
 * @param base the address of the server, e.g. http://localhost:5000
 */
export async function createSetupLink(owner: Pool, base: string): Promise<string | null> {
  const secret = makeSecret()
  const { rowCount } = await owner.query(
    `with gone as (delete from app_private.links where kind = 'setup')
     insert into app_private.links (token_hash, kind) select $1, 'setup' where not exists (select from app_public.accounts)`,
    [hashSecret(secret)],
  )
  return rowCount === 1 ? `${base}/setup?token=${secret}` : null
}

/** A link that signs the account in once, within the hour. Null when there is no such account. */
export async function createSignInLink(owner: Pool, base: string, email: string): Promise<string | null> {
  const secret = makeSecret()
  const { rowCount } = await owner.query(
    `insert into app_private.links (token_hash, kind, account_id) select $1, 'sign_in', id from app_public.accounts where lower(email) = lower($2)`,
    [hashSecret(secret), email],
  )
  return rowCount === 1 ? `${base}/sign-in/${secret}` : null
}

export async function linkIsGood(owner: Pool, kind: 'setup' | 'sign_in', secret: unknown): Promise<boolean> {
  if (!plausible(secret)) return false
  const { rowCount } = await owner.query('select from app_private.links where token_hash = $1 and kind = $2 and expires_at > now()', [
    hashSecret(secret),
    kind,
  ])
  return rowCount === 1
}

/** Uses the link up. @throws AppError TMLNK for one that is unknown, used or old. */
export async function useLink(client: PoolClient, kind: 'setup' | 'sign_in', secret: unknown): Promise<string | null> {
  const { rows } = plausible(secret)
    ? await client.query('delete from app_private.links where token_hash = $1 and kind = $2 and expires_at > now() returning account_id', [
        hashSecret(secret),
        kind,
      ])
    : { rows: [] }
  if (!rows[0])
    throw new AppError('TMLNK', 'This link is no longer good', {
      hint: kind === 'setup' ? 'The server prints a new one when it starts without an account.' : 'Ask for a new one.',
    })
  return rows[0].account_id
}
