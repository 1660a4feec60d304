/**
 * The last middleware: every error becomes the one body of server/errors.ts. What is not meant for people is logged with
 * the request's id and answered as TMOOP; nothing internal leaves the process.
 */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { AppError, toResponse } from '../errors.ts'
import type { Log } from '../log.ts'

/** express and body-parser throw errors with a status and no code of ours. */
function ours(error: unknown): unknown {
  const { status, type } = (error ?? {}) as { status?: number; type?: string }
  if (error instanceof AppError || typeof status !== 'number' || status >= 500) return error
  if (status === 413) return new AppError('TMARG', 'The request is too large', { cause: error })
  if (status === 404) return new AppError('TMNOF')
  return new AppError('TMARG', type === 'entity.parse.failed' ? 'The body is not JSON' : undefined, { cause: error })
}

export function answerErrors(log: Log): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const { status, body, internal } = toResponse(ours(error))
    if (internal)
      log.error(
        {
          method: request.method,
          path: request.path,
          error: { code: error?.code, message: error?.message, stack: error?.stack },
        },
        'request failed',
      )
    if (response.headersSent) {
      response.destroy()
      return
    }
    if (typeof body.retry_after === 'number') response.setHeader('Retry-After', String(body.retry_after))
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    response.status(tooLarge(error) ? 413 : status).json(internal ? { ...body, request_id: request.id } : body)
  }
}

const tooLarge = (error: unknown) => (error as { status?: number } | null)?.status === 413

/** For addresses that lead nowhere. */
export const notFound: RequestHandler = (request) => {
  throw new AppError('TMNOF', `There is nothing at ${request.method} ${request.path.slice(0, 200)}`)
}
