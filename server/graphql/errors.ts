/**
 * What a GraphQL client is told about an error: the message and, in `extensions`, the same four fields as everywhere
 * (code, message, hint, detail; for a definition also position). Used by route.ts and socket.ts for every error.
 */
import { GraphQLError } from 'postgraphile/graphql'
import { AppError, ERRORS, toResponse } from '../errors.ts'
import { currentRequest, type Log } from '../log.ts'

/** An error that knows its body already, e.g. from a validation rule. */
export const limitError = (message: string, nodes?: any) =>
  new GraphQLError(message, { nodes, originalError: new AppError('TMLIM', message) })

/** connection-filter throws it without a code. */
const NULL_FILTER = /^Null literals are forbidden in filter/
const nullFilter = () =>
  new AppError('TMARG', 'A filter cannot be null', {
    hint: 'Leave it out, or send {}; rows without a value are { column: { isNull: true } }.',
  })

/** @returns the error to send; what is internal is logged and sent as TMOOP. */
export function makeMaskError(log: Log) {
  return function maskError(error: GraphQLError): GraphQLError {
    const cause = rootOf(error)
    const place = { nodes: error.nodes ?? null, source: error.source ?? null, positions: error.positions ?? null, path: error.path ?? null }
    if (cause === error || (cause instanceof GraphQLError && !cause.extensions?.code))
      // The document itself: syntax, validation, variables that do not fit
      return new GraphQLError(cause.message, {
        ...place,
        extensions: { code: 'TMARG', message: cause.message, hint: ERRORS.TMARG.remedy, detail: null },
      })
    const { body, internal } = toResponse(NULL_FILTER.test(cause.message) ? nullFilter() : cause)
    if (internal) log.error({ err: cause, path: error.path }, 'a GraphQL operation failed')
    const id = internal ? currentRequest() : undefined
    return new GraphQLError(body.message, { ...place, extensions: id === undefined ? body : { ...body, request_id: id } })
  }
}

/** The innermost error that says something: grafast and GraphQL wrap what was thrown. */
function rootOf(error: any): any {
  let current = error
  for (let depth = 0; depth < 6; depth++) {
    const next = current?.originalError ?? (current?.code === undefined ? current?.cause : undefined)
    if (!next) break
    current = next
  }
  return current
}
