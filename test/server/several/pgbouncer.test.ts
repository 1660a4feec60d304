/**
 * The pools behind PgBouncer in transaction mode (DATABASE_POOL_URL), everything that must keep its connection straight to the
 * database: Debian's pgbouncer, more clients than it has connections, and nobody sees what is another's.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { RunningServer } from '../../../server/server.ts'
import { testCluster } from '../../support/cluster.ts'
import { workspaceName } from '../../support/database.ts'
import { describeNeeding, pgbouncer, pgbouncerPath } from '../../support/needs.ts'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark, openSse } from '../events/support.ts'
import { connect } from '../live/harness.ts'

const CONNECTIONS = 4

describeNeeding(pgbouncer(), 'A server whose pools are behind PgBouncer in transaction mode', () => {
  let world: World
  let server: RunningServer
  let bouncer: ChildProcess
  let folder: string
  let token: string

  beforeAll(async () => {
    world = await startWorld({ worker: false })
    const port = await startBouncer()
    server = await world.another({ poolUrl: `postgres://127.0.0.1:${port}/${world.db.name}`, poolSize: 20, worker: true })
    token = await world.token()
  }, 60_000)
  afterAll(async () => {
    await world?.close()
    bouncer?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  /** As the owner of the database's socket: it refuses to run as root, and only that one may use the socket. */
  async function startBouncer(): Promise<number> {
    const { socket, port: postgres } = testCluster()
    const { uid, gid } = statSync(socket)
    const free = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => free.once('listening', resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-pgbouncer-'))
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text)
      chownSync(path.join(folder, name), uid, gid)
      return path.join(folder, name)
    }
    chownSync(folder, uid, gid)
    const users = file('users.txt', '"app_authenticator" ""\n"app_owner" ""\n')
    const settings = file(
      'pgbouncer.ini',
      `[databases]\n* = host=${socket} port=${postgres}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = trust\nauth_file = ${users}\npool_mode = transaction\ndefault_pool_size = ${CONNECTIONS}\nmax_client_conn = 200\n`,
    )
    const asRoot = process.getuid!() === 0
    bouncer = spawn(pgbouncerPath()!, [settings], { stdio: ['ignore', 'ignore', 'pipe'], ...(asRoot ? { uid, gid } : {}) })
    let said = ''
    bouncer.stderr!.setEncoding('utf8').on('data', (part) => (said += part))
    await eventually(
      () => said,
      (text) => {
        if (bouncer.exitCode !== null) throw new Error(`pgbouncer ended: ${text}`)
        return text.includes('process up')
      },
    )
    return port
  }
  const graphql = async (query: string, bearer = token) => {
    const reply = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ query }),
    })
    return (await reply.json()) as { data: any; errors?: unknown[] }
  }

  it('uploads, makes views, announces marks and keeps pages live', async () => {
    const sent = await fetch(`${server.url}/upload-file?table=crew&key=id`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', authorization: `Bearer ${token}` },
      body: 'id,name\n1,Ada\n2,Grace\n',
    })
    expect([sent.status, await sent.json()]).toMatchObject([201, { rows: 2 }])
    const stream = await openSse(`${server.url}/events`, { authorization: `Bearer ${token}` })
    await stream.until(() => stream.lastId() !== '')
    const client = await connect(server.url, token)
    const live = client.open('subscription { crewsLive(orderBy: ID_ASC) { nodes { name } } }')
    await live.nth(0, 30_000)

    const made = await graphql(
      `mutation { createMatview(input: { name: "names", definition: "select name from crew", notifyWhen: ALWAYS }) { matview { name } } }`,
    )
    await stream.until(() => stream.messages.length === 1, 20_000)
    await graphql(`mutation { updateCrew(input: { id: 1, patch: { name: "Countess" } }) { crew { id } } }`)

    expect(made.errors).toBeUndefined()
    expect(stream.messages[0]!.data).toMatchObject({ matview_name: 'names', status: 'new' })
    const names = () => live.results.at(-1).data.crewsLive.nodes.map(({ name }: { name: string }) => name)
    await eventually(names, ([ada]) => ada === 'Countess', 20_000)
    expect(((await (await fetch(`${server.url}/healthz`)).json()) as any).status).toBe('ok')
    client.close()
    await stream.close()
  }, 90_000)

  it('serves many requests over few connections, each with the rights of who asks', async () => {
    const acme = workspaceName('pooled')
    const theirs = await world.token({ workspace: acme, role: 'reader' })
    await mark(world.db, { workspace: acme, matview: 'theirs' })
    await mark(world.db, { matview: 'ours' })
    const query = '{ matviewRefreshEvents(first: 50) { nodes { matviewName } } }'
    await Promise.all([graphql(query), graphql(query, theirs)]) // the schemas are built

    const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => graphql(query, n % 2 ? theirs : token)))
    const rest = await Promise.all(
      Array.from({ length: 50 }, () => fetch(`${server.url}/rest/crew?select=name`, { headers: { authorization: `Bearer ${token}` } })),
    )

    expect(answers.filter(({ errors }) => errors)).toEqual([])
    answers.forEach(({ data }, n) => {
      const names = data.matviewRefreshEvents.nodes.map(({ matviewName }: { matviewName: string }) => matviewName)
      expect([n % 2, names.includes('theirs'), names.includes('ours')]).toEqual(n % 2 ? [1, true, false] : [0, false, true])
    })
    expect(rest.every(({ status }) => status === 200)).toBe(true)
    const [{ pooled }] = await world.db.sql(
      `select count(*)::int as pooled from pg_stat_activity where datname = current_database() and usename = 'app_authenticator'
          and application_name = 'tidemark app_authenticator' and pid not in (select pid from pg_stat_activity where application_name = 'tidemark listen')`,
    )
    expect(pooled).toBeLessThanOrEqual(CONNECTIONS + 10) // with those of the server beside it, which has no pooler
  }, 90_000)

  it('leaves nothing of a transaction to the next: no role, no claim, no statement by name', async () => {
    const { rows } = await server.db.api.query(
      `select current_user as role, coalesce(current_setting('app.account_id', true), '') as account, (select count(*)::int from pg_prepared_statements) as named`,
    )

    expect(rows).toEqual([{ role: 'app_authenticator', account: '', named: 0 }])
  })
})
