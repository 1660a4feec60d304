/**
 * GET /metrics: what it tells after real work, to whom, and that docs/metrics.md and the dashboard name what there is.
 */
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { routeClass } from '../../../server/metrics/route.ts'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark, openSse, startReceiver } from '../events/support.ts'
import { connect } from '../live/harness.ts'

const TOKEN = 'a token of the test'
let world: World
beforeAll(async () => {
  world = await startWorld({ metricsToken: TOKEN })
})
afterAll(() => world?.close())

const file = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const ask = (headers: Record<string, string> = {}) => fetch(`${world.url}/metrics`, { headers })
const text = async () => (await ask()).text()
/** The sum of all series of a name whose labels contain `labels`. */
const value = (metrics: string, name: string, labels = '') =>
  metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && line.includes(labels)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
const families = (metrics: string) =>
  [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }))

describe('GET /metrics', () => {
  it('tells of uploads, requests, refreshes, marks, webhooks and live queries that happened', async () => {
    const receiver = await startReceiver()
    const token = await world.token()
    await world.upload('crew', 'id,name\n1,Ada\n2,Grace\n')
    const client = await connect(world.url, token)
    const live = client.open('subscription { crewsLive { nodes { name } } }')
    await live.nth(0, 40_000)
    const stream = await openSse(`${world.url}/events`, { authorization: `Bearer ${token}` })
    await stream.until(() => stream.lastId() !== '')
    await world.graphql('mutation ($url: String!) { createWebhook(input: { url: $url }) { newWebhook { id } } }', { url: receiver.url })
    await world.graphql(
      `mutation { createMatview(input: { name: "names", definition: "select name from crew", notifyWhen: ALWAYS, schedule: "1 seconds" }) { matview { id } } }`,
    )
    await stream.until(() => stream.messages.length >= 2, 30_000)

    const scheduled = 'result="announced",reason="schedule"'
    const metrics = await eventually(text, (got) => value(got, 'tidemark_refresh_duration_seconds_count', scheduled) > 0, 30_000)

    expect(value(metrics, 'http_request_duration_seconds_count', 'route="upload",status_code="201"')).toBe(1)
    expect(value(metrics, 'http_request_duration_seconds_count', 'route="graphql",status_code="200"')).toBe(2)
    expect(value(metrics, 'tidemark_upload_rows_total', 'mode="create"')).toBe(2)
    expect(value(metrics, 'tidemark_upload_bytes_total', 'mode="create"')).toBe(22)
    expect(value(metrics, 'tidemark_schedule_lateness_seconds_count')).toBeGreaterThan(0)
    expect(value(metrics, 'tidemark_event_lag_seconds_count')).toBeGreaterThanOrEqual(2)
    expect(value(metrics, 'tidemark_event_lag_seconds_sum')).toBeLessThan(60)
    expect(value(metrics, 'tidemark_last_event_id')).toBeGreaterThanOrEqual(2)
    expect(value(metrics, 'tidemark_event_streams')).toBe(1)
    expect(value(metrics, 'tidemark_websockets')).toBe(1)
    expect(value(metrics, 'tidemark_live_queries')).toBe(1)
    expect(value(metrics, 'tidemark_live_groups')).toBe(1)
    expect(value(metrics, 'tidemark_live_clients')).toBe(1)
    expect(value(metrics, 'tidemark_live_runs_total')).toBeGreaterThan(0)
    expect(value(metrics, 'tidemark_pool_connections', 'pool="api",state="total"')).toBeGreaterThan(0)
    expect(value(metrics, 'tidemark_webhooks', 'state="active"')).toBe(1)
    expect(value(metrics, 'tidemark_leader')).toBe(2)
    for (const one of ['tidemark_listening', 'tidemark_database_up']) expect([one, value(metrics, one)]).toEqual([one, 1])
    expect(metrics).toMatch(/^process_resident_memory_bytes \d/m)
    await eventually(text, (got) => value(got, 'tidemark_webhook_delivery_duration_seconds_count', 'result="delivered"') > 0)
    client.close()
    await stream.close()
    await receiver.close()
    await world.db.sql('delete from app_public.schedules')
    await world.db.sql('delete from app_public.webhooks')
  }, 120_000)

  it('tells how long deliveries have waited, and of a circuit that is open', async () => {
    await world.db.sql(
      `with made as (insert into app_public.webhooks (workspace, name, url, state, circuit_open) values ('main', 'away', 'http://localhost:1/', 'paused', true) returning id)
       insert into app_public.deliveries (workspace, webhook_id, message_id, reason, created_at) select 'main', id, 'm', 'event', now() - interval '1 hour' from made`,
    )

    const metrics = await text()

    expect(value(metrics, 'tidemark_webhook_deliveries_pending')).toBe(1)
    expect(value(metrics, 'tidemark_webhook_oldest_delivery_seconds')).toBeGreaterThanOrEqual(3600)
    expect(value(metrics, 'tidemark_webhook_circuits_open')).toBe(1)
  })

  it('has no label that people can fill, and puts addresses into few classes', async () => {
    await fetch(`${world.url}/rest/somebodys_secret_table?id=eq.5`)
    await fetch(`${world.url}/no/such/page`)
    await mark(world.db, { matview: 'a_secret_view' })

    const metrics = await text()

    expect(metrics).not.toMatch(/secret|such\/page|workspace=/)
    expect([...new Set([...metrics.matchAll(/(\w+)="/g)].map(([, label]) => label))].toSorted()).toEqual(
      [
        'kind',
        'le',
        'major',
        'minor',
        'mode',
        'patch',
        'pool',
        'quantile',
        'reason',
        'result',
        'role',
        'route',
        'space',
        'state',
        'status_code',
        'type',
        'version',
      ].filter((label) => metrics.includes(`${label}="`)),
    )
    expect(['/rest/a', '/rest', '/graphql', '/upload-file', '/events/7/changes', '/login', '/w/main/crew'].map(routeClass)).toEqual([
      'rest',
      'rest',
      'graphql',
      'upload',
      'events',
      'auth',
      'web',
    ])
  })

  it('answers the machine itself and whoever has the token, and nobody else [TMAUT]', async () => {
    const elsewhere = { 'x-forwarded-for': '203.0.113.7' }

    expect((await ask()).status).toBe(200)
    expect((await ask({ ...elsewhere, authorization: `Bearer ${TOKEN}` })).status).toBe(200)
    const refused = await ask({ ...elsewhere, authorization: 'Bearer guessed' })
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'TMAUT' }])
  })

  it('is not there for others when no token is set [TMNOF]', async () => {
    const other = await world.another({ worker: false })
    const closed = await world.another({ worker: false, metricsToken: null })

    const reply = await fetch(`${closed.url}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer ' } })

    expect([reply.status, await reply.json()]).toMatchObject([404, { code: 'TMNOF' }])
    await Promise.all([other.close(), closed.close()])
  })

  it('still tells of the process when the database does not answer in time', async () => {
    const busy = await world.db.admin.connect()
    await busy.query('begin; lock table app_public.webhooks in access exclusive mode')

    const metrics = await text()

    expect(value(metrics, 'tidemark_database_up')).toBe(0)
    expect(value(metrics, 'tidemark_listening')).toBe(1)
    await busy.query('rollback')
    busy.release()
    await eventually(text, (got) => value(got, 'tidemark_database_up') === 1)
  })

  it('counts an upload whose sender went away as 499', async () => {
    const socket = createConnection(world.server.port, '127.0.0.1')
    const token = await world.token()
    socket.write(
      `POST /upload-file?table=gone HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n\r\nid,name\r\n1,Ada\r\n`,
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    socket.destroy()

    await eventually(text, (got) => value(got, 'http_request_duration_seconds_count', 'route="upload",status_code="499"') === 1)
  })
})

describe('docs/metrics.md', () => {
  it('has every metric with its type and its labels, and none that there is not', async () => {
    const metrics = await text()
    const ours = families(metrics).filter(({ name }) => /^(tidemark|http)_/.test(name))
    const table = [...file('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(([, name, type, labels]) => ({
      name: name!,
      type: type!,
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
    }))

    expect(table.map(({ name, type }) => ({ name, type })).toSorted((a, b) => a.name.localeCompare(b.name))).toEqual(
      ours.toSorted((a, b) => a.name.localeCompare(b.name)),
    )
    for (const { name, labels } of table) {
      const used = [...metrics.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm'))].flatMap(([, inside]) =>
        [...inside!.matchAll(/(\w+)="/g)].map(([, label]) => label!),
      )
      expect([name, [...new Set(used)].filter((label) => label !== 'le' && !labels.includes(label))]).toEqual([name, []])
    }
  })
})

describe('docker/grafana/tidemark.json', () => {
  it('asks for nothing that is not measured, and misses none of ours', async () => {
    const known = families(await text()).flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    )
    const { panels } = JSON.parse(file('docker/grafana/tidemark.json')) as { panels: { targets: { expr: string }[] }[] }
    const asked = new Set(
      panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/\b(?:tidemark|http|process|nodejs)_\w+/g) ?? [])),
    )

    expect([...asked].filter((name) => !known.includes(name))).toEqual([])
    const shown = [...asked].map((name) => name.replace(/_(bucket|sum|count)$/, ''))
    const missing = families(await text()).filter(({ name }) => /^(tidemark|http)_/.test(name) && !shown.includes(name))
    expect(missing).toEqual([])
  })
})
