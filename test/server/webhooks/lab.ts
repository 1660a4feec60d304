/**
 * A running server, and what the tests of webhooks do to it: make receivers and webhooks, look at the log, let time pass.
 */
import { startWorld, type World } from '../../support/world.ts'
import { startReceiver } from '../events/support.ts'

type Receiver = Awaited<ReturnType<typeof startReceiver>>
type Lab = Awaited<ReturnType<typeof startLab>>

/** One for all tests of a file, without webhooks before each. */
export function labOfThisFile(): Lab {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab?.close())
  afterEach(() => lab.clear())
  return {
    get world() {
      return lab.world
    },
    receiver: (answer) => lab.receiver(answer),
    create: (input, token) => lab.create(input, token),
    webhook: (id) => lab.webhook(id),
    deliveries: (id) => lab.deliveries(id),
    retryNow: (id) => lab.retryNow(id),
    clear: () => lab.clear(),
    close: () => lab.close(),
  }
}

async function startLab() {
  const world: World = await startWorld()
  const receivers: Receiver[] = []
  return {
    world,
    async receiver(answer?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
      const made = await startReceiver(answer)
      receivers.push(made)
      return made
    },
    create: (input: Record<string, unknown>, token?: string) =>
      world
        .graphql(
          `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id name url matview secret } } }`,
          { input },
          token,
        )
        .then(({ createWebhook }) => createWebhook.newWebhook),
    webhook: async (id: string) =>
      (await world.db.sql(`select *, app_public.webhooks_problem(w) as problem from app_public.webhooks w where id = $1`, [id]))[0],
    deliveries: (id: string) => world.db.sql(`select * from app_public.deliveries where webhook_id = $1 order by id`, [id]),
    /** What a day of waiting does. */
    async retryNow(id: string) {
      await world.db.sql(`update app_public.webhooks set retry_at = now() where id = $1`, [id])
      await world.db.sql(`update graphile_worker._private_jobs set run_at = now() where key = $1`, [`webhook ${id}`])
      await world.db.sql(`select pg_notify('jobs:insert', '{"count":5}')`)
    },
    clear: () => world.db.sql('delete from app_public.webhooks'),
    async close() {
      await Promise.all(receivers.map((one) => one.close()))
      await world.close()
    },
  }
}
