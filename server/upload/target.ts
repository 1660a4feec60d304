// target.ts: what is known of the table that a file goes into, asked as the server: a
// workspace's role reads no catalogs. Called by load.ts before any byte is kept, and by rejects.ts.

import type { PoolClient } from 'pg'
import { escapeIdentifier as q } from 'pg'
import { AppError } from '../errors.ts'
import type { UploadOptions } from './options.ts'
import { T } from './types.ts'

export interface TargetColumn {
  name: string
  type: number
  sql: string
  hasDefault: boolean
  generated: boolean
  notNull: boolean
  /** Of a string type: a longer value is refused by an assignment, and cut by a cast. */
  isText: boolean
  /** What an enum may be. */
  labels: string[] | null
}
export interface Target {
  exists: boolean
  isTable: boolean
  columns: TargetColumn[]
  key: string[]
  /** Has checks, foreign keys or unique keys beside its primary key: it may refuse rows. */
  constrained: boolean
}

/** PostgreSQL's type names as ours; those that only PostgreSQL can judge are ANY. */
const TYPES: Record<string, number> = {
  boolean: T.BOOL,
  integer: T.INT4,
  bigint: T.INT8,
  numeric: T.NUM,
  'double precision': T.FLOAT,
  date: T.DATE,
  'timestamp without time zone': T.TS,
  'timestamp with time zone': T.TSTZ,
  'time without time zone': T.TIME,
  uuid: T.UUID,
  jsonb: T.JSON,
  json: T.JSON,
  text: T.TEXT,
  'character varying': T.TEXT,
}
const ALIASES: Record<string, string> = {
  bool: 'boolean',
  int: 'integer',
  int4: 'integer',
  int8: 'bigint',
  decimal: 'numeric',
  number: 'numeric',
  float: 'double precision',
  float8: 'double precision',
  double: 'double precision',
  real: 'double precision',
  timestamp: 'timestamp without time zone',
  datetime: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  string: 'text',
  varchar: 'text',
  json: 'jsonb',
  serial: 'integer',
  bigserial: 'bigint',
}

/** The type that a person named, or null. 'auto' is what the file says. */
export function typeNamed(name: string): number | null {
  const low = name.trim().toLowerCase().replace(/\s+/g, ' ')
  return TYPES[ALIASES[low] ?? low] ?? null
}

export const relation = (schema: string, table: string): string => `${q(schema)}.${q(table)}`

export async function lookUp(client: PoolClient, schema: string, table: string): Promise<Target> {
  const { rows } = await client.query<{
    kind: string
    columns: Omit<TargetColumn, 'type'>[] | null
    key: string[] | null
    constrained: boolean
  }>(
    `select c.relkind as kind,
            (select json_agg(json_build_object('name', a.attname, 'sql', format_type(a.atttypid, a.atttypmod),
                                               'hasDefault', a.atthasdef or a.attidentity <> '', 'generated', a.attgenerated <> '',
                                               'notNull', a.attnotnull, 'isText', t.typcategory = 'S',
                                               'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)) order by a.attnum)
               from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
            (select json_agg(a.attname order by array_position(i.indkey::int2[], a.attnum))
               from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey) where i.indrelid = c.oid and i.indisprimary) as key,
            exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f', 'u', 'x')) or
            exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and not i.indisprimary) as constrained
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  )
  const found = rows[0]
  if (!found) return { exists: false, isTable: true, columns: [], key: [], constrained: false }
  return {
    exists: true,
    isTable: found.kind === 'r' || found.kind === 'p',
    columns: (found.columns ?? []).map((c) => ({ ...c, type: TYPES[c.sql] ?? T.ANY })),
    key: found.key ?? [],
    constrained: found.constrained,
  }
}

/** May a file go there in this mode? Throws TMEXI, TMNOF. */
export function checkTarget(target: Target, table: string, o: Pick<UploadOptions, 'mode' | 'dryRun'>): void {
  if (target.exists && (o.mode === null || o.mode === 'create'))
    throw new AppError('TMEXI', `There is a ${target.isTable ? 'table' : 'view'} "${table}" already`, {
      hint: target.isTable ? 'Send mode=append, replace or upsert, or another table name.' : 'Send another table name.',
    })
  if (target.exists && !target.isTable) throw new AppError('TMEXI', `"${table}" is a view; a file can only go into a table`)
  if (!target.exists && (o.mode === 'append' || o.mode === 'upsert') && !o.dryRun)
    throw new AppError('TMNOF', `There is no table "${table}" to ${o.mode} to`, { hint: 'Send mode=create first.' })
}
