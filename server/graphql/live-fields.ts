/**
 * Subscription.<relation>Live: the arguments and the type of the relation's connection. Used by preset.ts.
 *
 * These fields are never planned: live-operations.ts turns a subscription to one into the query of the same connection, which
 * is executed once for all who ask the same. What it needs to do so lies in schema.extensions.tidemarkLive.
 *
 * A relation `sample` has the connection `samples`, so its field is `samplesLive`; `sampleLive` means the same.
 */
import 'postgraphile'
import { constant } from 'postgraphile/grafast'
import { isWorkspace } from './names.ts'

export interface LiveField {
  /** The query field that gives the same rows. */
  query: string
  schema: string
  relation: string
  /** Columns of the key with PostgreSQL's types; null when there is none whose text is stable. */
  key: { column: string; type: string }[] | null
  /** A single row by its id (uploadProgress): the name of the argument. */
  rowArgument?: string
}

/** As app_private.live_key(): types whose text does not depend on settings. */
const KEY_TYPES = new Set(['int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'uuid', 'bool'])

export const liveFieldsOf = (schema: { extensions: any }): Map<string, LiveField> => schema.extensions.tidemarkLive ?? new Map()

export const LiveFieldsPlugin: GraphileConfig.Plugin = {
  name: 'LiveFieldsPlugin',
  version: '0.0.0',
  schema: {
    hooks: {
      build(build: any) {
        return build.extend(build, { tidemarkLive: new Map<string, LiveField>() }, 'Adding the map of live fields')
      },
      GraphQLSchema(config: any, build: any) {
        return { ...config, extensions: { ...config.extensions, tidemarkLive: build.tidemarkLive } }
      },
      GraphQLObjectType_fields(fields: any, build: any, ctx: any) {
        if (!ctx.scope.isRootSubscription) return fields
        const { inflection, tidemarkLive } = build
        for (const resource of Object.values(build.input.pgRegistry.pgResources) as any[]) {
          if (resource.parameters || !resource.codec.attributes || resource.isVirtual || !resource.codec.extensions?.pg) continue
          if (!build.behavior.pgResourceMatches(resource, 'query:resource:connection')) continue
          const type = build.getTypeByName(inflection.tableConnectionType(resource.codec))
          if (!type) continue
          const { schemaName, name } = resource.codec.extensions.pg
          const query = inflection.allRowsConnection(resource)
          const unique = resource.uniques.find((one: any) => one.isPrimary)
          const key = unique?.attributes.map((column: string) => ({
            column,
            type: resource.codec.attributes[column].codec.extensions?.pg?.name ?? resource.codec.attributes[column].codec.name,
          }))
          const live: LiveField = {
            query,
            schema: schemaName,
            relation: name,
            key: key?.every(({ type }: any) => KEY_TYPES.has(type)) ? key : null,
          }
          const names = [`${query}Live`, isWorkspace(schemaName) ? `${inflection.tableFieldName(resource)}Live` : null]
          for (const fieldName of new Set(names)) {
            if (!fieldName || fields[fieldName]) continue
            tidemarkLive.set(fieldName, live)
            const scope = {
              fieldName,
              fieldBehaviorScope: 'query:resource:connection',
              isPgFieldConnection: true,
              pgFieldResource: resource,
            }
            fields = build.extend(
              fields,
              {
                [fieldName]: ctx.fieldWithHooks(scope, () => ({
                  description: `The rows of ${name}, at once and again whenever they changed. With the operation extension { "live": "patch" } only what changed.`,
                  type,
                  subscribePlan: () => constant(null),
                  plan: () => constant(null),
                })),
              },
              `Adding live field ${fieldName}`,
            )
          }
        }
        return fields
      },
    },
  },
}
