/**
 * Makes a workspace in the database, in two transactions: roles and schema, then the workspace's own statements at top
 * level. Under Citus a role made in the same transaction is not there yet on the workers, and tables made inside a
 * function are not distributed. Called by scripts/migrate.ts (workspace main) and by the making of workspaces.
 */
import type { ClientBase } from 'pg'

/**
 * @param owner a connection of app_owner, outside a transaction.
 * @param password what the workspace's roles log in with over TCP; null on a private cluster.
 * @throws an error of class TM: TMNAM (the id), TMEXI (taken).
 */
export async function provisionWorkspace(
  owner: ClientBase,
  { id, name, password }: { id: string; name: string; password: string | null },
): Promise<void> {
  await owner.query('select app_private.create_workspace($1, $2, $3)', [id, name, password])
  await finishWorkspace(owner, id)
}

/** The second transaction alone; idempotent, so that a workspace whose making was cut off can be repaired. */
export async function finishWorkspace(owner: ClientBase, id: string): Promise<void> {
  const { rows } = await owner.query<{ statement: string }>(
    'select workspace_statements as statement from app_private.workspace_statements($1)',
    [id],
  )
  await grantAsWorkspace(
    owner,
    id,
    rows.map(({ statement }) => statement),
  )
}

/**
 * Statements by which a workspace grants what it owns, in one transaction. One at a time: of two that change the rights of
 * one schema at once PostgreSQL fails one ("tuple concurrently updated").
 * @param id checked by create_workspace: letters and digits
 */
export async function grantAsWorkspace(owner: ClientBase, id: string, statements: string[]): Promise<void> {
  await owner.query('begin')
  try {
    await owner.query('select app_private.lock_roles()')
    await owner.query(`set local role ws_${id}`)
    for (const statement of statements) await owner.query(statement)
    await owner.query('commit')
  } catch (error) {
    await owner.query('rollback')
    throw error
  }
}
