/**
 * No page is larger than the cap of its operation (context `pageCap`: 1,000, in live queries 200). A missing or null
 * `first` means the cap at the root and 100 in a nested connection, unless `last` is given. Used by preset.ts.
 */
import 'postgraphile'
import { context, lambda } from 'postgraphile/grafast'

export const PAGE_CAP = 1000
export const LIVE_PAGE_CAP = 200
const NESTED_PAGE = 100

export const PageCapPlugin: GraphileConfig.Plugin = {
  name: 'PageCapPlugin',
  version: '0.0.0',
  after: ['PgFirstLastBeforeAfterArgsPlugin'],
  schema: {
    hooks: {
      GraphQLObjectType_fields_field_args: {
        after: ['PgFirstLastBeforeAfterArgsPlugin'],
        callback(args: any, _build: any, ctx: any) {
          if (!isPaged(ctx.scope)) return args
          // both are set by the field's own plan below, which knows the one when it sets the other
          for (const name of ['first', 'last']) if (args[name]) args[name] = { ...args[name], applyPlan() {} }
          return args
        },
      },
      GraphQLObjectType_fields_field(field: any, build: any, ctx: any) {
        if (!isPaged(ctx.scope) || !field.plan) return field
        const isRoot = ctx.Self.name === build.inflection.builtin('Query')
        const plan = field.plan
        return {
          ...field,
          plan($parent: any, args: any, info: any) {
            const $connection = plan($parent, args, info)
            const $cap = (context() as any).get('pageCap')
            const $first = args.getRaw('first')
            const hasLast = 'last' in info.field.args || info.field.args.some?.((arg: any) => arg.name === 'last')
            const $last = hasLast ? args.getRaw('last') : null
            $connection.setFirst(
              lambda(
                [$first, $last ?? $first, $cap] as any,
                ([first, last, cap]: any) =>
                  first != null ? Math.min(first, cap) : hasLast && last != null ? null : isRoot ? cap : Math.min(cap, NESTED_PAGE),
                true,
              ),
            )
            if ($last)
              $connection.setLast(lambda([$last, $cap] as any, ([last, cap]: any) => (last == null ? null : Math.min(last, cap)), true))
            return $connection
          },
        }
      },
    },
  },
}

const isPaged = (scope: any) => scope.isPgFieldConnection || scope.isPgFieldSimpleCollection
