// finish.ts: after the last byte, in the load's transaction: one ALTER that gives every late column its type, the key, the
// sequence, the merge of an upsert. Called by load.ts. Writes the table; the caller commits.

import type { PoolClient } from 'pg'
import { escapeIdentifier as q } from 'pg'
import type { Columns } from './columns.ts'
import type { Decoder } from './decode.ts'
import type { Dialect } from './dialect.ts'
import { dateOrder, finalType, report, type ColumnReport, type DateOrder } from './infer.ts'
import type { LoadInput, LoadResult } from './job.ts'
import { SKIPPED, type Plan, type Sequence } from './plan.ts'
import type { Pour } from './pour.ts'
import { twice } from './problem.ts'
import type { Rejects } from './rejects.ts'
import { lookUp, relation, type Target } from './target.ts'
import { cast, tryRows } from './trial.ts'
import { SQL, T, asText, fromText } from './types.ts'

/** One physical column that holds part of a field: its type and spelling when the load went on to the next one. */
export interface Segment {
  column: string
  stored: boolean
  type: number
  spell: number
  sql: string
  /** Text that is '' in all rows from before it was added, whose empty values were all "" until then. */
  marks?: boolean
}

/** In more rows than this a key that comes twice is not searched for: a minute of sorting for one line number. */
const SEARCHED = 5_000_000

interface FinalType {
  type: number
  spell: number
  open: boolean
}

interface FinishInput {
  input: LoadInput
  plan: Plan
  target: Target
  columns: Columns
  pour: Pour
  sequence: Sequence | null
  rejects: Rejects
  decoder: Decoder
  dialect: Dialect
}

/** Everything after the last byte; answers what the client is told. */
export async function finish(f: FinishInput): Promise<LoadResult> {
  const { input, plan, target, columns, pour, decoder } = f
  const { client, schema, table, options } = input
  const { tap, chains } = pour
  for (let i = 0; i < columns.n; i++) {
    chains[i]![0]!.type = columns.types[i]!
    chains[i]![0]!.spell = columns.spell[i]!
  }
  const types = await settleTypes(client, plan, columns, chains, options.dateOrder)
  const refused = plan.trial ? await tryRows(client, plan, target, f.rejects, (where) => insert(plan, target, where)) : null
  const merged = refused === null && plan.into !== relation(schema, table) ? await merge(client, plan, target) : refused
  const touched = f.sequence && (f.sequence.cached || plan.rowId === 'file') ? f.sequence.name : null
  await addKey(client, plan, touched, tap.records, (record) => input.lineOf?.(record) ?? pour.places.lineOf(record, tap))
  const rejects = await f.rejects.write(
    client,
    (name) => input.asServer(() => lookUp(client, schema, name)),
    schema,
    table,
    plan.names,
    input.uploadId,
  )
  return {
    table,
    mode: plan.mode,
    rows: tap.records - (refused?.count ?? 0),
    ...(merged !== null && plan.mode === 'upsert' ? { inserted: merged.inserted, updated: merged.updated } : {}),
    rejected: tap.rejected + (refused?.count ?? 0),
    repaired: tap.repaired,
    rejects,
    key: plan.key,
    bytes: decoder.bytes,
    sha256: decoder.sha256(),
    columns: reports(plan, types, options.widen ? null : target),
    dialect: { ...f.dialect, encoding: decoder.encoding },
  }
}

/** What the answer says of each column. `target`: its columns keep their types. */
function reports(plan: Plan, types: readonly FinalType[], target: Target | null): ColumnReport[] {
  return plan.names.flatMap((name, i) => {
    if (name === SKIPPED) return []
    const { type, spell, open } = types[i]!
    const there = target?.columns.find((c) => c.name === name)
    const r = report(name, type, spell, open)
    return [{ ...r, type: there?.sql ?? r.type, nullable: !plan.key.includes(name) }]
  })
}

/** The merged value of a field, from all its segments (newest first), as its final type. */
function merged(segments: readonly Segment[], type: number, spell: number): string {
  const each = segments.map((s) => {
    if (s.stored && s.type === type) return q(s.column)
    if (s.stored) return type === T.TEXT ? asText(s.type, s.spell, q(s.column)) : `${q(s.column)}::${SQL[type]}`
    return fromText(type, spell, q(s.column))
  })
  if (type === T.TEXT && segments[0]!.marks)
    return `case when ${each[0]} = '' then coalesce(${each.slice(1).join(', ')}, '') else ${each[0]} end`
  return each.length === 1 ? each[0]! : `coalesce(${each.join(', ')})`
}

