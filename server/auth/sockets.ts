/**
 * The open sockets (websocket, SSE) and whose they are, so that they close when access ends: sign out, sign out
 * everywhere, a revoked token, a member made less or put out, a workspace archived or dropped, an expiry.
 *
 * Used by live/ and events/, which register each connection. The tables are the truth: on NOTIFY access_changed (any
 * process, any door; worthless to forge) and once a minute `recheck` asks which of the open callers still hold, and
 * closes the others. `close` is the short way inside this process. Writes nothing.
 */
import type { Pool } from 'pg'
import type { Log } from '../log.ts'
import type { Caller } from './caller.ts'

export interface Sockets {
  /** Remember a connection. Call the function that comes back when it has closed by itself. */
  track(caller: Caller, close: () => void): () => void
  /** Close at once whatever matches one of these ids. Returns how many. */
  close(whose: { sessionId?: string; accountId?: string; tokenId?: string; exceptSessionId?: string | null }): number
  /** Ask the tables who may stay. Call it when access_changed was heard. Several calls at once ask once more at most. */
  recheck(): Promise<void>
  readonly size: number
  stop(): void
}

export function makeSockets(owner: Pool, log: Log, everyMs = 60_000): Sockets {
  const open = new Set<{ caller: Caller; close: () => void }>()
  let asking: Promise<void> | undefined
  let again = false
  const timer = setInterval(() => void recheck(), everyMs).unref()

  function end(entry: { close: () => void }) {
    open.delete(entry as never)
    try {
      entry.close()
    } catch (error) {
      log.warn({ error: String(error) }, 'a socket could not be closed')
    }
  }

  async function askOnce() {
    const entries = [...open]
    if (entries.length === 0) return
    const callers = entries.map(({ caller }) => ({
      session: caller.sessionId,
      token: caller.tokenId,
      workspace: caller.workspace,
      role: caller.memberRole,
    }))
    const { rows } = await owner.query<{ n: number }>('select n from app_private.gone_access($1) n', [JSON.stringify(callers)])
    for (const { n } of rows) if (open.has(entries[n]!)) end(entries[n]!)
    if (rows.length) log.info({ closed: rows.length }, 'sockets closed: their access has ended')
  }

  function recheck(): Promise<void> {
    if (asking) {
      again = true
      return asking
    }
    asking = (async () => {
      do {
        again = false
        // A database that is away closes nobody: access ends when the tables say so, and they are asked again.
        await askOnce().catch((error) => log.warn({ error: error.message }, 'open sockets could not be checked'))
      } while (again)
    })().finally(() => (asking = undefined))
    return asking
  }

  return {
    track(caller, close) {
      const entry = { caller, close }
      open.add(entry)
      return () => open.delete(entry)
    },
    close({ sessionId, accountId, tokenId, exceptSessionId }) {
      const gone = [...open].filter(
        ({ caller }) =>
          ((sessionId && caller.sessionId === sessionId) ||
            (tokenId && caller.tokenId === tokenId) ||
            // An account's tokens outlive its sessions: signing out everywhere is not revoking.
            (accountId && caller.accountId === accountId && caller.sessionId !== null)) &&
          !(exceptSessionId && caller.sessionId === exceptSessionId),
      )
      gone.forEach(end)
      return gone.length
    },
    recheck,
    get size() {
      return open.size
    },
    stop: () => clearInterval(timer),
  }
}
