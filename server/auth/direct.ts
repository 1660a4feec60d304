/**
 * Direct access: a login of PostgreSQL for psql, Metabase or Grafana, which an owner switches on and off per workspace.
 *
 * ws_<id>_direct_ro reads the workspace's tables and views; ws_<id>_direct also writes rows. Neither can make, change or
 * drop relations, act in the API, or become ws_<id>: it is a role of its own, granted what it may do by the workspace.
 * Called by the routes; writes roles, grants and the audit log. The password is shown once and never sent to PostgreSQL:
 * what travels is its SCRAM verifier.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Db } from '../db.ts'
import { grantAsWorkspace } from './provision.ts'
import { makeSecret } from './secrets.ts'
import { asOwner } from './transaction.ts'
import type { Workspaces } from './workspaces.ts'

export interface DirectLogin {
  user: string
  read_only: boolean
  password: string
  database: string
}

/** What PostgreSQL stores for a password (RFC 5803). The password is ASCII, so SASLprep changes nothing. */
export function scramVerifier(password: string, salt = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}

/** What the workspace grants; run as ws_<id>, which owns everything that is granted. */
function grants(workspace: string, role: string, readOnly: boolean): string[] {
  const schema = pg.escapeIdentifier(`ws_${workspace}`)
  const to = pg.escapeIdentifier(role)
  const tables = readOnly ? 'select' : 'select, insert, update, delete'
  return [
    `grant usage on schema ${schema} to ${to}`,
    `grant ${tables} on all tables in schema ${schema} to ${to}`,
    `alter default privileges in schema ${schema} grant ${tables} on tables to ${to}`,
    ...(readOnly
      ? []
      : [
          `grant usage on all sequences in schema ${schema} to ${to}`,
          `alter default privileges in schema ${schema} grant usage on sequences to ${to}`,
        ]),
  ]
}

export function makeDirect({ db, workspaces }: { db: Pick<Db, 'owner'>; workspaces: Workspaces }) {
  const { owner } = db
  return {
    /** Which of the two logins are on. */
    async list(accountId: string, workspace: string): Promise<{ user: string; read_only: boolean }[]> {
      await workspaces.assertOwner(accountId, workspace)
      const { rows } = await owner.query(
        'select rolname as user, rolname like $2 as read_only from pg_roles where rolname = any($1) and rolcanlogin order by 1',
        [[`ws_${workspace}_direct`, `ws_${workspace}_direct_ro`], '%\\_ro'],
      )
      return rows
    },

    /** Switches a login on, or gives it a new password. Two transactions: the role, then what the workspace grants it. */
    async on(accountId: string, workspace: string, readOnly: boolean): Promise<DirectLogin> {
      await workspaces.assertOwner(accountId, workspace)
      const password = makeSecret()
      const role = await asOwner(owner, accountId, async (client) => {
        const { rows } = await client.query('select app_private.set_direct_login($1, $2, $3) as role', [
          workspace,
          readOnly,
          scramVerifier(password),
        ])
        await client.query(
          'select app_private.apply_workspace_limits(id, refresh_timeout_ms, connection_limit, temp_file_limit_bytes) from app_public.workspaces where id = $1',
          [workspace],
        )
        await client.query(`select app_private.write_audit($1, 'direct_login.switched_on', $2)`, [workspace, rows[0].role])
        return rows[0].role as string
      })
      const client = await owner.connect()
      try {
        await grantAsWorkspace(client, workspace, grants(workspace, role, readOnly))
      } finally {
        client.release()
      }
      const { rows } = await owner.query('select current_database() as database')
      return { user: role, read_only: readOnly, password, database: rows[0].database }
    },

    /** Ends its connections and drops it. False: it was off. */
    async off(accountId: string, workspace: string, readOnly: boolean): Promise<boolean> {
      await workspaces.assertOwner(accountId, workspace)
      return asOwner(owner, accountId, async (client) => {
        const { rows } = await client.query('select app_private.drop_direct_login($1, $2) as was_on', [workspace, readOnly])
        if (rows[0].was_on)
          await client.query(`select app_private.write_audit($1, 'direct_login.switched_off', $2)`, [
            workspace,
            readOnly ? 'read only' : 'read and write',
          ])
        return rows[0].was_on
      })
    },
  }
}

export type Direct = ReturnType<typeof makeDirect>
