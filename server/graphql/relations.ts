/**
 * Query.apiRelations: what a client must know to build queries for relations that it meets at run time: under which names the
 * API has them and their columns. Used by preset.ts. The web app's grid is built from this alone.
 */
import { constant } from 'postgraphile/grafast'
import { extendSchema } from 'postgraphile/utils'
import { isWorkspace } from './names.ts'

const typeDefs = /* GraphQL */ `
  enum ApiRelationKind { TABLE VIEW MATVIEW }

  "A table, view or materialized view of the workspace, and what the API calls it."
  type ApiRelation {
    "The name in PostgreSQL, and in /rest/<name>."
    name: String!
    kind: ApiRelationKind!
    "The GraphQL type of its rows."
    type: String!
    "Query field that lists its rows."
    query: String!
    "Query field of one row by its key; null without a key."
    single: String
    "Subscription field: the rows, live."
    live: String!
    "Mutation fields; null where there is none (views, no key)."
    create: String
    update: String
    delete: String
    "Names of the input fields: create(input: { <row>: … }), update(input: { …, <patch>: … })."
    row: String
    patch: String
    "Columns that name a row, as in the database. With a key, rows have a nodeId."
    key: [String!]
    comment: String
    columns: [ApiColumn!]!
  }
  type ApiColumn {
    "As in the database."
    name: String!
    "As in GraphQL: the same unless GraphQL cannot write it."
    field: String!
    "PostgreSQL's type, e.g. numeric, text, timestamptz."
    type: String!
    graphqlType: String!
    notNull: Boolean!
    hasDefault: Boolean!
    "Values of orderBy; null for types that have no order (json)."
    ascending: String
    descending: String
    comment: String
  }
  extend type Query {
    "The relations of this workspace and their names in this API."
    apiRelations: [ApiRelation!]!
  }
`

export const RelationsPlugin = extendSchema((build: any) => {
  const { inflection, behavior } = build
  let list: unknown[] | null = null

  function describe(resource: any) {
    const { codec } = resource
    const { name } = codec.extensions.pg
    const key = (resource.uniques.find((unique: any) => unique.isPrimary) ?? resource.uniques[0])?.attributes ?? null
    const typeName = inflection.tableType(codec)
    const exists = (root: string, field: string | null) =>
      field && build.getTypeByName(inflection.builtin(root))?.getFields()[field] ? field : null
    const type = build.getTypeByName(typeName)
    const order = build.getTypeByName(inflection.orderByType(typeName))
    const orders = new Set(order?.getValues?.().map((value: any) => value.name))
    const primary = resource.uniques.find((unique: any) => unique.isPrimary)
    return {
      name,
      kind: codec.extensions.tags?.relationKind ?? 'TABLE',
      type: typeName,
      query: inflection.allRowsConnection(resource),
      single: primary ? exists('Query', inflection.rowByUnique({ resource, unique: primary })) : null,
      live: `${inflection.allRowsConnection(resource)}Live`,
      create: exists('Mutation', inflection.createField(resource)),
      update: primary ? exists('Mutation', inflection.updateNodeField({ resource, unique: primary })) : null,
      delete: primary ? exists('Mutation', inflection.deleteNodeField({ resource, unique: primary })) : null,
      row: inflection.tableFieldName(resource),
      patch: inflection.patchField(inflection.tableFieldName(resource)),
      key,
      comment: codec.description ?? null,
      columns: Object.entries(codec.attributes)
        .filter(([attribute]) => behavior.pgCodecAttributeMatches([codec, attribute], 'attribute:select'))
        .map(([attribute, spec]: [string, any]) => {
          const field = inflection.attribute({ attributeName: attribute, codec })
          const value = (variant: string) => {
            const found = inflection.orderByAttributeEnum({ codec, attributeName: attribute, variant })
            return orders.has(found) ? found : null
          }
          return {
            name: attribute,
            field,
            type: spec.codec.extensions?.pg?.name ?? spec.codec.name,
            graphqlType: String(type?.getFields()[field]?.type ?? 'String').replace(/!$/, ''),
            notNull: spec.notNull ?? false,
            hasDefault: spec.hasDefault ?? false,
            ascending: value('asc'),
            descending: value('desc'),
            comment: spec.description ?? null,
          }
        }),
    }
  }

  return {
    typeDefs: build.graphql.parse(typeDefs),
    objects: {
      Query: {
        plans: {
          apiRelations: {
            plan() {
              list ??= Object.values(build.input.pgRegistry.pgResources as Record<string, any>)
                .filter((resource) => isListed(resource, build))
                .map(describe)
              return constant(list)
            },
          },
        },
      },
    },
  } as any
}, 'RelationsPlugin')

/** A relation of the workspace that the API lists. */
function isListed(resource: any, build: any): boolean {
  return (
    !resource.parameters &&
    !!resource.codec.attributes &&
    !resource.isVirtual &&
    isWorkspace(resource.codec.extensions?.pg?.schemaName) &&
    build.behavior.pgResourceMatches(resource, 'query:resource:connection')
  )
}
