/**
 * `npm run demo` against a running server, both stories, from the first line to the last.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { startWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ allowPrivateWebhooks: false })
})
afterAll(() => world?.close())

function demo(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, ['scripts/demo.ts', ...args], {
    cwd: path.join(import.meta.dirname, '../../..'),
    env: { PATH: process.env.PATH, DATABASE_URL: world.db.url, TIDEMARK_SECRET: world.db.secret, TIDEMARK_URL: world.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (out += text))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })))
}

describe('npm run demo', () => {
  it('tells the story from the CSV to the event', async () => {
    const { code, out } = await demo()

    if (code !== 0) throw new Error(out)
    expect(out).toMatch(/-> table demo_sample \(.*AColumnOfNumbers .*\), 10 rows/)
    expect(out).toMatch(/-> refreshed every 5 seconds by ticker/)
    expect(out).toMatch(/#\d+ {2}demo_sample_now {2}new {2}1 row: \+1 ~0 -0/)
    expect(out).toMatch(/3 events with \d+ changed rows came, each \d+ to \d+ ms after/)
  }, 90_000)

  it('sends a letter on somebody’s anniversary, and leaves neither webhook nor hole behind', async () => {
    const first = await demo('anniversaries')
    const again = await demo('anniversaries')

    for (const { code, out } of [first, again]) {
      if (code !== 0) throw new Error(out)
      expect(out).toMatch(/receiver: evt_\d+_\d+ \(matview\.refreshed\), signature good/)
      expect(out).toMatch(/To: Somebody New <somebody@example\.org>\n {6}Subject: 5 years/)
      expect(out).toMatch(/the delivery log says: \{"status":"DELIVERED","attempts":1,"responseStatus":204/)
    }
    expect(await world.db.sql('select from app_public.webhooks')).toEqual([])
    expect(await world.db.sql('select private_webhooks from app_private.settings')).toEqual([{ private_webhooks: [] }])
    expect(await world.db.sql(`select from app_public.api_tokens where name = 'demo'`)).toEqual([])
  }, 90_000)

  it('says which demos there are', async () => {
    expect(await demo('nonsense')).toEqual({
      code: 1,
      out: 'There is no demo "nonsense": npm run demo, or npm run demo -- anniversaries\n',
    })
  })
})
