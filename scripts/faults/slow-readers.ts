/**
 * Clients that connect, ask for much and never read: a live query over a changing table, all events, a big export. Called through
 * singles.ts. They may cost a few megabytes, and nobody else anything.
 */
import net from 'node:net'
import { sleep, until } from './random.ts'
import type { Options, Verdict } from './singles.ts'
import { watchLive } from './watchers.ts'
import { memoryOf, type World } from './world.ts'

const EACH_MB = 2
const CLIENTS = 20

export async function slowReaders(world: World, { quick }: Options): Promise<Verdict> {
  const broken: string[] = []
  await world.sql(`set role ws_main; create table ws_main.noisy as select g as id, repeat('x', 2000) as text, 0 as v from generate_series(1, 5000) g;
    alter table ws_main.noisy add primary key (id); reset role`)
  const query = 'subscription { noisiesLive(first: 100, orderBy: ID_ASC) { nodes { nodeId id v text } } }'
  const reader = watchLive(world, query)
  try {
    if ((await until(() => (reader.nodes()?.length ?? 0) === 100, 20_000)) === null)
      return { broken: [`the live query does not begin: ${JSON.stringify(reader.failure())}`], said: '' }
    await sleep(1000)
    const before = memoryOf(world.serverPid())
    const silent = Array.from({ length: CLIENTS }, () => watchLive(world, query))
    await until(() => silent.every((one) => one.nodes() !== null), 10_000)
    for (const one of silent) one.pause()
    const { hostname, port } = new URL(world.url)
    const sockets = ['/export/noisy?format=csv', '/events?after=0&changes=1', '/rest/noisy'].flatMap((path) =>
      Array.from({ length: 4 }, () => {
        const socket = net.connect(Number(port), hostname)
        socket.on('error', () => {})
        socket.pause()
        socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${world.token}\r\n\r\n`)
        return socket
      }),
    )
    const rounds = quick ? 20 : 120
    let v = 0
    for (let i = 0; i < rounds; i++) {
      await world.sql(`update ws_main.noisy set v = ${++v} where id <= 100`)
      await sleep(50)
    }
    const right = await until(() => reader.nodes()?.every((node) => node.v === v) ?? false, 5000)
    await sleep(1000)
    const rose = memoryOf(world.serverPid()) - before
    if (right === null) broken.push('a client that reads is not served any more')
    if (rose > (CLIENTS + sockets.length) * EACH_MB + 60) broken.push(`the server grew by ${Math.round(rose)} MB`)
    for (const one of silent) one.close()
    for (const socket of sockets) socket.destroy()
    const sentMb = (rounds * 100 * 2050 * CLIENTS) / 1e6
    return {
      broken,
      said: `${CLIENTS} websockets (${Math.round(sentMb)} MB of patches not read) and ${sockets.length} requests that do not read: memory +${Math.round(rose)} MB; a client that reads was right ${right === null ? 'never' : `${Math.round(right)} ms`} after the last write`,
    }
  } finally {
    reader.close()
    await world.sql('drop table if exists ws_main.noisy')
  }
}
