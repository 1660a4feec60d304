/**
 * The story of the first experiment: a CSV of ten numbers; a view of those that end like the current second; a refresh every
 * five seconds; an event each time, heard by an outside process. Called by ../demo.ts.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { lineOf } from '../listen/handle.ts'
import type { Client } from './client.ts'

const TABLE = 'demo_sample'
const VIEW = 'demo_sample_now'
const DEFINITION = `select * from ${TABLE} where "AColumnOfNumbers" = extract(second from now())::int % 10`
const EVENTS = 3

export async function sample({ url, say, upload, clear, graphql, events }: Client): Promise<void> {
  await clear(TABLE, VIEW)
  say('POST /upload-file  sample.csv')
  const made = await upload(TABLE, 'sample.csv', readFileSync(path.join(import.meta.dirname, '../../test/samples/sample.csv')))
  const columns = made.columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  say(`  -> table ${made.table} (${columns}), ${made.rows} rows, ${Math.round(made.duration_ms)} ms`)

  const { matviewRefreshEvents } = await graphql(`{ matviewRefreshEvents(last: 1) { nodes { id } } }`)
  const after = matviewRefreshEvents.nodes[0]?.id ?? '0'
  say(`createMatview ${VIEW}: ${DEFINITION}`)
  const { createMatview } = await graphql(
    `mutation ($input: CreateMatviewInput!) { createMatview(input: $input) { matview { name schedule runner } } }`,
    { input: { name: VIEW, definition: DEFINITION, key: ['AColumnOfNumbers'], schedule: '5 seconds' } },
  )
  say(`  -> refreshed every ${createMatview.matview.schedule} by ${createMatview.matview.runner}`)

  say(`GET /events?matview=${VIEW}&changes=1, as any program would:`)
  const lags: number[] = []
  let rows = 0
  for await (const item of events(VIEW, after)) {
    if (item.kind !== 'mark') continue
    lags.push(Date.now() - Date.parse(item.mark.status_change_time))
    const { changes } = item.mark as { changes?: { op: string; old: unknown; new: unknown }[] }
    say(`  ${lineOf(item.mark)}`)
    for (const change of changes ?? []) say(`    ${change.op} ${JSON.stringify(change.old ?? {})} -> ${JSON.stringify(change.new ?? {})}`)
    rows += changes?.length ?? 0
    if (lags.length === EVENTS) break
  }
  await graphql(`mutation ($name: String!) { pauseSchedule(input: { name: $name, paused: true }) { clientMutationId } }`, { name: VIEW })

  console.log(`
${lags.length} events with ${rows} changed rows came, each ${Math.min(...lags)} to ${Math.max(...lags)} ms after it was written.
Table and view are still there (the schedule rests): ${url}/w/main/${VIEW}
Go on by yourself:
  npm run listen -- matview_refresh_channel          every event, in another terminal
  curl -N -H "Authorization: Bearer $(npm run -s token)" ${url}/events
  npm run demo -- anniversaries                      a webhook that writes letters`)
}
