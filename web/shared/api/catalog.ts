// What tables, views and materialized views the workspace has, and what the API calls them. Columns exist at run time
// only, so every query of the grid is built from this, never from generated types.
// Read through app_public.relations (columns, keys, links, rights) and Query.apiRelations (GraphQL's names).
import { graphql } from './request.ts'

export type RelationKind = 'table' | 'view' | 'matview' | 'foreign'

export interface Column {
  name: string
  number: number
  /** PostgreSQL's name of the type with its modifiers, e.g. numeric(10,2). */
  type: string
  /** The same without modifiers; of a domain, what lies below it. */
  base: string
  nullable: boolean
  hasDefault: boolean
  generated: boolean
  comment: string | null
  /** The labels of an enum. */
  values: string[] | null
  /** GraphQL's names; null: the column cannot be asked for. */
  field: string | null
  graphqlType: string
  asc: string | null
  desc: string | null
}

export interface Link {
  columns: string[]
  relation: string
  to: string[]
}

export interface Relation {
  name: string
  kind: RelationKind
  comment: string | null
  estimatedRows: number | null
  sizeBytes: number | null
  canInsert: boolean
  canUpdate: boolean
  canDelete: boolean
  key: string[] | null
  columns: Column[]
  links: Link[]
  /** Names of the tables and views that it reads itself; empty for a table. */
  reads: string[]
  /** The connection, its live field and the type of its rows; null while the API has no names for it. */
  api: { list: string; live: string; type: string } | null
}

interface ApiRelation {
  name: string
  type: string
  query: string
  live: string
  columns: { name: string; field: string; graphqlType: string; ascending: string | null; descending: string | null }[]
}
interface Answer {
  relations: {
    nodes: (Omit<Relation, 'columns' | 'links' | 'reads' | 'api' | 'estimatedRows' | 'sizeBytes'> & {
      estimatedRows: string | null
      sizeBytes: string | null
      columns: (Omit<Column, 'field' | 'graphqlType' | 'asc' | 'desc' | 'hasDefault'> & { default: boolean })[] | null
      links: Link[] | null
      reads: string[] | null
    })[]
  }
  apiRelations: ApiRelation[]
}

const QUERY = `{
  relations { nodes { name kind comment estimatedRows sizeBytes canInsert canUpdate canDelete key columns links reads } }
  apiRelations { name type query live columns { name field graphqlType ascending descending } }
}`

export async function fetchCatalog(workspace: string): Promise<Relation[]> {
  const { relations, apiRelations } = await graphql<Answer>(workspace, QUERY)
  const names = new Map(apiRelations.map((relation) => [relation.name, relation]))
  const rank = { table: 0, foreign: 0, view: 1, matview: 2 }
  return relations.nodes
    .map(({ columns, links, reads, estimatedRows, sizeBytes, ...rest }): Relation => {
      const api = names.get(rest.name)
      const fields = new Map(api?.columns.map((column) => [column.name, column]))
      return {
        ...rest,
        estimatedRows: estimatedRows === null || Number(estimatedRows) < 0 ? null : Number(estimatedRows),
        sizeBytes: sizeBytes === null ? null : Number(sizeBytes),
        columns: (columns ?? []).map(({ default: hasDefault, ...column }) => {
          const known = fields.get(column.name)
          return {
            ...column,
            hasDefault,
            field: known?.field ?? null,
            graphqlType: known?.graphqlType ?? '',
            asc: known?.ascending ?? null,
            desc: known?.descending ?? null,
          }
        }),
        links: links ?? [],
        reads: reads ?? [],
        api: api ? { list: api.query, live: api.live, type: api.type } : null,
      }
    })
    .sort((a, b) => rank[a.kind] - rank[b.kind] || a.name.localeCompare(b.name))
}
