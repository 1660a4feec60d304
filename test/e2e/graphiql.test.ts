/** The page to try GraphQL by hand: that it works in a browser, signed in, without internet, for the workspace that it was opened for. */
import { chromium, describeNeeding } from '../support/needs.ts'
import { openStage, type Person, type Stage } from './support/browser.ts'

describeNeeding(chromium(), 'GraphiQL', () => {
  let stage: Stage
  let ada: Person
  beforeAll(async () => {
    stage = await openStage()
    await stage.world.upload('tools', 'id,name\n1,Saw\n2,Plane\n', { key: 'id' })
    ada = await stage.person('Ada')
  }, 120_000)
  afterAll(() => stage?.close())

  it('sends who is not signed in to the sign-in page, and a stranger to a workspace nowhere', async () => {
    const away = await fetch(`${stage.world.url}/graphiql?workspace=main`, { redirect: 'manual' })
    expect([away.status, away.headers.get('location')]).toEqual([302, '/login?next=%2Fgraphiql%3Fworkspace%3Dmain'])
    expect((await ada.page.request.get(`${stage.world.url}/graphiql?workspace=nowhere`)).status()).toBe(404)
  })

  it('loads the schema of the workspace and runs a query and a live query', async () => {
    const { page } = ada
    page.setDefaultTimeout(60_000) // it loads an editor of 1 MB
    const outside: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(stage.world.url) && /^(http|ws)/.test(request.url())) outside.push(request.url())
    })
    const schema = page.waitForResponse(
      async (reply) => reply.url().endsWith('/graphql?workspace=main') && (await reply.text()).includes('"toolsLive"'),
    )
    await page.goto(`${stage.world.url}/graphiql?workspace=main`)
    await schema

    /** Without the last bracket, which the editor closes by itself. */
    const run = async (text: string) => {
      await page.locator('.graphiql-query-editor .view-lines').first().click()
      await page.keyboard.press('Control+a')
      await page.keyboard.insertText(text)
      await page.keyboard.press('Control+Enter')
    }
    const shows = (word: string, timeout = 60_000) =>
      page.waitForFunction((text) => document.querySelector('.graphiql-response')?.textContent?.includes(text), word, { timeout })
    await run('{ tools { nodes { id name } }')
    await shows('Plane')
    await ada.picture('graphiql')

    // The editor reads what was typed a moment later: a hand is slower than this test, so it presses again.
    await run('subscription { toolsLive { nodes { id name } }')
    for (let tries = 0; tries < 10; tries++)
      if (
        await shows('Saw', 4000).then(
          () => true,
          () => false,
        )
      )
        break
      else await page.keyboard.press('Control+Enter')
    await stage.world.db.sql(`update ws_main.tools set name = 'Chisel' where id = '2'`)
    await shows('Chisel')
    await ada.picture('graphiql-live')

    expect(outside).toEqual([])
    expect(ada.faults).toEqual([])
  }, 240_000)
})
