/**
 * The log of a real server process, line by line: JSON, request ids, and the warnings that an operator waits for.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import WebSocket from 'ws'
import { createToken } from '../../../server/auth/tokens.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually, mark, startReceiver } from '../events/support.ts'

const ROOT = path.join(import.meta.dirname, '../../..')
let db: TestDatabase
let owner: pg.Pool
let server: { child: ChildProcess; url: string; lines: () => Record<string, any>[] }
let token: string

async function start(): Promise<typeof server> {
  const child = spawn(process.execPath, ['server/main.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      TIDEMARK_SECRET: db.secret,
      PORT: '0',
      ALLOW_PRIVATE_WEBHOOKS: '1',
      LOG_LEVEL: 'debug',
      SLOW_REFRESH_MS: '200',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout!.setEncoding('utf8').on('data', (part) => (out += part))
  const url = await eventually(
    () => /is ready on (\S+)/.exec(out)?.[1] ?? '',
    (found) => found !== '',
    20_000,
  )
  return {
    child,
    url,
    lines: () => out.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : [])),
  }
}

beforeAll(async () => {
  db = await createTestDatabase()
  owner = new pg.Pool({ connectionString: db.urlFor('app_owner'), max: 1 })
  token = await createToken({ owner, workspaces: { ensure: async () => {} } as never }, { workspace: 'main' })
  server = await start()
}, 60_000)
afterAll(async () => {
  if (server) {
    const gone = new Promise((resolve) => server.child.once('close', resolve))
    server.child.kill('SIGTERM')
    await gone
  }
  await owner?.end()
  await db?.drop()
})

const line = (msg: string, more: (line: Record<string, any>) => boolean = () => true, ms = 15_000) =>
  eventually(
    () => server.lines().find((one) => one.msg === msg && more(one)),
    (found) => found !== undefined,
    ms,
  ) as Promise<Record<string, any>>
const graphql = async (query: string) => {
  const reply = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = (await reply.json()) as any
  expect(errors).toBeUndefined()
  return data
}

describe('A request', () => {
  it('is known by its id in its answer and in the log, its own where it brings a harmless one', async () => {
    const made = (await fetch(`${server.url}/healthz?one=1`)).headers.get('x-request-id')!
    const brought = await fetch(`${server.url}/healthz`, { headers: { 'x-request-id': 'proxy-7.2026-01-02' } })
    const refused = (await fetch(`${server.url}/healthz`, { headers: { 'x-request-id': 'a b"c' } })).headers.get('x-request-id')

    expect(brought.headers.get('x-request-id')).toBe('proxy-7.2026-01-02')
    expect(refused).toMatch(/^[0-9a-f-]{36}$/)
    expect(await line('request', ({ request_id }) => request_id === made)).toMatchObject({ method: 'GET', path: '/healthz', status: 200 })
    await line('request', ({ request_id }) => request_id === 'proxy-7.2026-01-02')
  })

  it('that fails inside is found by the id in its answer, with what was wrong', async () => {
    await db.sql('alter table app_public.matviews rename column name to title')
    const id = 'a-request-that-fails'
    const reply = await fetch(`${server.url}/events?matview=x`, { headers: { 'x-request-id': id, authorization: `Bearer ${token}` } })
    const body = (await reply.json()) as Record<string, unknown>
    await db.sql('alter table app_public.matviews rename column title to name')

    expect([reply.status, body.code, body.request_id]).toEqual([500, 'TMOOP', id])
    expect(JSON.stringify(body)).not.toContain('column')
    const logged = await line('request failed')
    expect(logged).toMatchObject({ level: 50, request_id: id, path: '/events', error: { code: '42703' } })
  })

  it('carries its id into lines that are written far from it', async () => {
    const id = 'a-query-that-fails'
    await db.sql(`create function ws_main.boom() returns int language plpgsql as $$ begin raise 'boom' using errcode = 'XX001'; end $$;
      grant execute on function ws_main.boom() to ws_main; create view ws_main.broken as select ws_main.boom() as x; alter view ws_main.broken owner to ws_main`)

    const reply = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-request-id': id },
      body: JSON.stringify({ query: '{ brokens { nodes { x } } }' }),
    })

    expect(((await reply.json()) as any).errors[0].extensions).toMatchObject({ code: 'TMOOP', request_id: id })
    expect(await line('a GraphQL operation failed')).toMatchObject({ request_id: id, err: { code: 'XX001' } })
  })

  it('by a websocket has the id of its connection and its number there, in the answer and in the log', async () => {
    const id = 'a-page-that-fails'
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: { 'x-request-id': id } })
    const answers: any[] = []
    socket.on('message', (data) => answers.push(JSON.parse(String(data))))
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
    await eventually(() => answers.length, Boolean)
    socket.send(JSON.stringify({ id: 'one', type: 'subscribe', payload: { query: '{ brokens { nodes { x } } }' } }))
    const [, result] = await eventually(
      () => answers,
      ({ length }) => length > 1,
    )
    socket.terminate()

    expect(result.payload.errors[0].extensions).toMatchObject({ code: 'TMOOP', request_id: `${id}.2` })
    expect(await line('a GraphQL operation failed', ({ request_id }) => request_id !== 'a-query-that-fails')).toMatchObject({
      request_id: `${id}.2`,
      err: { code: 'XX001' },
    })
  })

  it('leaves no secret in the log: neither its query nor a link', async () => {
    await fetch(`${server.url}/invite/tm_the_secret_of_a_link?password=hunter2`)
    await line('request', ({ path: to }) => to === '/invite/…')

    expect(JSON.stringify(server.lines())).not.toMatch(/hunter2|the_secret_of_a_link|Bearer/)
    expect(JSON.stringify(server.lines())).not.toContain(token)
  })
})

describe('A server whose LISTEN connection was lost', () => {
  it('keeps the schemas that it has built, but for one that changed unheard', async () => {
    const built = () => server.lines().filter(({ msg }) => msg === 'schema built').length
    const back = () => server.lines().filter(({ msg }) => msg === 'the LISTEN connection is back').length
    const lose = async () => {
      const before = back()
      await db.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tidemark listen' and datname = current_database()`,
      )
      await eventually(back, (times) => times > before)
    }
    await graphql('{ apiRelations { name } }')
    await new Promise((resolve) => setTimeout(resolve, 500)) // for what earlier tests have made
    const kept = built()

    await lose()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(built()).toBe(kept)

    await db.sql('alter event trigger tidemark_ddl disable')
    await db.sql('set role ws_main; create table ws_main.unheard (id int primary key); reset role')
    await db.sql('alter event trigger tidemark_ddl enable')
    await lose()
    const { apiRelations } = await eventually(
      () => graphql('{ apiRelations { name } }'),
      (data) => data.apiRelations.some(({ name }: { name: string }) => name === 'unheard'),
    )
    expect(apiRelations.length).toBeGreaterThan(0)
    expect(built()).toBe(kept + 1)
  })
})

describe('A server that starts', () => {
  it('builds ahead what clients of the one before were watching', async () => {
    await db.sql(
      `insert into app_private.live_watches (workspace, rel, server, until) values ('ws_main', 'broken', gen_random_uuid(), now() + interval '1 minute')`,
    )
    const next = await start()

    const built = await eventually(
      () => next.lines().find(({ msg }) => msg === 'schema built'),
      (found) => found !== undefined,
      20_000,
    )
    next.child.kill('SIGKILL')
    expect(built).toMatchObject({ workspace: 'main' })
  }, 60_000)
})

describe('The operator is warned', () => {
  it('of a refresh that was slow, and of a scheduled one that failed, once each', async () => {
    await db.sql('set role ws_main; create table ws_main.numbers as select 1 as n; reset role')
    const create = (name: string, definition: string) =>
      graphql(`mutation { createMatview(input: { name: "${name}", definition: "${definition}" }) { matview { id } } }`)
    await create('slow', 'select count(*) as n from generate_series(1, 4000) a, generate_series(1, 1500) b')
    await create('failing', 'select 1 / n as x from numbers')
    await db.sql('update ws_main.numbers set n = 0')
    await graphql('mutation { scheduleMatview(input: { name: "failing", schedule: "2 seconds" }) { matview { id } } }')

    const slow = await line('a refresh was slow')
    expect(slow).toMatchObject({ level: 40, workspace: 'main', matview: 'slow', threshold_ms: 200 })
    expect(slow.duration_ms).toBeGreaterThanOrEqual(200)
    const failed = await line('a scheduled refresh failed')
    expect(failed).toMatchObject({ level: 40, matview: 'failing', code: '22012', error: expect.stringContaining('division by zero') })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const warned = server.lines().filter(({ msg }) => msg === 'a refresh was slow' || msg === 'a scheduled refresh failed')
    expect(new Set(warned.map(({ run }) => run)).size).toBe(warned.length)
  }, 60_000)

  it("when a webhook's circuit opens, and when one is disabled", async () => {
    const receiver = await startReceiver(() => 500)
    const [{ id }] = await db.sql(`insert into app_public.webhooks (workspace, name, url) values ('main', 'broken', $1) returning id`, [
      receiver.url,
    ])
    await db.sql(`insert into app_private.webhook_secrets (webhook_id, secret) values ($1, 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==')`, [id])
    await mark(db)
    await eventually(
      () => db.sql('select from app_public.deliveries where attempts > 0'),
      ({ length }) => length === 1,
    )
    await db.sql(`update app_public.deliveries set attempts = 11; update app_public.webhooks set retry_at = null`)
    await db.sql(`select app_private.queue_webhook(array(select id from app_public.webhooks))`)

    expect(await line("a webhook's circuit opened")).toMatchObject({ level: 40, workspace: 'main', name: 'broken' })
    receiver.answer(() => 410)
    await db.sql('update app_public.webhooks set retry_at = null')
    await mark(db)
    await db.sql(`select app_private.queue_webhook(array(select id from app_public.webhooks))`)
    expect(await line('a webhook was disabled')).toMatchObject({ level: 40, name: 'broken' })
    await receiver.close()
  }, 60_000)
})
