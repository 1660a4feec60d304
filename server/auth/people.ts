/**
 * What people do about themselves: sign in, make the first account, join by an invite, change the password. Called by
 * the routes; writes accounts, their secrets, members, sessions and the audit log, each in one transaction.
 */
import type { Pool, PoolClient } from 'pg'
import { AppError } from '../errors.ts'
import { type Limiter, linkLimits, signInLimits } from './limits.ts'
import { useLink } from './links.ts'
import type { Passwords } from './passwords.ts'
import type { From, Sessions } from './sessions.ts'
import { hashSecret, plausible } from './secrets.ts'
import { asOwner } from './transaction.ts'
import type { Workspaces } from './workspaces.ts'

export interface Newcomer {
  email: string
  name: string
  password: string
}

export interface SignedIn {
  secret: string
  accountId: string
  workspace: string | null
}

interface Parts {
  owner: Pool
  passwords: Passwords
  sessions: Sessions
  limiter: Limiter
  workspaces: Workspaces
}

export function makePeople({ owner, passwords, sessions, limiter, workspaces }: Parts) {
  async function addAccount(client: PoolClient, { email, name }: Newcomer, passwordHash: string): Promise<string> {
    const { rows } = await client.query(
      'insert into app_public.accounts (email, name) values ($1, $2) on conflict do nothing returning id',
      [email, name],
    )
    if (!rows[0])
      throw new AppError('TMEXI', 'There is an account with this address already', { hint: 'Sign in, then open the link again.' })
    await client.query('insert into app_private.account_secrets (account_id, password_hash, password_changed_at) values ($1, $2, now())', [
      rows[0].id,
      passwordHash,
    ])
    return rows[0].id
  }

  return {
    /** @throws AppError TMAUT, the same and after the same time for a wrong password and an unknown address; TMRAT. */
    async signIn(email: string, password: string, from: From, replaces: string | null): Promise<SignedIn> {
      const limits = signInLimits(email, from.ip)
      await limiter.count(limits)
      const { rows } = await owner.query(
        `select a.id, s.password_hash from app_public.accounts a left join app_private.account_secrets s on s.account_id = a.id
          where lower(a.email) = lower($1)`,
        [email],
      )
      const good = await passwords.verify(rows[0]?.password_hash, password)
      if (!good) {
        if (rows[0])
          await asOwner(owner, rows[0].id, (client) =>
            client.query(`select app_private.write_audit(null, 'account.sign_in_failed', 'password', $1)`, [{ ip: from.ip }]),
          )
        throw new AppError('TMAUT', 'Address and password do not match', { hint: 'Try again, or ask for a sign-in link.' })
      }
      await limiter.forgive(limits.slice(1))
      const secret = await asOwner(owner, rows[0].id, (client) => sessions.begin(client, rows[0].id, from, 'password', replaces))
      return { secret, accountId: rows[0].id, workspace: null }
    },

    /** @throws AppError TMLNK */
    async signInByLink(link: string, from: From, replaces: string | null): Promise<SignedIn> {
      await limiter.count(linkLimits(from.ip))
      return asOwner(owner, null, async (client) => {
        const accountId = (await useLink(client, 'sign_in', link))!
        return { secret: await sessions.begin(client, accountId, from, 'link', replaces), accountId, workspace: null }
      })
    },

    /** The first account: owner of workspace main. @throws AppError TMLNK, TMPWD. */
    async setUp(link: string, person: Newcomer, from: From): Promise<SignedIn> {
      await limiter.count(linkLimits(from.ip))
      const newcomer = checked(person)
      const hash = await passwords.hash(newcomer.password, [newcomer.email, newcomer.name])
      await workspaces.ensure('main', 'Main')
      return asOwner(owner, null, async (client) => {
        await useLink(client, 'setup', link)
        await client.query('lock table app_public.accounts in share row exclusive mode') // two links, or two clicks
        if ((await client.query('select from app_public.accounts limit 1')).rowCount)
          throw new AppError('TMLNK', 'There is an account already', { hint: 'Sign in.' })
        const accountId = await addAccount(client, newcomer, hash)
        await client.query(`select set_config('app.account_id', $1, true)`, [accountId])
        await client.query(`insert into app_public.members (workspace, account_id, role) values ('main', $1, 'owner')`, [accountId])
        return { secret: await sessions.begin(client, accountId, from, 'setup', null), accountId, workspace: 'main' }
      })
    },

    /** What the page of an invite says; null when the invite is no longer good. */
    async invite(
      secret: unknown,
    ): Promise<{ workspace: string; name: string; role: string; email: string | null; invitedBy: string | null } | null> {
      if (!plausible(secret)) return null
      const { rows } = await owner.query(
        `select i.workspace, w.name, i.role::text, i.email, a.name as "invitedBy"
           from app_private.invite_secrets s join app_public.invites i on i.id = s.invite_id
           join app_public.workspaces w on w.id = i.workspace left join app_public.accounts a on a.id = i.invited_by
          where s.token_hash = $1 and i.accepted_at is null and i.expires_at > now()`,
        [hashSecret(secret)],
      )
      return rows[0] ?? null
    },

    /** A member by invite: with the account that is signed in, or with a new one. @throws AppError TMLNK, TMEXI, TMPWD. */
    async join(invite: string, who: { accountId: string } | Newcomer, from: From): Promise<SignedIn> {
      await limiter.count(linkLimits(from.ip))
      const accept = async (client: PoolClient, accountId: string): Promise<string> => {
        await client.query(`select set_config('app.account_id', $1, true)`, [accountId])
        return (await client.query('select app_private.accept_invite($1, $2) as workspace', [invite, accountId])).rows[0].workspace
      }
      if ('accountId' in who)
        return asOwner(owner, who.accountId, async (client) => ({
          secret: '',
          accountId: who.accountId,
          workspace: await accept(client, who.accountId),
        }))
      // Asked before anything is hashed or told about addresses: without a good invite nobody makes an account here.
      if (!(await this.invite(invite)))
        throw new AppError('TMLNK', 'This invite is no longer good', { hint: 'Ask an owner of the workspace for a new one.' })
      const newcomer = checked(who)
      const hash = await passwords.hash(newcomer.password, [newcomer.email, newcomer.name])
      return asOwner(owner, null, async (client) => {
        const accountId = await addAccount(client, newcomer, hash)
        const workspace = await accept(client, accountId)
        return { secret: await sessions.begin(client, accountId, from, 'invite', null), accountId, workspace }
      })
    },

    /** Ends every other session: whoever knew the old password is out. @throws AppError TMPER, TMPWD, TMRAT. */
    async changePassword(accountId: string, sessionId: string, current: string, next: string, from: From): Promise<void> {
      const { rows } = await owner.query(
        'select a.email, a.name, s.password_hash from app_public.accounts a left join app_private.account_secrets s on s.account_id = a.id where a.id = $1',
        [accountId],
      )
      const limits = signInLimits(rows[0].email, from.ip)
      await limiter.count(limits)
      // An account without a password (it came by link) sets its first one.
      if (rows[0].password_hash && !(await passwords.verify(rows[0].password_hash, current)))
        throw new AppError('TMPER', 'The current password is not right', { hint: 'Or sign out and ask for a sign-in link.' })
      const hash = await passwords.hash(next, [rows[0].email, rows[0].name])
      await asOwner(owner, accountId, async (client) => {
        await client.query(
          `insert into app_private.account_secrets (account_id, password_hash, password_changed_at) values ($1, $2, now())
           on conflict (account_id) do update set password_hash = excluded.password_hash, password_changed_at = now()`,
          [accountId, hash],
        )
        await client.query(`delete from app_private.links where account_id = $1`, [accountId])
        await client.query(`select app_private.write_audit(null, 'account.password_changed', null, $1)`, [{ ip: from.ip }])
      })
      await limiter.forgive(limits.slice(1))
      await sessions.endAll(accountId, sessionId)
    },

    async profile(accountId: string) {
      const { rows } = await owner.query(
        `select json_build_object('id', a.id::text, 'email', a.email, 'name', a.name, 'has_password', s.password_hash is not null,
                  'default_workspace', s.default_workspace) as account,
                (select coalesce(json_agg(json_build_object('id', w.id, 'name', w.name, 'role', m.role, 'archived', w.archived_at is not null)
                          order by w.created_at, w.id), '[]')
                   from app_public.members m join app_public.workspaces w on w.id = m.workspace where m.account_id = a.id) as workspaces
           from app_public.accounts a left join app_private.account_secrets s on s.account_id = a.id where a.id = $1`,
        [accountId],
      )
      return rows[0] as { account: Record<string, unknown>; workspaces: { id: string; name: string; role: string; archived: boolean }[] }
    },

    async setDefaultWorkspace(accountId: string, workspace: string): Promise<void> {
      const { rowCount } = await owner.query(
        `insert into app_private.account_secrets (account_id, default_workspace)
         select account_id, workspace from app_public.members where account_id = $1 and workspace = $2
         on conflict (account_id) do update set default_workspace = excluded.default_workspace`,
        [accountId, workspace],
      )
      if (!rowCount) throw new AppError('TMNOF', 'There is no such workspace')
    },
  }
}

export type People = ReturnType<typeof makePeople>

function checked({ email, name, password }: Newcomer): Newcomer {
  const address = email.trim()
  if (!/^[^@\s]+@[^@\s]+$/.test(address) || address.length > 254) throw new AppError('TMARG', 'This is not an e-mail address')
  const shown = name.trim().normalize('NFC')
  if (!shown || shown.length > 200 || /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(shown))
    throw new AppError('TMNAM', 'A name has 1 to 200 characters')
  return { email: address, name: shown, password }
}
