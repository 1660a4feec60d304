/**
 * What a query string means, before the catalog is asked whether it can be. Made by the parse-*.ts files, rendered by
 * build-read.ts and build-where.ts.
 */

/** -> (json) or ->> (text), then a key or an index. */
export interface Step {
  text: boolean
  key: string
}

export interface Field {
  name: string
  path: Step[]
}

export type SelectItem =
  | { kind: 'star' }
  | { kind: 'field'; field: Field; alias: string | null; cast: string | null }
  /** field null: count(). */
  | { kind: 'aggregate'; field: Field | null; cast: string | null; aggregate: string; alias: string | null; as: string | null }
  | Embed

export interface Embed {
  kind: 'embed'
  relation: string
  alias: string | null
  /** A constraint, a column or a junction table: which of several foreign keys. */
  hint: string | null
  /** Rows without a partner are left out. */
  inner: boolean
  /** ...relation(): its columns stand among ours. */
  spread: boolean
  query: Query
}

export type Condition =
  | { kind: 'test'; field: Field; negate: boolean; operator: string; modifier: 'any' | 'all' | null; config: string | null; value: string }
  | { kind: 'group'; operator: 'and' | 'or'; negate: boolean; parts: Condition[] }

export interface Order {
  /** Of an embedded row. */
  relation: string | null
  field: Field
  descending: boolean
  nulls: 'first' | 'last' | null
}

export interface Query {
  select: SelectItem[]
  where: Condition[]
  order: Order[]
  limit: number | null
  offset: number
}

export const emptyQuery = (select: SelectItem[] = [{ kind: 'star' }]): Query => ({ select, where: [], order: [], limit: null, offset: 0 })
