/**
 * Uploads of a running server, over HTTP and as everybody's role.
 */
import { readFileSync } from 'node:fs'
import { startWorld, type World } from '../../support/world.ts'

/** The route as the whole server mounts it: tokens, roles, the uploads of GraphQL. */
describe('uploads of a running server', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world?.close())
  const sample = readFileSync(new URL('../../samples/contacts.csv', import.meta.url))

  it('loads the sample of people', async () => {
    const { status, body } = await world.upload('contacts', sample)

    expect([status, body.rows, body.columns?.map((c: any) => c.type)]).toEqual([201, 8, ['text', 'text', 'date', 'boolean']])
  })

  it('refuses a reader [TMPER] and a stranger [TMAUT]', async () => {
    const reader = await world.upload('x', 'a\n1\n', {}, await world.token({ role: 'reader' }))
    const stranger = await world.upload('x', 'a\n1\n', {}, 'nobody')

    expect([reader.status, reader.body.code, stranger.status, stranger.body.code]).toEqual([403, 'TMPER', 401, 'TMAUT'])
  })

  it('shows uploads in GraphQL', async () => {
    const { uploads } = await world.graphql(`{ uploads(first: 10) { nodes { tableName state rows sha256 } } }`)

    expect(uploads.nodes).toContainEqual(expect.objectContaining({ tableName: 'contacts', state: 'DONE' }))
  })
})
