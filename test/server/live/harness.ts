/**
 * Websockets of a stranger, for the tests of live/ and graphql/: the plain protocol (graphql-transport-ws), no library of ours.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import type { World } from '../../support/world.ts'

export interface Client {
  socket: WebSocket
  /** Starts an operation; its results come into `results`. */
  open(query: string, options?: { variables?: Record<string, unknown>; patch?: boolean }): Operation
  closed: Promise<{ code: number; reason: string }>
  close(): void
}

export interface Operation {
  results: any[]
  errors: any[] | null
  done: boolean
  /** Waits for the nth result (from 0), or for an error. */
  nth(index: number, withinMs?: number): Promise<any>
  complete(): void
}

export async function connect(url: string, token: string | null, params: Record<string, unknown> = {}): Promise<Client> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws')
  const operations = new Map<string, Operation & { wake(): void }>()
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  )
  let acknowledged: () => void
  const ready = new Promise<void>((resolve) => (acknowledged = resolve))
  socket.on('error', () => {})
  socket.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.type === 'connection_ack') return acknowledged()
    if (message.type === 'ping') return socket.send('{"type":"pong"}')
    const operation = operations.get(message.id)
    if (!operation) return
    if (message.type === 'next') operation.results.push(message.payload)
    if (message.type === 'error') operation.errors = message.payload
    if (message.type === 'complete') operation.done = true
    operation.wake()
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('close', reject)
  })
  socket.send(JSON.stringify({ type: 'connection_init', payload: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...params } }))
  await Promise.race([ready, closed])
  let ids = 0
  return {
    socket,
    closed,
    close: () => socket.close(1000),
    open(query, { variables, patch } = {}) {
      const id = String(++ids)
      let waiters: (() => void)[] = []
      const operation = {
        results: [] as any[],
        errors: null as any[] | null,
        done: false,
        wake() {
          const all = waiters
          waiters = []
          all.forEach((wake) => wake())
        },
        async nth(index: number, withinMs = 20_000) {
          const until = Date.now() + withinMs
          while (operation.results.length <= index) {
            if (operation.errors)
              throw Object.assign(new Error(operation.errors[0].message), { errors: operation.errors, ...operation.errors[0].extensions })
            const left = until - Date.now()
            if (left <= 0) throw new Error(`result ${index} did not come in ${withinMs} ms; there are ${operation.results.length}`)
            await Promise.race([new Promise<void>((resolve) => waiters.push(resolve)), sleep(left, undefined, { ref: false })])
          }
          return operation.results[index]
        },
        complete: () => socket.send(JSON.stringify({ id, type: 'complete' })),
      }
      operations.set(id, operation)
      socket.send(
        JSON.stringify({
          id,
          type: 'subscribe',
          payload: { query, ...(variables ? { variables } : {}), ...(patch ? { extensions: { live: 'patch' } } : {}) },
        }),
      )
      return operation
    },
  }
}

/** Waits for what `holds` says, at once where it holds already. */
export async function until(what: string, holds: () => unknown, withinMs = 20_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await holds()); await sleep(20))
    if (Date.now() > end) throw new Error(`${what}: not after ${withinMs} ms`)
}

/** Waits until relations that were just made are in the API. */
export const inApi = (world: World, ...relations: string[]) =>
  until(`${relations} in the API`, async () => {
    const { apiRelations } = await world.graphql('{ apiRelations { name } }')
    return relations.every((relation) => apiRelations.some(({ name }: { name: string }) => name === relation))
  })

/** Waits until the pump has captured all that is watched, and its first hints have gone round: then a change comes by its keys. */
export async function settled(world: World): Promise<void> {
  const bare = async () => (await world.db.sql('select count(*)::int as n from app_private.live_watched() where bare'))[0].n
  let before = ''
  await until('the pump at rest', async () => {
    const now = JSON.stringify([await bare(), world.server.live.stats()])
    const same = now === before
    before = now
    if (!same) await sleep(130)
    return same && now.startsWith('[0')
  })
}

export { sleep }
