/**
 * `npm run bench -- rest`: GET /rest/<table>?limit=100 against bare express + pg with the same SQL, and a million rows as csv and
 * json against psql's own \copy speed (COPY read by the same driver). Called by scripts/bench.mjs, or alone:
 * DATABASE_URL=… TIDEMARK_SECRET=… node scripts/bench/rest.ts
 *
 * Everything of the server takes part: token, role, rights. Writes the tables bench_rest and bench_rest_big of workspace main.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import express from 'express'
import { to as copyTo } from 'pg-copy-streams'
import { makeWorkspaces } from '../../server/auth/workspaces.ts'
import { createToken } from '../../server/auth/tokens.ts'
import { readConfig } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'

export interface Figure {
  name: string
  value: string
  goal: string
  note: string
}

const CONNECTIONS = 16
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

export async function benchRest({
  databaseUrl,
  secret,
  seconds = 3,
  pairs = 5,
  rows = 1_000_000,
}: {
  databaseUrl: string
  secret?: string
  seconds?: number
  pairs?: number
  rows?: number
}): Promise<Figure[]> {
  const config = { ...readConfig({ DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret }), port: 0, worker: false, logLevel: 'silent' }
  const server = await startServer(config, makeLog('silent'))
  await server.db.asWorkspace('main', async (client) => {
    await client.query(`drop table if exists bench_rest, bench_rest_big;
      create table bench_rest as select i as id, 'name ' || i as name, i * 1.5 as amount, now() - i * interval '1 hour' as at, i % 2 = 0 as ok, md5(i::text) as note from generate_series(1, 100000) i;
      alter table bench_rest add primary key (id); analyze bench_rest;
      create table bench_rest_big as select i as id, 'name ' || i as name, i * 1.5 as amount, now() as at, md5(i::text) as note from generate_series(1, ${Math.round(rows)}) i; analyze bench_rest_big`)
  })
  const token = await createToken(
    { owner: server.db.owner, workspaces: makeWorkspaces({ owner: server.db.owner, secret: config.secret, overTcp: false }) },
    { workspace: 'main', role: 'owner' },
  )
  const bare = express()
    .get(
      '/bare',
      async (_request, response) =>
        void response.json((await server.db.owner.query('select * from ws_main.bench_rest as t order by t.id limit $1', [100])).rows),
    )
    .listen(0)
  await once(bare, 'listening')

  const load = (port: number, path: string) =>
    new Promise<number>((resolve) =>
      fork(import.meta.filename, ['--load', String(port), path, token, String(seconds)]).once('message', (n) => resolve(n as number)),
    )
  const figures: Figure[] = []
  try {
    const results = { bare: [] as number[], rest: [] as number[], counted: [] as number[] }
    for (let i = 0; i <= pairs; i++) {
      const one = {
        bare: await load((bare.address() as net.AddressInfo).port, '/bare'),
        rest: await load(server.port, '/rest/bench_rest?order=id&limit=100'),
      }
      if (i > 0) results.bare.push(one.bare), results.rest.push(one.rest) // the first warms up
    }
    const ratio = median(results.rest.map((n, i) => n / results.bare[i]!))
    figures.push({
      name: 'REST limit=100 : bare express + pg',
      value: ratio.toFixed(2),
      goal: '0.80',
      note: `${Math.round(median(results.rest))} against ${Math.round(median(results.bare))} requests/s, ${CONNECTIONS} connections`,
    })

    const reference = await timed(async () => {
      const client = await server.db.owner.connect()
      for await (const _ of client.query(copyTo('copy ws_main.bench_rest_big to stdout (format csv)'))) void _
      client.release()
    })
    for (const [accept, range] of [
      ['text/csv', ''],
      ['application/json', '0-'],
    ] as const) {
      const before = process.memoryUsage().rss
      let peak = before
      const ms = await timed(async () => {
        const reply = await fetch(`http://localhost:${server.port}/rest/bench_rest_big`, {
          headers: { authorization: `Bearer ${token}`, accept, ...(range && { range }) },
        })
        for await (const _ of reply.body as unknown as AsyncIterable<Uint8Array>) peak = Math.max(peak, process.memoryUsage().rss)
      })
      figures.push({
        name: `${rows.toLocaleString('en')} rows as ${accept} : COPY`,
        value: (reference / ms).toFixed(2),
        goal: '',
        note: `${(ms / 1000).toFixed(1)} s against ${(reference / 1000).toFixed(1)} s, memory rose ${Math.round((peak - before) / 2 ** 20)} MB (client in the same process)`,
      })
    }
  } finally {
    bare.closeAllConnections()
    bare.close()
    await server.db.asWorkspace('main', (client) => client.query('drop table bench_rest, bench_rest_big'))
    await server.close()
  }
  return figures
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** A client that costs little: bare sockets, the next request when the answer is whole. Sends requests/s to its parent. */
function loadFrom(port: number, path: string, token: string, seconds: number): void {
  let count = 0
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = net.connect(port, 'localhost')
    let got = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      got += chunk
      const head = got.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = /content-length: (\d+)/i.exec(got.slice(0, head))?.[1]
      if (length ? got.length < head + 4 + Number(length) : !got.endsWith('\r\n0\r\n\r\n')) return
      if (!/^HTTP\/1.1 20/.test(got)) throw new Error(got.slice(0, 500))
      count++
      got = ''
      socket.write(request)
    })
    socket.write(request)
  }
  setTimeout(() => process.send!(count / seconds, () => process.exit()), seconds * 1000)
}

if (process.argv[2] === '--load') {
  const [port, path, token, seconds] = process.argv.slice(3)
  loadFrom(Number(port), path!, token!, Number(seconds))
} else if (import.meta.main) {
  for (const { name, value, goal, note } of await benchRest({
    databaseUrl: process.env.DATABASE_URL!,
    secret: process.env.TIDEMARK_SECRET!,
  }))
    console.log(`${name}: ${value}${goal && ` (goal ${goal})`}; ${note}`)
}
