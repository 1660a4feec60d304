/**
 * Sessions: begin, end, list. Called by the routes of auth/. Writes app_private.sessions and the audit log.
 *
 * A session begins anew at every sign-in: a cookie that was there before is never taken over (session fixation), and
 * the session it belonged to ends.
 */
import type { Pool, PoolClient } from 'pg'
import { hashSecret, makeSecret } from './secrets.ts'
import type { Sockets } from './sockets.ts'

export interface From {
  ip: string
  userAgent: string | undefined
}

export interface SessionInfo {
  id: string
  created_at: Date
  last_seen_at: Date
  user_agent: string | null
  ip: string | null
}

export function makeSessions({ owner, sockets }: { owner: Pool; sockets: Sockets }) {
  return {
    /** In the transaction that let the person in. Returns the cookie's secret. */
    async begin(client: PoolClient, accountId: string, from: From, how: string, replaces: string | null): Promise<string> {
      const secret = makeSecret()
      await client.query(`select set_config('app.account_id', $1, true)`, [accountId])
      if (replaces) await client.query('delete from app_private.sessions where token_hash = $1', [hashSecret(replaces)])
      await client.query('insert into app_private.sessions (token_hash, account_id, user_agent, ip) values ($1, $2, $3, $4)', [
        hashSecret(secret),
        accountId,
        from.userAgent?.slice(0, 300) ?? null,
        from.ip,
      ])
      await client.query(`select app_private.write_audit(null, 'account.signed_in', $1, $2)`, [how, { ip: from.ip }])
      return secret
    },

    /** Whose cookie this is; null when the session has ended. */
    async find(secret: string | null): Promise<{ sessionId: string; accountId: string } | null> {
      if (!secret) return null
      const { rows } = await owner.query('select session_id, account_id from app_private.find_session($1)', [hashSecret(secret)])
      return rows[0] ? { sessionId: rows[0].session_id, accountId: rows[0].account_id } : null
    },

    async list(accountId: string): Promise<SessionInfo[]> {
      const { rows } = await owner.query<SessionInfo>(
        'select id, created_at, last_seen_at, user_agent, host(ip) as ip from app_private.sessions where account_id = $1 order by last_seen_at desc',
        [accountId],
      )
      return rows
    },

    /** Ends one session of the account, with its sockets. False: there is none of this id. */
    async end(accountId: string, sessionId: string): Promise<boolean> {
      const { rowCount } = await owner.query('delete from app_private.sessions where account_id = $1 and id::text = $2', [
        accountId,
        sessionId,
      ])
      sockets.close({ sessionId })
      return rowCount === 1
    },

    /** Ends all sessions of the account but the one given. Returns how many. */
    async endAll(accountId: string, except: string | null): Promise<number> {
      const { rowCount } = await owner.query('delete from app_private.sessions where account_id = $1 and id is distinct from $2', [
        accountId,
        except,
      ])
      sockets.close({ accountId, exceptSessionId: except })
      return rowCount ?? 0
    },
  }
}

export type Sessions = ReturnType<typeof makeSessions>
