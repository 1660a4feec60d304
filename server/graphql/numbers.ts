/**
 * BigInt and BigFloat are strings in results, since JSON's numbers lose their digits; as input a plain number is as good:
 * `after: 7` is what everybody writes first. Used by preset.ts.
 */
import 'postgraphile'

export const NumbersPlugin: GraphileConfig.Plugin = {
  name: 'NumbersPlugin',
  version: '0.0.0',
  schema: {
    hooks: {
      GraphQLScalarType(config: any, build: any) {
        if (!['BigInt', 'BigFloat'].includes(config.name)) return config
        const { Kind, GraphQLError } = build.graphql
        const isWhole = config.name === 'BigInt'
        return {
          ...config,
          parseValue(value: unknown) {
            if (typeof value === 'string') return value
            if (typeof value === 'number' && (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value))) return String(value)
            throw new GraphQLError(`${config.name} takes a string of digits, or a number that JSON can keep`)
          },
          parseLiteral(node: any) {
            if (node.kind === Kind.STRING || node.kind === Kind.INT || (!isWhole && node.kind === Kind.FLOAT)) return node.value
            throw new GraphQLError(`${config.name} takes a string of digits, or a number`, { nodes: node })
          },
        }
      },
    },
  },
}
