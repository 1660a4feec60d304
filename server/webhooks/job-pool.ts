/**
 * The pool that graphile-worker gets: it asks for a connection to LISTEN on, and is given this process' one LISTEN connection
 * instead of one of its own. Called by worker.ts, once per run; writes nothing.
 *
 * pool.connect(callback) is how graphile-worker 0.18 asks for that connection, and only for that; jobs come through
 * pool.connect(). What stands in for the connection knows LISTEN and nothing else. Should it hear nothing (a version that asks in
 * another way), jobs are found all the same, by the poll of every 2 s.
 */
import { EventEmitter } from 'node:events'
import type pg from 'pg'
import type { Listener } from '../events/listener.ts'

const CHANNELS = ['jobs:insert', 'worker:migrate']
/** After a gap nobody knows how many jobs have come: enough to wake everybody. */
const MANY = JSON.stringify({ count: 1000 })

type Hears = Pick<Listener, 'subscribe' | 'onReconnect'>
type Given = (error: Error | undefined, client: unknown, release: () => void) => void

export function jobPool(pool: pg.Pool, listener: Hears): pg.Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'connect') return (given?: Given) => (given ? listen(listener, given) : target.connect())
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function listen(listener: Hears, given: Given): void {
  const client = Object.assign(new EventEmitter(), { query: async () => ({ rows: [] }) })
  const feeds = CHANNELS.map((channel) => {
    const feed = listener.subscribe(channel)
    void (async () => {
      for await (const message of feed) client.emit('notification', { channel, payload: JSON.stringify(message) })
    })()
    return feed
  })
  const off = listener.onReconnect(() => client.emit('notification', { channel: CHANNELS[0], payload: MANY }))
  given(undefined, client, () => {
    off()
    for (const feed of feeds) void feed.return?.()
  })
}
