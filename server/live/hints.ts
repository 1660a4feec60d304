/**
 * From the rows that capture triggers wrote to the payloads of table_change_channel. Used by pump.ts; the shape of a hint is
 * documented in README.md.
 */
import pg from 'pg'

/** NOTIFY refuses 8000 bytes, and that error would abort the transaction. */
const MAX_BYTES = 7900
const MAX_KEYS = 50

export interface Hint {
  r: string
  k?: unknown[][]
  op?: string
}
export interface Change {
  rel: string
  op: string
  keys: unknown[][] | null
  /** How many rows it is made of. */
  taken: number
}

/**
 * What was written since the last round: one row per relation, so that a flood of writes costs PostgreSQL, and not this process.
 * A statement that touched no row has empty keys. An UPDATE that changed keys is 'k' and names the old ones too.
 */
export const takeStatement = (schema: string) => `
  with gone as (${schema === 'app_public' ? 'select * from app_private.take_platform_changes()' : `delete from ${pg.escapeIdentifier(schema)}._live_changes returning rel, op, keys, old_keys`}),
  one as (
    select rel, case when op = 'u' and keys <> old_keys then 'k' else op end as op,
           case when op = 'u' and keys <> old_keys then keys || old_keys else keys end as keys
      from gone where keys is null or keys <> '{}'),
  sums as (
    select rel, count(*)::int as taken, concat(${['i', 'u', 'k', 'd', 't'].map((op) => `case when bool_or(op = '${op}') then '${op}' end`).join(', ')}) as op,
           bool_and(keys is not null) and sum(array_length(keys, 1)) <= ${4 * MAX_KEYS} as is_few
      from one group by rel)
  select rel, op, taken, case when is_few then (select jsonb_agg(to_jsonb(o.keys)) from one o where o.rel = s.rel) end as keys from sums s`

/** The keys of all statements, each as the list of its columns: of a key of one column they come as plain texts. */
export const flat = (keys: unknown[][] | null): unknown[][] | null => keys?.flat().map((key) => (Array.isArray(key) ? key : [key])) ?? null

/** One hint per relation: its keys, or none if there were too many or one has none. */
export function gather(schema: string, rows: readonly Omit<Change, 'taken'>[]): Hint[] {
  const found = new Map<string, { keys: Map<string, unknown[]> | null; ops: Set<string> }>()
  for (const { rel, op, keys } of rows) {
    let one = found.get(rel)
    if (!one) found.set(rel, (one = { keys: new Map(), ops: new Set() }))
    for (const letter of op) one.ops.add(letter)
    if (!keys || keys.some((key) => !Array.isArray(key) || key.some((part) => part === null))) one.keys = null
    else for (const key of keys) one.keys?.set(JSON.stringify(key), key)
    if (one.keys && one.keys.size > MAX_KEYS) one.keys = null
  }
  return [...found].map(([rel, { keys, ops }]) => {
    const hint = keys ? { r: `${schema}.${rel}`, k: [...keys.values()], op: [...ops].sort().join('') } : { r: `${schema}.${rel}` }
    return Buffer.byteLength(JSON.stringify(hint)) > 4000 ? { r: hint.r } : hint
  })
}

export function* batches(hints: Hint[]): Generator<string> {
  let batch = ''
  for (const hint of hints) {
    const text = JSON.stringify(hint)
    if (batch && Buffer.byteLength(batch) + Buffer.byteLength(text) + 3 > MAX_BYTES) {
      yield `[${batch}]`
      batch = ''
    }
    batch += (batch ? ',' : '') + text
  }
  if (batch) yield `[${batch}]`
}
