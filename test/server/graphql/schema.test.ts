/** One schema per workspace: visible DDL, who may do what, limits, errors. */
import { startWorld, type World } from '../../support/world.ts'
import { sleep } from '../live/harness.ts'

let world: World
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)
const has = async (field: string) =>
  (await world.graphql('{ __schema { queryType { fields { name } } } }')).__schema.queryType.fields.some(({ name }: any) => name === field)
const post = (body: string, headers: Record<string, string> = {}) =>
  world.token().then((token) =>
    fetch(`${world.url}/graphql`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    }),
  )

async function within(ms: number, what: string, is: () => Promise<boolean>): Promise<number> {
  const started = Date.now()
  while (!(await is())) {
    if (Date.now() - started > ms) throw new Error(`${what} after ${ms} ms`)
    await sleep(30)
  }
  return Date.now() - started
}
const visibleWithin = (field: string, wanted: boolean, ms = 10_000): Promise<number> =>
  within(ms, `${field} is ${wanted ? 'not there' : 'still there'}`, async () => (await has(field)) === wanted)

beforeAll(async () => {
  world = await startWorld()
  await sql(
    `create table things (id int primary key, name text); insert into things select g, 'n' || g from generate_series(1, 1500) g; create table others (id int primary key, thing_id int references things, name text)`,
  )
  await has('things')
}, 60_000)
afterAll(() => world?.close())

describe('the schema of a workspace', () => {
  it('follows DDL from anywhere: psql, an upload, a view, a comment, a grant, a drop', async () => {
    await sql('create table fresh (id int primary key)')
    await visibleWithin('freshes', true)
    const fresh = async () => (await world.graphql('{ __type(name: "Fresh") { description fields { name } } }')).__type
    await sql('alter table fresh add column extra text')
    await within(10_000, 'the column is not there', async () => (await fresh()).fields.some(({ name }: any) => name === 'extra'))
    await sql(`comment on table fresh is 'Just made'`)
    await within(10_000, 'the comment is not there', async () => (await fresh()).description === 'Just made')
    await sql('drop table fresh')
    await visibleWithin('freshes', false)
    await world.upload('uploaded', 'a,b\n1,2\n')
    await visibleWithin('uploadeds', true)
    await sql('create materialized view mv as select 1 as one')
    await visibleWithin('mvs', true)
  }, 60_000)

  it('does not show our bookkeeping', async () => {
    await sql('create table _hidden (id int primary key)')
    await sleep(500)
    expect(await has('hiddens')).toBe(false)
  })

  it('is another for another workspace, and what is not yours is not there [TMNOF]', async () => {
    const reply = await post('{"query":"{ things { totalCount } }"}', { 'x-workspace': 'nobodys' })
    expect([reply.status, ((await reply.json()) as any).errors[0].extensions.code]).toEqual([404, 'TMNOF'])
  })
})

describe('who asks', () => {
  it('nobody gets an answer without signing in [TMAUT]', async () => {
    const reply = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      body: '{"query":"{ things { totalCount } }"}',
      headers: { 'content-type': 'application/json' },
    })
    expect([reply.status, ((await reply.json()) as any).errors[0].extensions]).toMatchObject([
      401,
      { code: 'TMAUT', hint: expect.any(String), detail: null },
    ])
  })

  it('a reader reads; PostgreSQL itself refuses the rest [TMPER]', async () => {
    const reader = await world.token({ role: 'reader' })
    expect((await world.graphql('{ things(first: 1) { nodes { id } } }', {}, reader)).things.nodes).toEqual([{ id: 1 }])
    for (const mutation of [
      'createThing(input: { thing: { id: 9999 } }) { thing { id } }',
      'deleteThing(input: { id: 1 }) { thing { id } }',
      'createMatview(input: { name: "x", definition: "select 1" }) { matview { id } }',
      'scheduleMatview(input: { name: "mv" }) { matview { id } }',
    ])
      await expect(world.graphql(`mutation { ${mutation} }`, {}, reader)).rejects.toMatchObject({ code: 'TMPER' })
  })

  it("an editor writes, and sees what an index forbids in PostgreSQL's own words", async () => {
    const editor = await world.token({ role: 'editor' })
    expect(
      await world.graphql('mutation { createThing(input: { thing: { id: 5000, name: "x" } }) { thing { id name } } }', {}, editor),
    ).toEqual({ createThing: { thing: { id: 5000, name: 'x' } } })
    await expect(
      world.graphql('mutation { createThing(input: { thing: { id: 5000 } }) { thing { id } } }', {}, editor),
    ).rejects.toMatchObject({ code: '23505', detail: expect.stringContaining('already exists') })
    await world.graphql('mutation { deleteThing(input: { id: 5000 }) { thing { id } } }', {}, editor)
  })

  it('GraphiQL is for who is signed in', async () => {
    const stranger = await fetch(`${world.url}/graphiql`, { redirect: 'manual' })
    expect([stranger.status, stranger.headers.get('location')]).toEqual([302, '/login?next=%2Fgraphiql'])
    const member = await fetch(`${world.url}/graphiql`, { headers: { authorization: `Bearer ${await world.token()}` } })
    expect([member.status, await member.text()]).toEqual([200, expect.stringContaining('<html')])
  })
})

