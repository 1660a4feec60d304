/**
 * GraphQL over websockets at /graphql (protocol graphql-transport-ws): queries, mutations, subscriptions, live queries.
 * Attached to the HTTP server by server.ts.
 *
 * Who asks is settled once, at connection_init (cookie of the upgrade, or { "authorization": "Bearer …", "workspace": "…" });
 * the socket is closed when that access ends (auth/sockets.ts). The next result of a subscription is asked for only when the last
 * one has left the process, so what a slow client does not take stays unmade (live/subscriber.ts).
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { makeServer } from 'graphql-ws'
import { execute, subscribe } from 'postgraphile/grafast'
import { getOperationAST, GraphQLError } from 'postgraphile/graphql'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller, Identify } from '../auth/caller.ts'
import type { Sockets } from '../auth/sockets.ts'
import { AppError, toResponse } from '../errors.ts'
import { idFor } from '../http/request-id.ts'
import { inRequest, type Log } from '../log.ts'
import { makeMaskError } from './errors.ts'
import type { Contexts } from './execute.ts'
import { MAX_BODY } from './limits.ts'
import { liveFieldOf, type LiveRequest } from './live-operations.ts'
import type { Schemas, WorkspaceSchema } from './schemas.ts'

const MAX_SUBSCRIPTIONS = 200
const PING_MS = 15_000

type LiveRequests = (
  caller: Caller,
  schema: WorkspaceSchema,
  source: string,
  operationName: string | undefined,
  variables: Record<string, unknown>,
  patches: boolean,
) => Promise<LiveRequest>

/** A result that is written as JSON already, once for all who get it. */
export interface LivePayload {
  messageFor(id: string): Buffer
}

interface Deps {
  schemas: Schemas
  contexts: Contexts
  identify: Identify
  sockets: Pick<Sockets, 'track'>
  liveRequest: LiveRequests
  /** server/live: the results of a live query. */
  live: { subscribe(request: LiveRequest): AsyncIterableIterator<LivePayload> }
  log: Log
}

interface Extra {
  socket: WebSocket
  request: IncomingMessage
  caller?: Caller
  untrack?: () => void
}

export function graphqlSocket({ schemas, contexts, identify, sockets, liveRequest, live, log }: Deps) {
  const mask = makeMaskError(log)

  const protocol = makeServer<any, Extra>({
    connectionInitWaitTimeout: 5000,
    async onConnect({ extra, connectionParams }) {
      const params = Object.fromEntries(Object.entries(connectionParams ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
      try {
        const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
        extra.caller = await identify(extra.request, {
          authorization: text(params.authorization),
          workspace: text(params.workspace ?? params['x-workspace']),
        })
      } catch (error) {
        const { body, internal, status } = toResponse(error)
        if (internal) log.error({ err: error }, 'a websocket could not be opened')
        // 4401 and 4403 are final: a client that is told them does not come back by itself
        const passing = internal || status >= 500 || status === 429
        extra.socket.close(status === 401 ? 4401 : passing ? 4500 : 4403, `${body.code}: ${body.message}`.slice(0, 120))
        return false
      }
      if (extra.socket.readyState !== extra.socket.OPEN) return false
      extra.untrack = sockets.track(extra.caller, () => extra.socket.close(4401, 'TMAUT: your access has ended'))
      return true
    },

    async onSubscribe({ extra, subscriptions }, id, payload) {
      // Counted before anything is waited for: this operation's own place is in it, and a burst cannot slip past the limit.
      const open = Object.keys(subscriptions).length
      try {
        const caller = extra.caller!
        const { query, operationName } = payload
        const variables = (payload.variables ?? {}) as Record<string, unknown>
        if (typeof query !== 'string') throw new AppError('TMARG', 'A subscription needs a query')
        const current = await schemas.get(caller.workspace)
        const { document, errors } = current.parseAndValidate(query)
        if (errors) return errors
        const operation = getOperationAST(document, operationName)
        if (!operation) throw new AppError('TMARG', 'The document has no operation of this name')
        if (operation.operation === 'subscription' && open > MAX_SUBSCRIPTIONS)
          throw new AppError('TMLIM', `A connection may have ${MAX_SUBSCRIPTIONS} subscriptions`, {
            hint: 'Close those that nobody looks at.',
          })

        const base = { schema: current.schema, document, operationName: operationName ?? null, variableValues: variables }
        if (!liveFieldOf(current, document, operationName)) return { ...base, contextValue: contexts.contextFor(caller) } as any
        const patches = (payload.extensions as any)?.live === 'patch'
        const request = await liveRequest(caller, current, query, operationName ?? undefined, variables, patches)
        return { ...base, tidemark: { request, id, socket: extra.socket } } as any
      } catch (error) {
        const { code, message } = toResponse(error).body
        if (code === 'TMDBN' || code === 'TMCON') extra.socket.close(4500, `${code}: ${message}`.slice(0, 120)) // the client comes back and asks again
        return [mask(error instanceof GraphQLError ? error : new GraphQLError((error as Error).message, { originalError: error as Error }))]
      }
    },
    execute: (args: any) => execute(args) as any,
    async subscribe(args: any) {
      if (args.tidemark) return sending(live.subscribe(args.tidemark.request), args.tidemark) as any
      return subscribe(args) as any
    },
    onNext: (_ctx, _id, _payload, _args, result: any) => (result.errors ? { ...result, errors: result.errors.map(mask) } : undefined),
  })

  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_BODY,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  })

  wss.on('connection', (socket, request) => {
    const extra: Extra = { socket, request }
    const id = idFor(request)
    let messages = 0
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(socket, data),
        close: (code, reason) => socket.close(code, reason),
        // Each message is a request: what is logged of an operation carries the id of its connection and the message's number.
        onMessage: (callback) =>
          socket.on('message', (data) =>
            inRequest(`${id}.${++messages}`, () =>
              callback(String(data)).catch((error) => {
                log.warn({ error: error.message }, 'a websocket failed')
                socket.close(4500, 'TMOOP')
              }),
            ),
          ),
      },
      extra,
    )
    let answered = true
    socket.on('pong', () => {
      answered = true
    })
    socket.on('error', () => {})
    const ping = setInterval(() => {
      if (!answered) return socket.terminate() // it neither reads nor is there
      answered = false
      socket.ping()
    }, PING_MS)
    socket.once('close', (code, reason) => {
      clearInterval(ping)
      extra.untrack?.()
      void closed(code, String(reason))
    })
  })

  return {
    /** Takes the upgrades of `server` to /graphql; any other upgrade is refused. */
    attach(server: Server) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (request.url?.split('?')[0] !== '/graphql') return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
        wss.handleUpgrade(request, socket, head, (opened) => wss.emit('connection', opened, request))
      })
    },
    connections: () => wss.clients.size,
    close() {
      for (const socket of wss.clients) socket.terminate()
      wss.close()
    },
  }
}

/**
 * Sends the results of a live query by itself, and gives graphql-ws a stream of none: it would write each result as JSON again
 * for each client. The next result is asked for when the last one has left the process.
 */
function sending(results: AsyncIterableIterator<LivePayload>, { id, socket }: { id: string; socket: WebSocket }) {
  return {
    async next() {
      for await (const payload of results) await send(socket, payload.messageFor(id))
      return { done: true as const, value: undefined }
    },
    return: (value?: any) => results.return!(value),
    throw: (error?: any) => results.throw!(error),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Resolves when the message has left the process. */
const send = (socket: WebSocket, data: string | Buffer) =>
  new Promise<void>((resolve, reject) => socket.send(data, { binary: false }, (error) => (error ? reject(error) : resolve())))
