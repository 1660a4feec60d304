/**
 * `npm run bench -- graphql`: GraphQL pages as ratio to bare express + pg with the same SQL, and how soon DDL is visible. Called by
 * scripts/bench.mjs, or alone: DATABASE_URL=… node scripts/bench/graphql.ts [--seconds 2] [--tables 10,100,1000]
 *
 * Starts a server in this process and the load in another. Writes table bench_graphql into workspace main and schemas bench_others_*
 * with empty tables, which stand for other workspaces.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import pg from 'pg'
import { createToken } from '../../server/auth/tokens.ts'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { readConfig } from '../../server/config.ts'
import { urlFor } from '../../server/db.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'
import type { Figure } from './capture.ts'

interface Options {
  databaseUrl: string
  secret?: string
  seconds?: number
  tables?: number[]
}

const SQL = `select id::text as "0", name as "1", amount::text as "2" from ws_main.bench_graphql order by id asc limit 100`
const QUERY = '{ benchGraphqls(first: 100) { nodes { id name amount } } }'
const CONNECTIONS = 16

export async function benchGraphql({ databaseUrl, secret = '', seconds = 1, tables = [10, 100, 1000] }: Options): Promise<Figure[]> {
  const config = readConfig({ DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret, PORT: '0', WORKER: '0', ALLOW_UNPATCHED_POSTGRES: '1' })
  const db = new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_owner', secret), max: 2 })
  const api = new pg.Pool({ connectionString: urlFor(databaseUrl, 'app_authenticator', secret), max: CONNECTIONS })
  await db.query(`set role ws_main; drop table if exists ws_main.bench_graphql; create table ws_main.bench_graphql (id bigint primary key, name text, amount numeric);
    insert into ws_main.bench_graphql select g, 'name of ' || g, g * 1.5 from generate_series(1, 10000) g; analyze ws_main.bench_graphql; reset role`)
  const server = await startServer(config, makeLog('silent'))
  const token = await createToken(
    { owner: server.db.owner, workspaces: makeWorkspaces({ owner: server.db.owner, secret, overTcp: false }) },
    { workspace: 'main', role: 'owner' },
  )
  const bare = express()
  bare.post('/', express.json(), async (_req, res) => {
    const client = await api.connect()
    try {
      await client.query(`begin; select set_config('role', 'ws_main', true), set_config('statement_timeout', '5000', true)`)
      const { rows } = await client.query({ text: SQL, values: [], rowMode: 'array' })
      await client.query('commit')
      res.json({ data: { benchGraphqls: { nodes: rows.map(([id, name, amount]) => ({ id, name, amount })) } } })
    } finally {
      client.release()
    }
  })
  const bareServer = http.createServer(bare).listen(0, '127.0.0.1')
  await once(bareServer, 'listening')
  const load = (url: string) =>
    new Promise<number>((resolve) => {
      const child = fork(import.meta.filename, ['--as-load', url, token, String(seconds)])
      child.on('message', (rate: number) => resolve(rate))
    })
  const figures: Figure[] = []
  try {
    const urls = [`http://127.0.0.1:${(bareServer.address() as AddressInfo).port}/`, `${server.url}/graphql`]
    const ratios: number[] = []
    let best = 0
    await load(urls[1]!) // warm
    for (let round = 0; round < 5; round++) {
      const [plain, graphql] = [await load(urls[0]!), await load(urls[1]!)]
      ratios.push(graphql / plain)
      best = Math.max(best, graphql)
    }
    figures.push({
      name: 'GraphQL first: 100, ratio to express + pg',
      value: ratios.sort((a, b) => a - b)[2]!.toFixed(2),
      goal: '≥ 0.5',
      note: `${Math.round(best)} requests/s at best, ${CONNECTIONS} connections`,
    })

    let others = 0
    for (const count of tables) {
      for (; others < count; others += 100) {
        const schema = `bench_others_${others}`
        const many = Array.from(
          { length: Math.min(100, count - others) },
          (_, i) => `create table ${schema}.t${i} (id int primary key, a text, b numeric, c timestamptz)`,
        )
        await db.query(`drop schema if exists ${schema} cascade; create schema ${schema}; ${many.join('; ')}`)
      }
      const times: number[] = [],
        cpus: number[] = []
      for (let round = 0; round < 3; round++) {
        await sleep(300)
        const name = `benchfresh${Date.now()}`
        const cpu = process.cpuUsage()
        const started = performance.now()
        await db.query(
          `set role ws_main; drop table if exists ws_main.${name}; create table ws_main.${name} (id int primary key); reset role`,
        )
        while (!(await visible(server.url, token, name))) await sleep(10)
        times.push(performance.now() - started)
        const used = process.cpuUsage(cpu)
        cpus.push((used.user + used.system) / 1000)
        await db.query(`set role ws_main; drop table ws_main.${name}; reset role`)
      }
      const least = (values: number[]) => Math.round(Math.min(...values))
      figures.push({
        name: `${count} tables elsewhere: a new table is in the API after`,
        value: `${least(times)} ms`,
        goal: '≤ 500 ms',
        note: `CPU of the server ${least(cpus)} ms; best of 3`,
      })
    }
  } finally {
    for (let i = 0; i < Math.max(...tables); i += 100) await db.query(`drop schema if exists bench_others_${i} cascade`).catch(() => {})
    await db.query('set role ws_main; drop table if exists ws_main.bench_graphql; reset role').catch(() => {})
    bareServer.close()
    bareServer.closeAllConnections()
    await server.close()
    await Promise.all([db.end(), api.end()])
  }
  return figures
}

async function visible(url: string, token: string, table: string): Promise<boolean> {
  const query = '{ apiRelations { name } }'
  const reply = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  return !!((await reply.json()) as any).data?.apiRelations.some((one: any) => one.name === table)
}

/** The other process: requests over kept connections, as many as fit into the time. */
async function beLoad(url: string, token: string, seconds: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const body = JSON.stringify({ query: QUERY })
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const request = http.request(
        url,
        {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
        },
        (reply) => {
          if (reply.statusCode !== 200) reject(new Error(`status ${reply.statusCode}`))
          reply.resume().on('end', resolve)
        },
      )
      request.on('error', reject).end(body)
    })
  const until = performance.now() + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) {
        await one()
        done++
      }
    }),
  )
  process.send!(done / seconds, () => process.exit())
}

if (process.argv[2] === '--as-load') await beLoad(process.argv[3]!, process.argv[4]!, Number(process.argv[5]))
else if (import.meta.main) {
  const option = (name: string) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : undefined)
  const seconds = option('seconds'),
    tables = option('tables')
  console.table(
    await benchGraphql({
      databaseUrl: process.env.DATABASE_URL!,
      secret: process.env.TIDEMARK_SECRET ?? '',
      ...(seconds ? { seconds: Number(seconds) } : {}),
      ...(tables ? { tables: tables.split(',').map(Number) } : {}),
    }),
  )
  process.exit()
}
