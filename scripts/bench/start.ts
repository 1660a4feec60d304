/**
 * `npm run bench -- start`: how long a server process takes from its start to "ready", as at each restart, and what createMatview
 * costs beside the plain statements that make the same view. Called by scripts/bench.ts. Makes views bench_start_* in workspace
 * main and drops them.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { readConfig } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'
import { compileCache } from '../launch/compile-cache.mjs'
import type { Figure } from './report.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CREATE = `mutation ($name: String!, $definition: String!) {
  createMatview(input: { name: $name, definition: $definition, key: ["n"] }) { matview { id } } }`
const DEFINITION = 'select n, n % 10 as part from generate_series(1, 1000) n'

const median = (list: number[]) => [...list].sort((a, b) => a - b)[list.length >> 1]!
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

function serverStart(settings: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['server/main.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...compileCache(ROOT), ...settings, LOG_LEVEL: 'fatal' },
    })
    let ready = false
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text
      if (ready || !said.includes('is ready on')) return
      ready = true
      child.kill('SIGKILL')
    })
    child.once('close', (code) => (ready ? resolve() : reject(new Error(`the server ended with ${code}`))))
  })
}

export async function benchStart({
  databaseUrl,
  secret = '',
  rounds = 7,
}: {
  databaseUrl: string
  secret?: string
  rounds?: number
}): Promise<Figure[]> {
  const settings = { DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, PORT: '0', WORKER: '0', ALLOW_UNPATCHED_POSTGRES: '1' }
  const starts: number[] = []
  for (let round = 0; round < Math.min(rounds, 5); round++) starts.push(await timed(() => serverStart(settings)))

  const server = await startServer(readConfig(settings), makeLog('silent'))
  try {
    const workspaces = makeWorkspaces({ owner: server.db.owner, secret, overTcp: false })
    const token = await createToken({ owner: server.db.owner, workspaces }, { workspace: 'main', role: 'owner' })
    const ask = async (query: string, variables: Record<string, string> = {}) => {
      const reply = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors } = (await reply.json()) as { data: any; errors?: { message: string }[] }
      if (errors) throw new Error(errors[0]!.message)
      return data
    }
    /** Each DDL has the API built anew in the background, in the thread that answers: not in the next round's time. */
    const untilApi = async (name: string, there: boolean) => {
      const has = async () => (await ask('{ apiRelations { name } }')).apiRelations.some((one: { name: string }) => one.name === name)
      while ((await has()) !== there) await sleep(20)
    }
    const times: Record<'ours' | 'plain' | 'connection', number[]> = { ours: [], plain: [], connection: [] }
    await server.db.asWorkspace('main', async (client) => {
      for (let round = -1; round < rounds; round++) {
        const name = `bench_start_${round + 1}`
        const ours = await timed(() => ask(CREATE, { name, definition: DEFINITION }))
        await untilApi(name, true)
        const plain = await timed(() =>
          client.query(`create materialized view bench_start_plain as ${DEFINITION}; create unique index on bench_start_plain (n)`),
        )
        const connection = await timed(() => server.db.asWorkspace('main', (own) => own.query('select 1')))
        await client.query(`drop materialized view bench_start_plain, ${name}`)
        await untilApi(name, false)
        if (round < 0) continue // the first builds the schema
        times.ours.push(ours)
        times.plain.push(plain)
        times.connection.push(connection)
      }
    })
    const ms = (list: number[]) => `${median(list).toFixed(1)} ms`
    return [
      {
        name: 'server process, start to ready',
        value: `${(median(starts) / 1000).toFixed(2)} s`,
        goal: '≤ 3 s',
        note: `median of ${starts.length}`,
      },
      {
        name: 'createMatview over HTTP',
        value: ms(times.ours),
        goal: '',
        note: '',
        against: `create materialized view and its index in psql: ${ms(times.plain)}`,
        ratio: median(times.ours) / median(times.plain),
      },
      { name: "of which the workspace's own connection", value: ms(times.connection), goal: '', note: 'connect, select 1, end' },
    ]
  } finally {
    await server.close()
  }
}