/** Gives every column its final type. At most one rewrite of the table, and none when the sample was right. */
async function settleTypes(
  client: PoolClient,
  plan: Plan,
  columns: Columns,
  chains: Segment[][],
  asked: DateOrder | null,
): Promise<FinalType[]> {
  const order = asked ?? dateOrder(columns)
  const types: FinalType[] = []
  const alter: string[] = [],
    drop: string[] = []
  for (let i = 0; i < columns.n; i++) {
    const chain = chains[i]!,
      first = chain.at(-1)!
    if (columns.fixed[i] === 1) {
      types.push({ type: columns.types[i]!, spell: columns.spell[i]!, open: false })
      continue
    }
    const f = finalType(columns, i, order)
    types.push(f)
    const same = chain.length === 1 && (first.stored ? first.type === f.type : f.type === T.TEXT)
    if (same) continue
    alter.push(`alter ${q(plan.names[i]!)} type ${SQL[f.type]} using ${merged(chain, f.type, f.spell)}`)
    for (const s of chain.slice(0, -1)) {
      alter.push(`alter ${q(s.column)} type text using null`) // emptied by the same rewrite: dropping leaves no dead bytes
      drop.push(`drop column ${q(s.column)}`)
    }
  }
  if (alter.length > 0) await client.query(`alter table ${plan.into} ${alter.join(', ')}`)
  if (drop.length > 0) await client.query(`alter table ${plan.into} ${drop.join(', ')}`)
  return types
}

/** The key and, where it was touched, the sequence of a new table. `rows`: how many went in, the highest row_id given out. */
async function addKey(
  client: PoolClient,
  plan: Plan,
  sequence: string | null,
  rows: number,
  lineOf: (record: number) => number | null,
): Promise<void> {
  const at = relation(plan.schema, plan.table)
  if (sequence) {
    // not setval: a workspace's role may not call it
    const next =
      plan.rowId === 'file'
        ? (await client.query<{ n: string }>(`select coalesce(max(row_id), 0) + 1 as n from ${at}`)).rows[0]!.n
        : String(rows + 1)
    if (BigInt(next) > 0n) await client.query(`alter sequence ${sequence} cache 1 restart with ${BigInt(next)}`)
  }
  if (plan.addKey) {
    await client.query("set local maintenance_work_mem = '256MB'")
    const list = plan.key.map(q).join(', ')
    await client.query('savepoint key')
    try {
      await client.query(`alter table ${at} add primary key (${list})`)
    } catch (error) {
      if ((error as { code?: string }).code !== '23505' || rows > SEARCHED) throw error
      await client.query('rollback to savepoint key')
      // the table is new: its rows lie in the order of the file
      const { rows: found } = await client.query<{ n: string; first: string; values: string[] }>(
        `with numbered as (select ${list}, row_number() over (order by ctid) as __n from ${at}),
              met as (select *, row_number() over same as __time, first_value(__n) over same as __first from numbered
                      window same as (partition by ${list} order by __n))
         select __n as n, __first as first, array[${plan.key.map((k) => `${q(k)}::text`).join(', ')}] as values
           from met where __time = 2 order by __n limit 1`,
      )
      if (!found[0]) throw error
      const record = Number(found[0].n)
      throw twice(plan.key, found[0].values, { record, line: lineOf(record), first: Number(found[0].first) })
    }
  }
}

/** From the staging table into the target; mode=upsert: of several records with one key the last one wins. */
function insert(plan: Plan, target: Target, where: string): string {
  const at = relation(plan.schema, plan.table)
  const names = plan.names.filter((n) => n !== SKIPPED)
  const list = names.map(q).join(', '),
    key = plan.key.map(q).join(', ')
  const own = (n: string) => target.columns.find((c) => c.name === n)
  const values = plan.trial ? names.map((n) => cast(own(n), q(n))).join(', ') : list
  const rest = names.filter((n) => !plan.key.includes(n))
  const action = rest.length > 0 ? `update set ${rest.map((n) => `${q(n)} = excluded.${q(n)}`).join(', ')}` : 'nothing'
  const upsert = plan.mode === 'upsert'
  const rows = upsert ? `(select distinct on (${key}) * from ${plan.into} where ${where} order by ${key}, __n desc)` : plan.into
  return `with merged as (
       insert into ${at} (${list})
       select ${values} from ${rows} s where ${where} order by __n
       ${upsert ? `on conflict (${key}) do ${action}` : ''} returning xmax = 0 as new)
     select count(*) filter (where new) as inserted, count(*) filter (where not new) as updated from merged`
}

async function merge(client: PoolClient, plan: Plan, target: Target): Promise<{ inserted: number; updated: number }> {
  const { rows } = await client.query<{ inserted: string; updated: string }>(insert(plan, target, 'true'))
  await client.query(`drop table ${plan.into}`)
  return { inserted: Number(rows[0]!.inserted), updated: Number(rows[0]!.updated) }
}
