/**
 * Two stories on real input, told by what is called and what comes back. Run by demo.mjs, with the running server in
 * TIDEMARK_URL and its database. Writes tables and views named demo_… into workspace main; run it again as often as you like.
 */
import { anniversaries } from './demo/anniversaries.ts'
import { openClient } from './demo/client.ts'
import { sample } from './demo/sample.ts'

const STORIES: Record<string, (client: Awaited<ReturnType<typeof openClient>>) => Promise<void>> = { sample, anniversaries }

const [name = 'sample'] = process.argv.slice(2)
const story = STORIES[name]
if (!story) {
  console.error(`There is no demo "${name}": npm run demo, or npm run demo -- anniversaries`)
  process.exit(1)
}
const client = await openClient(process.env)
try {
  await story(client)
} catch (error) {
  console.error(`\nThe demo stopped: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  await client.close()
}
process.exit()
