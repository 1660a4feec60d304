/**
 * Who asks: turns a request into a Caller. Called by every room, for HTTP, SSE and websockets alike.
 *
 * A token (Authorization: Bearer, or connection_init's `authorization`) names its own workspace. A session cookie opens
 * every workspace of its account: the header X-Workspace, Accept-Profile or Content-Profile (PostgREST's), the upload
 * option `workspace` or ?workspace= picks one, else the account's default. Writes only the time of last use.
 *
 * When both are there the token counts, and the cookie is not looked at.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Pool } from 'pg'
import { AppError } from '../errors.ts'
import { assertSameSite, isUnsafe } from './origin.ts'
import { type Caller, type Identify, type MemberRole, roleOf } from './caller.ts'
import { sessionCookie } from './cookies.ts'
import { hashSecret, plausible } from './secrets.ts'

type Request = Parameters<Identify>[0] & { method?: string | undefined }

interface Access {
  session_id?: string
  token_id?: string
  account_id: string | null
  in_workspace: string | null
  role: MemberRole
  archived: boolean
}

export function makeIdentify({ owner, publicUrl }: { owner: Pool; publicUrl: string | null }): Identify {
  const cookie = sessionCookie(publicUrl)

  return async function identify(request: Request, options = {}) {
    const wanted = workspaceOf(request, options.workspace)
    const bearer = options.authorization ?? request.headers.authorization
    if (bearer !== undefined) return byToken(String(bearer), wanted)

    const secret = cookie.read(request.headers)
    if (!secret) throw new AppError('TMAUT')
    if (isUnsafe(request)) assertSameSite(request, publicUrl)
    if (!plausible(secret)) throw new AppError('TMAUT', 'The session has ended')
    const access = await ask(`select * from app_private.find_session($1, $2)`, [hashSecret(secret), wanted])
    if (!access) throw new AppError('TMAUT', 'The session has ended', { hint: 'Sign in again.' })
    if (!access.in_workspace) throw noWorkspace(wanted)
    return toCaller(access)
  }

  async function byToken(bearer: string, wanted: string | null): Promise<Caller> {
    const secret = /^bearer +(\S+)$/i.exec(bearer)?.[1]
    if (!plausible(secret)) throw new AppError('TMAUT', 'The token cannot be read', { hint: 'Send `Authorization: Bearer tm_…`.' })
    const access = await ask(`select * from app_private.find_token($1)`, [hashSecret(secret)])
    if (!access) throw new AppError('TMAUT', 'The token is unknown, expired or revoked')
    if (wanted !== null && wanted !== access.in_workspace) throw noWorkspace(wanted)
    return toCaller(access)
  }

  async function ask(sql: string, values: unknown[]): Promise<Access | undefined> {
    return (await owner.query<Access>(sql, values)).rows[0]
  }
}

function toCaller(access: Access): Caller {
  const workspace = access.in_workspace!
  // In an archived workspace all are readers: one place decides, so no door can forget it.
  const memberRole = access.archived ? 'reader' : access.role
  return {
    accountId: access.account_id,
    workspace,
    memberRole,
    role: roleOf(workspace, memberRole),
    sessionId: access.session_id ?? null,
    tokenId: access.token_id ?? null,
  }
}

/** One answer for a workspace that is not there and one that is not yours. */
function noWorkspace(wanted: string | null): AppError {
  if (wanted === null)
    return new AppError('TMNOF', 'You are not a member of any workspace', { hint: 'Ask for an invite, or create a workspace.' })
  return new AppError('TMNOF', `There is no workspace "${wanted}"`, { hint: 'Or you may not see it: ask an owner for an invite.' })
}

/** The workspace that a request names, without `ws_`; null: the default one. @throws AppError TMNOF for what cannot be an id. */
function workspaceOf(request: Pick<Request, 'headers' | 'url'>, option?: string): string | null {
  const headers = request.headers as IncomingHttpHeaders
  const query = request.url?.includes('?') ? new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1)).get('workspace') : null
  const named = option ?? headers['x-workspace'] ?? headers['content-profile'] ?? headers['accept-profile'] ?? query
  if (named === undefined || named === null || named === '') return null
  const id = String(named).replace(/^ws_/, '')
  if (!/^[a-z][a-z0-9]{0,30}$/.test(id)) throw new AppError('TMNOF', 'There is no workspace of this name')
  return id
}
