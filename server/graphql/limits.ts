/**
 * What a document may ask for, checked before anything runs; and the cache of documents that passed.
 * Used by schemas.ts, one parser for each schema.
 */
import { depthLimit } from '@graphile/depth-limit'
import {
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  type ASTVisitor,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationContext,
} from 'postgraphile/graphql'
import { limitError } from './errors.ts'

/** Levels of fields, counting the root field as one. GraphiQL's introspection has its own measure. */
const MAX_DEPTH = 12
const MAX_ALIASES = 30
const MAX_TOKENS = 5000
/** Bytes of a request's body; a definition may have 64 kB. */
export const MAX_BODY = 256 * 1024
const CACHED_DOCUMENTS = 300

/** The same field under many names is the same work many times. */
function aliasLimit(context: ValidationContext): ASTVisitor {
  let aliases = 0
  return {
    Field(node) {
      if (node.alias && ++aliases === MAX_ALIASES + 1) context.reportError(limitError(`A document may have ${MAX_ALIASES} aliases`, node))
    },
  }
}

/** The library's words, our code. */
function depthRule(context: ValidationContext): ASTVisitor {
  const reporting = Object.create(context, {
    reportError: {
      value: (error: GraphQLError) =>
        context.reportError(limitError(`${error.message.replace(/\.$/, '')} (at most ${MAX_DEPTH} levels)`, error.nodes)),
    },
  })
  return (
    depthLimit({
      maxDepth: MAX_DEPTH,
      maxListDepth: 6,
      maxSelfReferentialDepth: 4,
      // as deep as GraphiQL and code generators ask
      maxIntrospectionDepth: 20,
      maxIntrospectionListDepth: 8,
      maxDepthByFieldCoordinates: { '__Type.ofType': 12 },
      revealDetails: true,
      fragmentsAddToDepth: false,
    }) as any
  )(reporting)
}

const RULES = [...specifiedRules, aliasLimit, depthRule]

export type Parsed = { document: DocumentNode; errors?: undefined } | { errors: readonly GraphQLError[]; document?: undefined }

/** @param mask gives an error its code; grafserv sends these as they are. */
export function makeParser(schema: GraphQLSchema, mask: (error: GraphQLError) => GraphQLError): (source: string) => Parsed {
  const known = new Map<string, Parsed>()
  return (source) => {
    const cached = known.get(source)
    if (cached) {
      known.delete(source) // the newest last: the first of the map is the one to forget
      known.set(source, cached)
      return cached
    }
    const checked = check(schema, source)
    const result = checked.errors ? { errors: checked.errors.map(mask) } : checked
    known.set(source, result)
    if (known.size > CACHED_DOCUMENTS) known.delete(known.keys().next().value!)
    return result
  }
}

function check(schema: GraphQLSchema, source: string): Parsed {
  let document: DocumentNode
  try {
    document = parse(source, { maxTokens: MAX_TOKENS })
  } catch (error) {
    const { message } = error as GraphQLError
    return { errors: [/tokens/.test(message) ? limitError(`A document may have ${MAX_TOKENS} tokens`) : (error as GraphQLError)] }
  }
  if (!document.definitions.some((definition) => definition.kind === Kind.OPERATION_DEFINITION))
    return { errors: [new GraphQLError('The document has no operation')] }
  const errors = validate(schema, document, RULES)
  return errors.length > 0 ? { errors } : { document }
}
