/**
 * Passwords for the roles that the server logs in as over TCP: derived from its secret (server/db.ts), sent as SCRAM
 * verifiers, so that no statement, log or catalog ever holds one. Called by migrate.ts. Writes pg_authid.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import { rolePassword } from '../../server/db.ts'

const ITERATIONS = 4096 // PostgreSQL's own default

/** RFC 5802 as PostgreSQL stores it: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>. Ours are ASCII: no SASLprep needed. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`
}

/** Every app_* role that may log in, and every workspace's. Roles that this user may not alter make it throw. */
export async function setPasswords(admin: pg.Client, secret: string): Promise<void> {
  const { rows } = await admin.query(
    `select rolname from pg_roles where rolcanlogin and (rolname in ('app_owner', 'app_authenticator', 'app_scheduler') or rolname ~ '^ws_[a-z][a-z0-9]{0,30}$')`,
  )
  for (const { rolname } of rows)
    await admin.query(
      `alter role ${pg.escapeIdentifier(rolname)} password ${pg.escapeLiteral(scramVerifier(rolePassword(secret, rolname)))}`,
    )
}
