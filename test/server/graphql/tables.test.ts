/** Changes to tables by mutation, and what becomes of the views that depend on them. */
import { startWorld, type World } from '../../support/world.ts'

let world: World
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)
const mutate = (name: string, input: string) =>
  world.graphql(`mutation { ${name}(input: { ${input} }) { table dependents { name kind outcome } } }`).then((data) => data[name])
const matview = async (name: string) =>
  (
    await world.graphql(
      'query ($name: String!) { matviews(filter: { name: { equalTo: $name } }) { nodes { id definition key schedule notifyWhen } } }',
      { name },
    )
  ).matviews.nodes[0]

beforeAll(async () => {
  world = await startWorld()
  await sql(`create table people (id int primary key, name text, city text, age text, note text);
    insert into people values (1, 'Ada', 'London', '36', ''), (2, 'Bob', 'Bonn', '40', '');
    create table visits (id int primary key, person_id int constraint visits_person references people);
    create view londoners as select id, name from people where city = 'London';
    comment on view londoners is 'Who lives in London'`)
  await world.graphql(
    `mutation { createMatview(input: { name: "by_city", definition: "select city, count(*) as people from people group by city -- mine", key: ["city"], schedule: "0 3 * * *", notifyWhen: CHANGED }) { matview { id } } }`,
  )
}, 60_000)
afterAll(() => world?.close())

describe('a change to a table', () => {
  it('that nothing depends on is made', async () => {
    expect(await mutate('dropColumn', 'table: "people", column: "note"')).toEqual({ table: 'people', dependents: [] })
  })

  it('names what depends on it and does nothing, unless told [TMDEP]', async () => {
    const refused = mutate('retypeColumn', 'table: "people", column: "city", type: "varchar(40)"')
    await expect(refused).rejects.toMatchObject({
      code: 'TMDEP',
      message: expect.stringContaining('by_city'),
      dependents: expect.arrayContaining([
        { name: 'by_city', kind: 'matview' },
        { name: 'londoners', kind: 'view' },
      ]),
    })
  })

  it('makes its dependents again on request: id, key, schedule, history, comment and grants stay', async () => {
    const before = await matview('by_city')

    const done = await mutate('retypeColumn', 'table: "people", column: "city", type: "varchar(40)", dependents: RECREATE')

    expect(done.dependents).toEqual(
      expect.arrayContaining([
        { name: 'by_city', kind: 'matview', outcome: 'RECREATED' },
        { name: 'londoners', kind: 'view', outcome: 'RECREATED' },
      ]),
    )
    expect(await matview('by_city')).toEqual(before)
    expect(
      await world.db.sql(
        `select obj_description('ws_main.londoners'::regclass) as c, has_table_privilege('ws_main_reader', 'ws_main.by_city', 'select') as may`,
      ),
    ).toEqual([{ c: 'Who lives in London', may: true }])
    expect(
      await world.db.sql(
        `select status::text from app_public.matview_refresh_events where matview_name = 'by_city' and status = 'dropped'`,
      ),
    ).toEqual([])
  })

  it('names a view that can no longer be made, and leaves it out only if the caller says so [TMDEP]', async () => {
    await expect(mutate('dropColumn', 'table: "people", column: "city", dependents: RECREATE')).rejects.toMatchObject({
      code: 'TMDEP',
      detail: expect.stringContaining('by_city'),
    })
    expect(await matview('by_city')).toBeTruthy()

    const done = await mutate('dropColumn', 'table: "people", column: "city", dependents: RECREATE, leaveOut: ["by_city", "londoners"]')

    expect(done.dependents.map(({ outcome }: any) => outcome)).toEqual(['LEFT_OUT', 'LEFT_OUT'])
    expect(await matview('by_city')).toBeUndefined()
  })

  it('keeps the definition of a view readable after a rename', async () => {
    await world.graphql(
      `mutation { createMatview(input: { name: "names", definition: "select id, name from people", key: ["id"] }) { matview { id } } }`,
    )

    expect(await mutate('renameColumn', 'table: "people", column: "name", name: "full name"')).toMatchObject({
      dependents: [{ name: 'names', kind: 'matview', outcome: 'KEPT' }],
    })

    expect((await matview('names')).definition).toContain('"full name"')
    expect(
      (await world.graphql('mutation { refreshMatview(input: { name: "names" }) { run { status } } }')).refreshMatview.run.status,
    ).toBe('ANNOUNCED')
  })

  it('says which value does not fit a new type', async () => {
    await expect(
      mutate('retypeColumn', 'table: "people", column: "full name", type: "integer", dependents: RECREATE'),
    ).rejects.toMatchObject({ code: 'TMARG', message: expect.stringContaining('Ada') })
    expect(await mutate('retypeColumn', 'table: "people", column: "age", type: "integer"')).toEqual({ table: 'people', dependents: [] })
  })

  it('drops a table with the foreign keys and views that the caller gives up', async () => {
    await expect(mutate('dropTable', 'table: "people"')).rejects.toMatchObject({
      code: 'TMDEP',
      detail: expect.stringContaining('foreign key visits.visits_person'),
    })

    const done = await mutate('dropTable', 'table: "people", dependents: RECREATE, leaveOut: ["names", "visits.visits_person"]')

    expect(done.dependents.every(({ outcome }: any) => outcome === 'LEFT_OUT')).toBe(true)
    expect(
      await world.db.sql(
        `select status::text from app_public.matview_refresh_events where matview_name = 'names' order by id desc limit 1`,
      ),
    ).toEqual([{ status: 'dropped' }])
  })

  it('of a reader, of a table that is not there, to a name that is taken is refused [TMPER, TMNOF, TMEXI]', async () => {
    await expect(
      world.graphql('mutation { dropTable(input: { table: "visits" }) { table } }', {}, await world.token({ role: 'reader' })),
    ).rejects.toMatchObject({ code: 'TMPER' })
    await expect(mutate('dropTable', 'table: "nothing"')).rejects.toMatchObject({ code: 'TMNOF' })
    await expect(mutate('renameColumn', 'table: "visits", column: "gone", name: "x"')).rejects.toMatchObject({ code: 'TMNOF' })
    await expect(mutate('renameColumn', 'table: "visits", column: "person_id", name: "id"')).rejects.toMatchObject({ code: 'TMEXI' })
    expect(await mutate('renameTable', 'table: "visits", name: "calls"')).toEqual({ table: 'calls', dependents: [] })
  })
})
