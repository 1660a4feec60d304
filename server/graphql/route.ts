/**
 * POST /graphql and GET /graphiql: one grafserv for all workspaces. Mounted by app.ts.
 *
 * The caller is found before grafserv sees the request, so that what is wrong with it is answered in our own form;
 * grafserv then asks per request for the schema and the context.
 */
import type { IncomingMessage } from 'node:http'
import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express'
import { grafserv } from 'postgraphile/grafserv/express/v4'
import { execute, subscribe } from 'postgraphile/grafast'
import { getOperationAST } from 'postgraphile/graphql'
import type { Caller, Identify } from '../auth/caller.ts'
import { AppError, toResponse } from '../errors.ts'
import type { Log } from '../log.ts'
import { makeMaskError } from './errors.ts'
import type { Contexts } from './execute.ts'
import { MAX_BODY, type Parsed } from './limits.ts'
import type { Schemas } from './schemas.ts'

interface Deps {
  schemas: Schemas
  contexts: Contexts
  identify: Identify
  log: Log
}

export function graphqlRoute({ schemas, contexts, identify, log }: Deps): { router: Router; release(): Promise<void> } {
  const callers = new WeakMap<IncomingMessage, Caller>()

  const WorkspacePlugin: GraphileConfig.Plugin = {
    name: 'WorkspacePlugin',
    version: '0.0.0',
    grafserv: {
      middleware: {
        setPreset(next, options) {
          options.getExecutionConfig = (async (rc: any) => {
            const caller = callers.get(rc.node.req)!
            const { schema, parseAndValidate } = await schemas.get(caller.workspace)
            return {
              schema,
              parseAndValidate,
              resolvedPreset: options.resolvedPreset,
              execute,
              subscribe,
              contextValue: contexts.contextFor(caller, { reads: isQuery(parseAndValidate, rc.node.req.body) }),
            }
          }) as any
          return next()
        },
        /** GraphiQL asks the workspace that it was opened for: the default one of its person, or ?workspace=. */
        async ruruHTML(next, event: any) {
          const { workspace } = callers.get(event.request.requestContext.node.req)!
          const html = await next()
          const [before, after, more] = html.split('"endpoint": "/graphql"')
          if (after === undefined || more !== undefined) throw new Error('ruru writes its configuration in another way')
          return `${before}"endpoint": "/graphql?workspace=${workspace}"${after}`
        },
      },
    },
  }
  const serv = grafserv({
    preset: {
      plugins: [WorkspacePlugin],
      grafserv: {
        graphqlPath: '/graphql',
        graphiqlPath: '/graphiql',
        graphiqlOnGraphQLGET: false,
        websockets: false,
        maxRequestLength: MAX_BODY,
        outputDataAsString: true,
        maskError: makeMaskError(log),
      },
      grafast: { explain: false },
      ruru: { clientConfig: {} },
    } as any,
    schema: null as any,
  })
  const handler = (serv as any)._createHandler()

  const router = Router()
  router.post('/graphql', express.json({ limit: MAX_BODY }), async (req, res, next) => {
    try {
      if (!req.is('application/json'))
        throw new AppError('TMARG', 'The request is not JSON', { hint: 'Send { "query": "…" } with content-type application/json.' })
      if (typeof req.body !== 'object' || Array.isArray(req.body))
        throw new AppError('TMLIM', 'One request carries one operation', { hint: 'Send the operations of a batch one by one.' })
      const caller = await identify(req)
      await schemas.get(caller.workspace) // a build that fails is answered in our form
      callers.set(req, caller)
    } catch (error) {
      return answer(error, res)
    }
    handler(req, res, next)
  })
  const badBody: ErrorRequestHandler = (error, _req, res, _next) => {
    if (error.type === 'entity.too.large') return answer(new AppError('TMLIM', `A request may have ${MAX_BODY} bytes`), res, 413)
    answer(error.type ? new AppError('TMARG', 'The body is not valid JSON') : error, res, error.type ? 400 : undefined)
  }
  router.use('/graphql', badBody)
  router.all('/graphql', (_req, res) => {
    answer(
      {
        code: 'TMARG',
        message: 'GraphQL is asked by POST',
        hint: 'Send { "query": "…" } as application/json; GET /graphiql shows a page to try it.',
      },
      res,
      405,
    )
  })
  const guard: RequestHandler = async (req, res, next) => {
    try {
      const caller = await identify(req)
      await schemas.get(caller.workspace)
      callers.set(req, caller)
    } catch (error) {
      if ((error as AppError).code !== 'TMAUT') return answer(error, res)
      return res.redirect(302, `/login?next=${encodeURIComponent(req.originalUrl)}`)
    }
    next()
  }
  router.get('/graphiql', guard, (req, res, next) => handler(req, res, next))
  router.get(/^\/ruru-static\//, (req, res, next) => handler(req, res, next))

  /** An error in GraphQL's form, before any operation ran. */
  function answer(error: unknown, res: Parameters<RequestHandler>[1], status?: number) {
    const { status: found, body, internal } = toResponse(error)
    if (internal) log.error({ err: error }, 'a GraphQL request failed')
    res.status(status ?? found).json({ errors: [{ message: body.message, extensions: body }] })
  }

  return { router, release: () => serv.release() as Promise<void> }
}

/** Whether a request only reads. What cannot be parsed is answered by grafserv. */
function isQuery(parse: (source: string) => Parsed, body: { query?: unknown; operationName?: unknown }): boolean {
  if (typeof body?.query !== 'string') return false
  const { document } = parse(body.query)
  return !!document && getOperationAST(document, typeof body.operationName === 'string' ? body.operationName : null)?.operation === 'query'
}
