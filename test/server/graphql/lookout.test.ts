/** A server on which event triggers cannot be made: it looks for DDL itself. */
import { startWorld, type World } from '../../support/world.ts'
import { sleep } from '../live/harness.ts'

let world: World
afterAll(() => world?.close())

it('sees DDL within two seconds where there are no event triggers', async () => {
  world = await startWorld()
  await world.db.sql('drop event trigger tidemark_ddl')
  await world.db.sql('drop event trigger tidemark_ddl_drop')
  const has = async (name: string) => (await world.graphql('{ apiRelations { name } }')).apiRelations.some((one: any) => one.name === name)
  expect(await has('later')).toBe(false)
  await sleep(2200)

  await world.db.sql('set role ws_main; create table ws_main.later (id int primary key); reset role')

  for (const until = Date.now() + 10_000; !(await has('later')); await sleep(100))
    if (Date.now() > until) throw new Error('the table is not in the API')
}, 60_000)
