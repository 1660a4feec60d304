/**
 * EventSource of a real browser on GET /events: it comes back by itself with Last-Event-ID after the server restarted, and
 * nothing is lost. No code of ours runs in the page.
 */
import type { RunningServer } from '../../server/server.ts'
import { mark, eventually } from '../server/events/support.ts'
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, type Person, type Stage } from './support/browser.ts'

interface Heard {
  opened: number
  events: [type: string, id: string, view: string | null][]
}
declare global {
  interface Window {
    heard: Heard
  }
}

describeNeeding(chromium(), "a browser's EventSource", () => {
  let stage: Stage
  let ada: Person
  let server: RunningServer
  beforeAll(async () => {
    stage = await openStage()
    server = stage.world.server
    ada = await stage.person('Ada')
    await ada.page.goto(`${stage.world.url}/healthz`)
  }, 120_000)
  afterAll(() => stage?.close())

  const listen = (query: string) =>
    ada.page.evaluate((address) => {
      const heard: Heard = { opened: 0, events: [] }
      window.heard = heard
      const source = new EventSource(address)
      source.onopen = () => heard.opened++
      for (const type of ['matview_refreshed', 'reset'])
        source.addEventListener(type, (event) => heard.events.push([type, event.lastEventId, JSON.parse(event.data).matview_name ?? null]))
    }, `/events?workspace=main&${query}`)
  const heard = () => ada.page.evaluate(() => window.heard)
  const restart = async (meanwhile: () => Promise<void>) => {
    const { port } = server
    await server.close()
    await meanwhile()
    server = await stage.world.another({ port })
  }

  it('hears what happened while the server was down, after a restart and after another, each mark once', async () => {
    await listen('')
    await eventually(heard, ({ opened }) => opened === 1)
    const ids = [await mark(stage.world.db)]
    await eventually(heard, ({ events }) => events.length === 1)

    for (const times of [2, 3]) {
      await restart(async () => {
        for (let n = 0; n < 3; n++) ids.push(await mark(stage.world.db))
      })
      await eventually(heard, ({ opened }) => opened === times, 20_000)
      ids.push(await mark(stage.world.db))
    }

    const { events } = await eventually(heard, ({ events }) => events.length >= ids.length, 20_000)
    expect(events).toEqual(ids.map((id) => ['matview_refreshed', id, 'sample_now']))
  }, 90_000)

  it('that had heard nothing yet goes on from where it began', async () => {
    await listen('matview=sample_now')
    await eventually(heard, ({ opened }) => opened === 1)

    let id = ''
    await restart(async () => {
      id = await mark(stage.world.db)
    })

    const { events } = await eventually(heard, ({ events }) => events.length > 0, 20_000)
    expect(events).toEqual([['matview_refreshed', id, 'sample_now']])
  }, 60_000)

  it('is told by a reset that its place is gone', async () => {
    await listen('after=999999999')

    const { events } = await eventually(heard, ({ events }) => events.length > 1, 20_000)
    expect(events[0]).toEqual(['reset', '0', null])
  })
})
