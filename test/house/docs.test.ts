/**
 * docs/ is what the product says of itself. The pages that are tables in the code are compared by `npm run check`.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describeApi } from '../../scripts/docs/api.ts'
import { exampleFindings } from '../../scripts/docs/tables.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createTestDatabase()
})
afterAll(() => db?.drop())

it('the GraphQL schema and the OpenAPI document in docs/ are those of a running server (else: npm run check -- --write)', async () => {
  const api = await describeApi(db.url, db.secret)

  for (const [name, text] of Object.entries(api))
    expect(text).toBe(readFileSync(path.join(import.meta.dirname, '../../docs', name), 'utf8'))
  expect(api['graphql.graphql']).toContain('contactsPerYearsLive(')
  expect(JSON.parse(api['openapi.json']!).paths).toHaveProperty('/contacts')
}, 60_000)

it('a setting that only one of code, table and example knows is found', () => {
  const source = "env.PORT, env.WORKER_COUNT, integer(env, 'POOL_SIZE', 20)"

  const found = exampleFindings('#PORT=5000\n#GHOST=1\n', source)

  expect(found).toContain('.env.example: GHOST is no setting of server/config.ts')
  expect(found).toContain('.env.example: lacks DATABASE_URL, which server/config.ts tells operators of')
  expect(found).toContain('server/config.ts: WORKER_COUNT is read, but not in SETTINGS')
  expect(found).toContain('server/config.ts: PUBLIC_URL is in SETTINGS, but never read')
})
