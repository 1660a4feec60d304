/**
 * The operators of filters, as a table: how each is said in SQL. Read by parse-filters.ts (which names exist) and
 * build-where.ts. A new operator is a line here.
 */

export interface Operator {
  /** $left and $right stand for the column and the value. */
  sql: string
  /** What the value is cast to; 'column': the column's own type. */
  type: 'column' | 'text' | 'keyword' | 'list' | 'search'
  /** eq(any).{1,2}: works with = any (…) too. */
  modifiers?: true
  /** `*` in the value means `%`. */
  pattern?: true
}

export const OPERATORS: Record<string, Operator> = {
  __proto__: null as never,
  eq: { sql: '$left = $right', type: 'column', modifiers: true },
  neq: { sql: '$left <> $right', type: 'column' },
  gt: { sql: '$left > $right', type: 'column', modifiers: true },
  gte: { sql: '$left >= $right', type: 'column', modifiers: true },
  lt: { sql: '$left < $right', type: 'column', modifiers: true },
  lte: { sql: '$left <= $right', type: 'column', modifiers: true },
  like: { sql: '$left like $right', type: 'text', modifiers: true, pattern: true },
  ilike: { sql: '$left ilike $right', type: 'text', modifiers: true, pattern: true },
  match: { sql: '$left ~ $right', type: 'text', modifiers: true },
  imatch: { sql: '$left ~* $right', type: 'text', modifiers: true },
  isdistinct: { sql: '$left is distinct from $right', type: 'column' },
  in: { sql: '$left = any ($right)', type: 'list' },
  is: { sql: '$left is $right', type: 'keyword' },
  fts: { sql: '$left @@ to_tsquery($right)', type: 'search' },
  plfts: { sql: '$left @@ plainto_tsquery($right)', type: 'search' },
  phfts: { sql: '$left @@ phraseto_tsquery($right)', type: 'search' },
  wfts: { sql: '$left @@ websearch_to_tsquery($right)', type: 'search' },
  cs: { sql: '$left @> $right', type: 'column' },
  cd: { sql: '$left <@ $right', type: 'column' },
  ov: { sql: '$left && $right', type: 'column' },
  sl: { sql: '$left << $right', type: 'column' },
  sr: { sql: '$left >> $right', type: 'column' },
  nxr: { sql: '$left &< $right', type: 'column' },
  nxl: { sql: '$left &> $right', type: 'column' },
  adj: { sql: '$left -|- $right', type: 'column' },
}

/** is.<keyword> */
export const KEYWORDS: Record<string, string> = {
  __proto__: null as never,
  null: 'null',
  not_null: 'not null',
  true: 'true',
  false: 'false',
  unknown: 'unknown',
}

/** The types that a select may cast to; enums of people are not among them. */
const TYPES = new Set(
  (
    'text varchar bpchar name citext int2 int4 int8 smallint int integer bigint numeric decimal real float4 float8 float bool boolean ' +
    'date time timetz timestamp timestamptz interval json jsonb uuid bytea inet cidr macaddr money oid tsvector xml ' +
    'int4range int8range numrange daterange tsrange tstzrange'
  ).split(' '),
)
const LONG: Record<string, string> = {
  'double precision': 'float8',
  'character varying': 'varchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
}

/** The type of that name as SQL, or null. */
export function castType(name: string): string | null {
  const [, bare, array] = /^([a-z0-9 ]+?)((?:\[\])?)$/i.exec(name.trim()) ?? []
  const type = bare && (Object.hasOwn(LONG, bare.toLowerCase()) ? LONG[bare.toLowerCase()]! : bare.toLowerCase())
  return type && TYPES.has(type) ? type + array : null
}