describe('limits', () => {
  const count = async (args: string) => (await world.graphql(`{ things${args} { nodes { id } } }`)).things.nodes.length

  it('a page has at most 1,000 rows, whatever is asked for', async () => {
    expect([
      await count('(first: 100000)'),
      await count(''),
      await count('(first: null)'),
      await count('(first: 7)'),
      await count('(last: 100000)'),
      await count('(last: 3)'),
    ]).toEqual([1000, 1000, 1000, 7, 1000, 3])
    expect((await world.graphql('{ things(last: 2) { nodes { id } } }')).things.nodes).toEqual([{ id: 1499 }, { id: 1500 }])
    expect((await world.graphql('query ($n: Int) { things(first: $n) { nodes { id } } }', { n: null })).things.nodes).toHaveLength(1000)
  })

  it('depth, aliases and tokens end somewhere [TMLIM]', async () => {
    let deep = 'id'
    for (let i = 0; i < 8; i++) deep = i % 2 ? `things { nodes { ${deep} } }` : `query { ${deep} }`
    await expect(world.graphql(`{ ${'query { '.repeat(13)} things { totalCount } ${'}'.repeat(13)} }`)).rejects.toMatchObject({
      code: 'TMLIM',
    })
    await expect(
      world.graphql(`{ ${Array.from({ length: 31 }, (_, i) => `a${i}: things(first: 1) { totalCount }`).join(' ')} }`),
    ).rejects.toMatchObject({ code: 'TMLIM', message: expect.stringContaining('30') })
    await expect(world.graphql(`{ things { nodes { ${'id '.repeat(6000)} } } }`)).rejects.toMatchObject({
      code: 'TMLIM',
      message: expect.stringContaining('5000'),
    })
    expect(deep).toContain('things')
  })

  it('a request is one operation of a modest size, as JSON, by POST [TMLIM, TMARG]', async () => {
    const answer = async (reply: Response) => [reply.status, ((await reply.json()) as any).errors[0].extensions.code]
    expect(await answer(await post('[{"query":"{ things { totalCount } }"}]'))).toEqual([400, 'TMLIM'])
    expect(await answer(await post(JSON.stringify({ query: '{ things { totalCount } }', pad: 'x'.repeat(300_000) })))).toEqual([
      413,
      'TMLIM',
    ])
    expect(await answer(await post('{nonsense'))).toEqual([400, 'TMARG'])
    expect(await answer(await post('query=x', { 'content-type': 'application/x-www-form-urlencoded' }))).toEqual([400, 'TMARG'])
    expect(await answer(await fetch(`${world.url}/graphql?query={things{totalCount}}`))).toEqual([405, 'TMARG'])
  })

  it('the introspection of GraphiQL fits', async () => {
    const { getIntrospectionQuery } = await import('graphql')
    expect((await world.graphql(getIntrospectionQuery())).__schema.types.length).toBeGreaterThan(100)
  })
})

describe('errors', () => {
  it("of a definition carry PostgreSQL's words and the position [TMSQL]", async () => {
    await expect(
      world.graphql('mutation { createMatview(input: { name: "bad", definition: "select nme from things" }) { matview { id } } }'),
    ).rejects.toMatchObject({ code: 'TMSQL', message: expect.stringContaining('nme'), position: 8 })
    await expect(world.graphql('mutation { previewMatview(input: { definition: "delete from things" }) { more } }')).rejects.toMatchObject({
      code: 'TMDEF',
    })
  })

  it('of a document say what is wrong [TMARG]', async () => {
    await expect(world.graphql('{ nothing }')).rejects.toMatchObject({
      code: 'TMARG',
      message: expect.stringContaining('nothing'),
      hint: expect.any(String),
      detail: null,
    })
    await expect(world.graphql('query ($n: Int!) { things(first: $n) { totalCount } }')).rejects.toMatchObject({ code: 'TMARG' })
  })

  it('of a filter say what to send: null is refused, {} is no filter', async () => {
    for (const filter of ['{ id: null }', '{ id: { equalTo: null } }'])
      await expect(world.graphql(`{ things(filter: ${filter}) { totalCount } }`)).rejects.toMatchObject({
        code: 'TMARG',
        hint: expect.stringContaining('isNull'),
      })
    const { all, empty, inner } = await world.graphql(
      '{ all: things { totalCount } empty: things(filter: {}) { totalCount } inner: things(filter: { id: {} }) { totalCount } }',
    )
    expect([empty, inner]).toEqual([all, all])
  })

  it('of a value name the value, not our insides', async () => {
    await expect(world.graphql('mutation { createThing(input: { thing: { id: 1 } }) { thing { id } } }')).rejects.toMatchObject({
      code: '23505',
    })
    await expect(world.graphql('{ things(filter: { id: { equalTo: 99999999999 } }) { totalCount } }')).rejects.toMatchObject({
      code: 'TMARG',
    })
  })
})

describe('previewMatview', () => {
  it('shows columns and first rows and keeps nothing', async () => {
    const { previewMatview } = await world.graphql(
      'mutation { previewMatview(input: { definition: "select id, name from things order by id", first: 2 }) { columns { name type } rows more } }',
    )
    expect(previewMatview).toEqual({
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'text' },
      ],
      rows: [
        { id: 1, name: 'n1' },
        { id: 2, name: 'n2' },
      ],
      more: true,
    })
  })
})
