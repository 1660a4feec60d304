/**
 * Who asks: the result of identify(), handed to every room. Types and the settings that PostgreSQL sees, nothing else.
 */

export type MemberRole = 'owner' | 'editor' | 'reader'

export interface Caller {
  /** null: a token that belongs to a machine (npm run token). Ids are bigint, so strings. */
  accountId: string | null
  /** The workspace's id, without `ws_`. */
  workspace: string
  memberRole: MemberRole
  /** The PostgreSQL role that acts: ws_<id> for owners and editors, ws_<id>_reader for readers. */
  role: string
  sessionId: string | null
  tokenId: string | null
}

/** The role of PostgreSQL in which a member of a workspace acts. */
export function roleOf(workspace: string, memberRole: MemberRole): string {
  return memberRole === 'reader' ? `ws_${workspace}_reader` : `ws_${workspace}`
}

/**
 * The settings of a caller's transaction: set_config(name, value, true) for each.
 * RLS reads the workspace from the role, the person and the right from the claims (app_hidden.current_account_id …).
 */
export function pgSettings(caller: Caller, statementTimeoutMs = 5000): Record<string, string> {
  return {
    role: caller.role,
    'app.account_id': caller.accountId ?? '',
    'app.member_role': caller.memberRole,
    'app.token_id': caller.tokenId ?? '',
    statement_timeout: String(statementTimeoutMs),
    // compiling costs more than a short query can gain
    jit: 'off',
  }
}

/** How a room learns who asks. @throws AppError TMAUT, TMPER, TMNOF (a workspace one may not see is not there). */
export type Identify = (
  request: { headers: Record<string, string | string[] | undefined>; url?: string | undefined },
  /** Of a websocket: connection_init's payload, keys in lower case; of an upload: its `workspace` option. */
  options?: { authorization?: string | undefined; workspace?: string | undefined },
) => Promise<Caller>
