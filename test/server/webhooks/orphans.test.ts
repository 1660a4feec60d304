/**
 * A job that PostgreSQL has given to this server without the server ever hearing of it: the connection was lost in between.
 */
import { mark, startReceiver } from '../events/support.ts'
import { startWorld } from '../../support/world.ts'

it('a job that is locked as ours and that nobody works on is freed within seconds, and its webhook goes on', async () => {
  const world = await startWorld()
  const receiver = await startReceiver()
  const client = await world.db.admin.connect()
  try {
    for (let tries = 0; tries < 100; tries++) {
      const { rowCount } = await client.query('select from app_private.workers')
      if (rowCount) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await world.graphql('mutation ($url: String!) { createWebhook(input: { url: $url }) { newWebhook { id } } }', { url: receiver.url })
    await client.query('begin')
    await mark({ sql: async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows } as any)
    const { rowCount } = await client.query(
      `with pool as (select pool_id from app_private.workers), queue as (update graphile_worker._private_job_queues set locked_by = pool_id, locked_at = now() from pool)
       update graphile_worker._private_jobs set locked_by = pool_id, locked_at = now(), attempts = 1 from pool`,
    )
    await client.query('commit')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect([rowCount, receiver.got.length]).toEqual([1, 0])

    const from = Date.now()
    while (receiver.got.length === 0 && Date.now() - from < 25_000) await new Promise((resolve) => setTimeout(resolve, 100))

    expect(receiver.got).toHaveLength(1)
  } finally {
    client.release()
    await receiver.close()
    await world.close()
  }
}, 60_000)
