/** Subscriptions and sockets: marks with replay, uploads, who may stay connected. */
import { startWorld, type World } from '../../support/world.ts'
import { type Client, connect, sleep } from '../live/harness.ts'

let world: World
let client: Client
const sql = (text: string) => world.db.sql(`set role ws_main; set search_path = ws_main; ${text}; reset role; reset search_path`)
const refresh = (name: string) =>
  world
    .graphql('mutation ($name: String!) { refreshMatview(input: { name: $name }) { event { id } } }', { name })
    .then((data) => data.refreshMatview.event?.id as string)
const MARKS =
  'subscription ($matview: String, $after: BigInt) { matviewRefreshed(matview: $matview, after: $after) { event { id matviewName status inserted } changes { op key old new } } }'

beforeAll(async () => {
  world = await startWorld()
  await sql(`create table scores (id int primary key, points int); insert into scores values (1, 10), (2, 20)`)
  for (const name of ['best', 'all_scores'])
    await world.graphql('mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { id } } }', {
      input: {
        name,
        definition: `select id, points from scores${name === 'best' ? ' where points > 15' : ''}`,
        key: ['id'],
        notifyWhen: 'ALWAYS',
      },
    })
  client = await connect(world.url, await world.token())
}, 60_000)
afterAll(async () => {
  client?.close()
  await world?.close()
})

describe('matviewRefreshed', () => {
  it('brings each mark of the workspace with its changes, in order', async () => {
    const marks = client.open(MARKS)
    await sleep(700)

    await sql('update scores set points = 11 where id = 1')
    const one = await refresh('best')
    const two = await refresh('all_scores')

    expect((await marks.nth(0)).errors).toBeUndefined()
    expect((await marks.nth(0)).data.matviewRefreshed).toEqual({
      event: { id: one, matviewName: 'best', status: 'UNCHANGED', inserted: '0' },
      changes: [],
    })
    expect((await marks.nth(1)).data.matviewRefreshed).toMatchObject({
      event: { id: two, matviewName: 'all_scores', status: 'NEW' },
      changes: [{ key: { id: 1 }, old: { id: 1, points: 10 }, new: { id: 1, points: 11 } }],
    })
    marks.complete()
  })

  it('replays from an id, of one view, and goes on from there without a gap or a repetition', async () => {
    const ids = [await refresh('best'), await refresh('all_scores'), await refresh('best')]
    const marks = client.open(MARKS, { variables: { matview: 'best', after: String(Number(ids[0]) - 1) } })
    await marks.nth(1)

    const next = await refresh('best')

    expect((await marks.nth(2)).data.matviewRefreshed.event.id).toBe(next)
    expect(marks.results.map(({ data }) => data.matviewRefreshed.event.id)).toEqual([ids[0], ids[2], next])
    marks.complete()
  })

  it('takes a plain number, and says what is not an id [TMARG]', async () => {
    const marks = client.open('subscription { matviewRefreshed(after: 0) { event { id } } }')
    expect((await marks.nth(0)).data.matviewRefreshed.event.id).toMatch(/^[12]$/) // the platform's own views count too
    marks.complete()
    const wrong = client.open('subscription { matviewRefreshed(after: "soon") { event { id } } }')
    expect((await wrong.nth(0)).errors[0].extensions.code).toBe('TMARG')
  })
})

describe('uploadProgress', () => {
  it('shows an upload at once and whenever its counts or state changed', async () => {
    const [{ id }] = await world.db.sql(
      `insert into app_public.uploads (workspace, mode, on_error, file_name) values ('main', 'create', 'abort', 'big.csv') returning id`,
    )
    const progress = client.open('subscription ($id: BigInt!) { uploadProgress(id: $id) { state bytes rows } }', { variables: { id } })
    expect((await progress.nth(0)).data.uploadProgress).toEqual({ state: 'RUNNING', bytes: '0', rows: '0' })
    await sleep(600)

    await world.db.sql('update app_public.uploads set bytes = 500, rows = 20 where id = $1', [id])

    expect((await progress.nth(1)).data.uploadProgress).toEqual({ state: 'RUNNING', bytes: '500', rows: '20' })
    await world.db.sql(`insert into app_public.uploads (workspace, mode, on_error) values ('main', 'create', 'abort')`)
    await sleep(400)
    expect(progress.results).toHaveLength(2)
    progress.complete()
  })
})

describe('a socket', () => {
  it('without a valid token is closed with the reason [TMAUT]', async () => {
    const stranger = await connect(world.url, 'tm_wrong')
    expect(await stranger.closed).toEqual({ code: 4401, reason: expect.stringContaining('TMAUT') })
  })

  it('of another workspace is closed with the reason [TMNOF]', async () => {
    const stranger = await connect(world.url, await world.token(), { workspace: 'nobodys' })
    expect(await stranger.closed).toEqual({ code: 4403, reason: expect.stringContaining('TMNOF') })
  })

  it('that finds no free connection to the database is told to come back, and is let in once there is one [TMCON]', async () => {
    const { owner } = world.server.db
    const token = await world.token()
    const { connectionTimeoutMillis } = owner.options
    owner.options.connectionTimeoutMillis = 200
    const held = await Promise.all(Array.from({ length: owner.options.max! - owner.totalCount + owner.idleCount }, () => owner.connect()))

    const refused = await connect(world.url, token)

    expect(await refused.closed).toEqual({ code: 4500, reason: expect.stringContaining('TMCON') })
    for (const one of held) one.release()
    owner.options.connectionTimeoutMillis = connectionTimeoutMillis!
    const again = await connect(world.url, token)
    expect((await again.open('{ scores { totalCount } }').nth(0)).data.scores.totalCount).toBe(2)
    again.close()
  })

  it('is closed when its token is revoked', async () => {
    const token = await world.token()
    const one = await connect(world.url, token)
    const live = one.open('subscription { scoresLive { nodes { id } } }')
    await live.nth(0)

    const [{ id }] = await world.db.sql(`select id from app_public.api_tokens order by created_at desc limit 1`)
    await world.db.sql('delete from app_public.api_tokens where id = $1', [id])

    expect((await one.closed).code).toBe(4401)
  })

  it("runs queries and mutations too; a reader's mutation is refused there as well [TMPER]", async () => {
    const reader = await connect(world.url, await world.token({ role: 'reader' }))
    expect((await reader.open('{ scores { totalCount } }').nth(0)).data.scores.totalCount).toBe(2)
    expect((await reader.open('mutation { deleteScore(input: { id: 1 }) { score { id } } }').nth(0)).errors[0].extensions.code).toBe(
      'TMPER',
    )
    expect((await reader.open('subscription { scoresLive { nodes { id } } }').nth(0)).data.scoresLive.nodes).toHaveLength(2)
    reader.close()
  })

  it('has a limit of subscriptions, and of what a document may ask [TMLIM, TMARG]', async () => {
    const one = await connect(world.url, await world.token())
    const many = Array.from({ length: 200 }, () => one.open('subscription { matviewRefreshed { event { id } } }'))
    await expect(one.open('subscription { matviewRefreshed { event { id } } }').nth(0)).rejects.toMatchObject({ code: 'TMLIM' })
    many[0]!.complete()
    await expect(one.open('subscription { nothingLive { nodes { id } } }').nth(0)).rejects.toMatchObject({ code: 'TMARG' })
    expect((await one.open('subscription { scoresLive { nodes { id } } }').nth(0)).data.scoresLive.nodes).toHaveLength(2)
    one.close()
  })

  it('elsewhere than at /graphql is none', async () => {
    await expect(connect(`${world.url}/elsewhere`, null)).rejects.toBeDefined()
  })
})
