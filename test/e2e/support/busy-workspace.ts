/**
 * Fills workspace main with what a team has after a week: tables, views that tick, changed, failed and rest, webhooks that
 * work and do not, people, an invite, tokens. Called by the files of test/e2e that look at screens; writes by the public API.
 */
import { startReceiver } from '../../server/events/support.ts'
import type { World } from '../../support/world.ts'

const STOCK = `sku,item,amount,price,counted_on
1,"Rope, 10 m",10,18.90,2026-01-05
2,Lantern,4,42.00,2026-01-05
3,Brass compass,2,129.00,2026-01-06
4,Mug,50,9.50,2026-01-06
5,Signal flags,0,34.25,
6,"Oilskin, yellow, with hood and inside pocket",7,89.95,2026-01-09
`

export interface BusyWorkspace {
  close(): Promise<void>
}

export async function fillWorkspace(world: World): Promise<BusyWorkspace> {
  const make = (name: string, definition: string, more: Record<string, unknown> = {}) =>
    world.graphql('mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { id } } }', {
      input: { name, definition, notifyWhen: 'CHANGED', ...more },
    })
  const refresh = (name: string) =>
    world.graphql('mutation ($name: String!) { refreshMatview(input: { name: $name }) { run { status } } }', { name })
  const receiver = await startReceiver()
  const address = receiver.url

  await world.upload('stock', STOCK, { key: 'sku' })
  await world.upload('sample', `AColumnOfNumbers\n${Array.from({ length: 200 }, (_, n) => n % 10).join('\n')}\n`)
  const webhook = async (input: Record<string, unknown>) =>
    (await world.graphql('mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { newWebhook { id } } }', { input }))
      .createWebhook.newWebhook.id as string
  const shop = await webhook({ url: address, name: 'Shop floor display' })
  await webhook({ url: 'http://127.0.0.1:9/closed', name: 'Old warehouse', matview: null })
  const resting = await webhook({ url: `${address}?team=finance`, name: 'Finance ledger' })
  await world.graphql('mutation ($id: BigInt!) { pauseWebhook(input: { id: $id }) { webhook { id } } }', { id: resting })
  await world.graphql('mutation ($id: BigInt!) { testWebhook(input: { id: $id }) { delivery { id } } }', { id: shop })

  await make('low_stock', 'select sku, item, amount from stock where amount < 5', { key: ['sku'], schedule: '0 6 * * *' })
  await make('value_by_item', 'select item, amount * price as value from stock', { key: ['item'] })
  await make('units_per_price', 'select sku, price / nullif(amount - 3, 0) as ratio, 10 / (amount + 1) as share from stock', {
    key: ['sku'],
    schedule: '*/15 * * * *',
  })
  await make('a_view_with_quite_a_long_name_that_somebody_generated_by_hand', 'select count(*) as n from stock', { schedule: '0 6 * * 1' })
  await world.db.sql(`update ws_main.stock set amount = 3 where sku in (1, 2)`)
  await refresh('low_stock')
  await world.db.sql(`update ws_main.stock set amount = 12 where sku = 3`)
  await world.db.sql(`insert into ws_main.stock (sku, item, amount, price) values (7, 'Chart', 1, 24.00)`)
  for (const name of ['low_stock', 'value_by_item', 'low_stock']) await refresh(name)
  await world.db.sql(`update ws_main.stock set amount = -1 where sku = 5`)
  await refresh('units_per_price').catch(() => {}) // it divides by zero
  await world.db.sql(`update ws_main.stock set amount = 0 where sku = 5`)
  await world.graphql('mutation { pauseSchedule(input: { name: "units_per_price", paused: true }) { clientMutationId } }')
  await make('this_second', `select * from sample where "AColumnOfNumbers" = extract(second from now())::int % 10`, {
    schedule: '5 seconds',
    notifyWhen: 'NOT_EMPTY',
  })
  await world.token({ role: 'reader' })
  await world.token({ role: 'editor' })
  return { close: () => receiver.close() }
}
