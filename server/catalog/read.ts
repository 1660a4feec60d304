/**
 * What a role can see and call in its workspace: relations, columns, keys, links and functions. Called by catalogs.ts.
 *
 * Read by app_owner and not by the caller, to whom pg_catalog is closed; PostgreSQL is asked per relation and function what
 * the role may do, so that what one may not read is not there. The relations of app_public (events, uploads …) are part of
 * every workspace and stand behind a workspace's own of the same name. Names that begin with _ are bookkeeping.
 */
import type { Pool } from 'pg'

export interface Column {
  name: string
  /** To cast a value: without length and precision, of a domain what lies under it. Quoted by PostgreSQL. */
  type: string
  /** As people write it, e.g. numeric(10,2). */
  shown: string
  /** PostgreSQL's letter: N number, S text, B boolean, D time, A array, E enum, R range, U other. */
  category: string
  nullable: boolean
  hasDefault: boolean
  generated: boolean
  comment: string | null
  values: string[] | null
}

/** A foreign key, seen from the table that has it. */
export interface Link {
  constraint: string
  columns: string[]
  to: string
  toColumns: string[]
  /** The columns are unique: there is at most one row at this end. */
  unique: boolean
}

export interface Relation {
  schema: string
  name: string
  kind: 'table' | 'view' | 'matview' | 'foreign'
  comment: string | null
  columns: Map<string, Column>
  /** The primary key; of a materialized view its first plain unique index. */
  key: string[]
  can: { insert: boolean; update: boolean; delete: boolean }
  links: Link[]
}

export interface Argument {
  name: string
  type: string
  category: string
  required: boolean
}

export interface Func {
  schema: string
  name: string
  comment: string | null
  volatile: boolean
  args: Argument[]
  returns: 'void' | 'scalar' | 'row'
  set: boolean
  /** Of rows. */
  columns: Map<string, Column>
}

export interface Catalog {
  workspace: string
  relations: Map<string, Relation>
  functions: Map<string, Func[]>
}

const COLUMN = `json_build_object(
    'name', a.attname, 'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), -1), 'shown', format_type(t.oid, a.atttypmod),
    'category', t.typcategory, 'nullable', not a.attnotnull, 'hasDefault', a.atthasdef or a.attidentity <> '',
    'generated', a.attgenerated <> '' or a.attidentity = 'a', 'comment', col_description(a.attrelid, a.attnum),
    'values', case when t.typtype = 'e' then (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) end)`

/** The names of columns, in the order of a list of their numbers. */
const namesOf = (relation: string, numbers: string) =>
  `(select json_agg(a.attname order by k.ord) from unnest(${numbers}) with ordinality k (attnum, ord)
      join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum)`

const RELATIONS = `
  select n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as comment,
         case c.relkind when 'v' then 'view' when 'm' then 'matview' when 'f' then 'foreign' else 'table' end as kind,
         (select json_agg(${COLUMN} order by a.attnum) from pg_attribute a join pg_type t on t.oid = a.atttypid
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
         (select ${namesOf('c.oid', 'i.indkey::int2[]')} from pg_index i
           where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null and (i.indisprimary or c.relkind = 'm')
           order by i.indisprimary desc, i.indexrelid limit 1) as key,
         json_build_object(
           'insert', c.relkind <> 'm' and (has_table_privilege($2::name, c.oid, 'insert') or has_any_column_privilege($2::name, c.oid, 'insert')),
           'update', c.relkind <> 'm' and (has_table_privilege($2::name, c.oid, 'update') or has_any_column_privilege($2::name, c.oid, 'update')),
           'delete', c.relkind <> 'm' and has_table_privilege($2::name, c.oid, 'delete')) as can,
         (select json_agg(json_build_object(
                   'constraint', o.conname, 'columns', ${namesOf('o.conrelid', 'o.conkey')},
                   'to', f.relname, 'toColumns', ${namesOf('o.confrelid', 'o.confkey')},
                   'unique', exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null
                                        and i.indexprs is null and i.indkey::int2[] <@ o.conkey)) order by o.oid)
            from pg_constraint o join pg_class f on f.oid = o.confrelid
           where o.conrelid = c.oid and o.contype = 'f' and o.conparentid = 0 and f.relnamespace = c.relnamespace and left(f.relname, 1) <> '_') as links
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname in ($1, 'app_public') and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and left(c.relname, 1) <> '_'
     and (has_table_privilege($2::name, c.oid, 'select') or has_any_column_privilege($2::name, c.oid, 'select'))
   order by n.nspname = $1, c.relname`

/** With arguments that have names and are values, not rows; what triggers call is not among them. */
const FUNCTIONS = `
  select n.nspname as schema, p.proname as name, obj_description(p.oid, 'pg_proc') as comment, p.provolatile = 'v' as volatile,
         p.proretset as set, case when r.typname = 'void' then 'void' when r.typtype = 'c' or r.typname = 'record' then 'row' else 'scalar' end as returns,
         coalesce(args.list, '[]') as args,
         case when r.typtype = 'c' then (select json_agg(${COLUMN} order by a.attnum) from pg_attribute a join pg_type t on t.oid = a.atttypid
                                          where a.attrelid = r.typrelid and a.attnum > 0 and not a.attisdropped)
              else outs.list end as columns
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type r on r.oid = p.prorettype
    left join lateral (
      select json_agg(json_build_object('name', p.proargnames[i], 'type', format_type(t.oid, -1), 'category', t.typcategory,
                                        'required', i <= p.pronargs - p.pronargdefaults) order by i) as list,
             bool_or(coalesce(p.proargnames[i], '') = '' or t.typtype in ('c', 'p')) as odd
        from generate_series(1, p.pronargs) i join pg_type t on t.oid = p.proargtypes[i - 1]) args on true
    left join lateral (
      select json_agg(json_build_object('name', p.proargnames[i], 'type', format_type(t.oid, -1), 'shown', format_type(t.oid, -1), 'category', t.typcategory,
                                        'nullable', true, 'hasDefault', false, 'generated', false) order by i) as list
        from generate_subscripts(p.proargmodes, 1) i join pg_type t on t.oid = p.proallargtypes[i]
       where p.proargmodes[i] in ('o', 't')) outs on true
   where n.nspname in ($1, 'app_public') and p.prokind = 'f' and left(p.proname, 1) <> '_' and p.provariadic = 0
     and r.typname not in ('trigger', 'event_trigger') and not coalesce(args.odd, false) and coalesce('b' <> all (p.proargmodes), true)
     and (r.typname <> 'record' or outs.list is not null) and has_function_privilege($2::name, p.oid, 'execute')
   order by n.nspname = $1, p.proname, p.pronargs`

/** @param role whose rights count: ws_<id> or ws_<id>_reader. */
export async function readCatalog(owner: Pool, workspace: string, role: string): Promise<Catalog> {
  const values = [`ws_${workspace}`, role]
  const [relations, functions] = await Promise.all([owner.query(RELATIONS, values), owner.query(FUNCTIONS, values)])
  const byName = (columns: Column[] | null) => new Map((columns ?? []).map((column) => [column.name, column]))
  const catalog: Catalog = { workspace, relations: new Map(), functions: new Map() }
  for (const row of relations.rows)
    catalog.relations.set(row.name, { ...row, columns: byName(row.columns), key: row.key ?? [], links: row.links ?? [] })
  for (const row of functions.rows) {
    const same = catalog.functions.get(row.name)?.filter((other) => other.schema === row.schema) ?? []
    catalog.functions.set(row.name, [...same, { ...row, columns: byName(row.columns) }])
  }
  return catalog
}
