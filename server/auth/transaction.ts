/**
 * One transaction as app_owner, in the name of a person (for the audit log). Used by the rest of auth/: what happens
 * before somebody is in a workspace cannot run in a workspace's role.
 */
import type { Pool, PoolClient } from 'pg'

export async function asOwner<T>(owner: Pool, actor: string | null, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await owner.connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    await client.query(`select set_config('app.account_id', $1, true)`, [actor ?? ''])
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((e: Error) => (broken = e))
    throw error
  } finally {
    client.release(broken)
  }
}
