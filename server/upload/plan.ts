// plan.ts: from what was learned (names, types, target, options) to what will be done: which column each field goes into, what
// is created before the COPY, where the COPY goes. Called by load.ts once per upload. createTable alone runs SQL.

import type { PoolClient } from 'pg'
import { escapeIdentifier as q } from 'pg'
import { AppError } from '../errors.ts'
import type { Columns } from './columns.ts'
import { copyable, dateOrder, finalType, loadOrder, type DateOrder } from './infer.ts'
import { cut } from './names.ts'
import type { Mode, UploadOptions } from './options.ts'
import { relation, typeNamed, type Target } from './target.ts'
import { SQL, T } from './types.ts'

export interface Plan {
  mode: Mode
  schema: string
  table: string
  into: string // quoted table that COPY fills: the target, or a staging table (upsert, trial)
  trial: boolean // the target may refuse rows, which are to be skipped: trial.ts
  names: string[] // the column of each field, in file order
  key: string[] // primary key after the load
  addKey: boolean
  rowId: 'none' | 'added' | 'file'
  order: DateOrder // DateStyle of the load
  before: string[] // statements before the COPY, each at top level
  copySql: string[] // SQL type of each field's column as created
}

/** Which column each field goes into, and which types are given. Throws TMCOL. Fills columns.fixed and .types. */
export function mapColumns(
  header: readonly string[] | null,
  cleaned: readonly string[],
  o: UploadOptions,
  target: Target,
): { names: string[]; fixed: Map<number, number> } {
  const names = [...cleaned]
  const fixed = new Map<number, number>()
  const give = (i: number, type: string | undefined, field: string): void => {
    if (type === undefined || type === 'auto') return
    const t = typeNamed(type)
    if (t === null)
      throw new AppError('TMARG', `Option columns: "${type.slice(0, 60)}" of ${field} is not a type that uploads know`, {
        hint: 'Say boolean, integer, bigint, numeric, double precision, date, timestamp, timestamptz, time, uuid, jsonb or text.',
        more: { option: 'columns' },
      })
    fixed.set(i, t)
  }
  if (o.columns instanceof Map) {
    for (const [name, c] of o.columns) {
      let i = header?.findIndex((h) => h === name || h.trim() === name) ?? -1
      if (i < 0) i = cleaned.findIndex((n) => n === name)
      if (i < 0) i = cleaned.findIndex((n) => n.toLowerCase() === name.toLowerCase())
      if (i < 0)
        throw new AppError('TMCOL', `Option columns: the file has no column "${name.slice(0, 100)}"`, {
          detail: `It has ${cleaned.join(', ').slice(0, 500)}.`,
        })
      if (c.skip) {
        names[i] = SKIPPED
        fixed.set(i, T.TEXT)
        continue
      }
      if (c.name) names[i] = checkName(c.name)
      give(i, c.type, name)
    }
  } else if (o.columns) {
    if (o.columns.length !== cleaned.length)
      throw new AppError('TMCOL', `Option columns names ${o.columns.length} columns, the file has ${cleaned.length}`)
    o.columns.forEach((c, i) => {
      if (c.skip) {
        names[i] = SKIPPED
        fixed.set(i, T.TEXT)
        return
      }
      if (c.name) names[i] = checkName(c.name)
      give(i, c.type, c.name ?? cleaned[i]!)
    })
  }
  if (doubled(names)) throw new AppError('TMCOL', 'Option columns gives two columns the same name')
  if (target.exists) return matchTarget(names, fixed, header === null && !o.columns, o, target)
  if (o.types === 'text')
    names.forEach((_, i) => {
      if (!fixed.has(i)) fixed.set(i, T.TEXT)
    })
  return { names, fixed }
}

/** The columns of a trial's staging table beside the file's. */
export const LINE = '__line',
  RECORD = '__record'
/** The name of a field that goes into no column. */
export const SKIPPED = ''
const doubled = (names: readonly string[]): boolean => {
  const kept = names.filter((n) => n !== SKIPPED)
  return new Set(kept).size < kept.length
}

function checkName(name: string): string {
  const n = name.normalize('NFC').trim()
  // eslint-disable-next-line no-control-regex
  if (n === '' || cut(n) !== n || /[\u0000-\u001f]/.test(n))
    throw new AppError('TMNAM', `Option columns: "${n.slice(0, 60)}" cannot be a name`)
  return n
}

/** append, replace, upsert: by name, whatever the order; by place when the file has no header. */
function matchTarget(
  names: string[],
  fixed: Map<number, number>,
  byPlace: boolean,
  o: UploadOptions,
  target: Target,
): { names: string[]; fixed: Map<number, number> } {
  const there = target.columns.filter((c) => !c.generated)
  if (byPlace) {
    const own = there.filter((c) => !(c.name === 'row_id' && c.hasDefault))
    const match = names.length === own.length ? own : names.length === there.length ? there : null
    if (!match)
      throw new AppError('TMCOL', `The file has ${names.length} columns and no header, the table has ${own.length}`, {
        hint: 'Add a header, or name the columns in the option columns.',
      })
    names = match.map((c) => c.name)
  }
  const unknown: string[] = []
  names = names.map((n, i) => {
    if (n === SKIPPED) return n
    const c = there.find((x) => x.name === n) ?? there.find((x) => x.name.toLowerCase() === n.toLowerCase())
    if (!c) {
      unknown.push(n)
      return n
    }
    if (!o.widen) fixed.set(i, c.type)
    return c.name
  })
  if (unknown.length > 0 && !o.addColumns)
    throw new AppError(
      'TMCOL',
      `The table has no column ${unknown
        .slice(0, 5)
        .map((u) => `"${u}"`)
        .join(', ')}${unknown.length > 5 ? ' …' : ''}`,
      {
        hint: 'Send add_columns=true to add new columns, or rename them with the option columns.',
        detail: `It has ${there
          .map((c) => c.name)
          .join(', ')
          .slice(0, 500)}.`,
        more: { columns: unknown },
      },
    )
  if (doubled(names)) throw new AppError('TMCOL', 'Two columns of the file go into the same column of the table')
  return { names, fixed }
}

/** Bytes that a value of the type takes at least in a row of a table; text can be moved out of the row. */
const WIDTH = [1, 1, 4, 8, 5, 8, 4, 8, 8, 8, 16, 18, 1, 1]

export function makePlan(
  schema: string,
  table: string,
  names: string[],
  columns: Columns,
  o: UploadOptions,
  target: Target,
  uploadId: string,
  trial = false,
): Plan {
  const mode: Mode = o.mode ?? 'create'
  const order = loadOrder(columns, o.dateOrder ?? dateOrder(columns))
  const evidence = o.dateOrder ?? dateOrder(columns)
  const copySql: string[] = []
  for (let i = 0; i < columns.n; i++) {
    const there = target.columns.find((c) => c.name === names[i])
    if (there) {
      if (columns.fixed[i] === 0) {
        columns.types[i] = there.type
        columns.spell[i] = 0x7fffffff
      }
      columns.stored[i] = there.type === T.TEXT ? 0 : 1
      copySql.push(there.sql)
      continue
    }
    const f = finalType(columns, i, evidence)
    const asIs = columns.fixed[i] === 1 ? f.type !== T.TEXT : f.type !== T.TEXT && columns.invertible(i) && copyable(f.type, f.spell, order)
    columns.stored[i] = asIs ? 1 : 0
    if (asIs) columns.spell[i] = f.spell // an order that another column proved holds from here on
    copySql.push(asIs ? SQL[f.type]! : 'text')
  }
  const file = names.indexOf('row_id')
  for (let i = 0; i < columns.n; i++)
    if (columns.fixed[i] === 1 && columns.types[i] === T.DATE) checkOrder(columns, i, names[i]!, evidence, order)
  const idInFile = mode !== 'upsert' && !target.exists && o.key === null && file >= 0 && [T.INT4, T.INT8].includes(columns.types[file] as 2)
  if (idInFile) {
    columns.types[file] = T.INT8
    columns.stored[file] = 1
    copySql[file] = 'bigint'
  }
  const rowId = target.exists ? 'none' : o.key ? 'none' : idInFile ? 'file' : 'added'
  const kept = names.filter((n) => n !== SKIPPED)
  const total = kept.length + (rowId === 'added' ? 1 : 0)
  if (total > 1600)
    throw new AppError('TMBIG', `The file has ${names.length} columns; a table of PostgreSQL has at most 1,600`, {
      hint: 'Bring the columns into rows (unpivot), or split the file.',
    })
  let width = 32 + Math.ceil(total / 8)
  for (let i = 0; i < columns.n; i++) if (names[i] !== SKIPPED) width += columns.stored[i] === 1 ? WIDTH[columns.types[i]!]! : 1
  if (width > 8160)
    throw new AppError('TMBIG', `A row of these ${names.length} columns needs ${width} bytes; PostgreSQL's limit is 8,160`, {
      hint: 'Split the file into two tables.',
    })

  const key = o.key
    ? o.key.map((k) => names.find((n) => n === k) ?? names.find((n) => n.toLowerCase() === k.toLowerCase()) ?? missingKey(k, names))
    : target.exists
      ? target.key
      : ['row_id']
  const at = relation(schema, table)
  const before: string[] = []
  let into = at
  if (mode === 'upsert' && target.exists) {
    for (const k of key)
      if (!names.includes(k))
        throw new AppError('TMCOL', `The file has no column "${k}", which is the key of the table`, {
          hint: 'Name the key with the option key.',
        })
    if (key.length === 0)
      throw new AppError('TMARG', 'mode=upsert needs a key: the table has no primary key', {
        hint: 'Name the key with the option key; it needs a unique index.',
      })
    into = relation(schema, `__upload_${uploadId}`)
  } else if (!target.exists) {
    const defs = names.flatMap((n, i) => (n === SKIPPED ? [] : [`${q(n)} ${i === file && rowId === 'file' ? 'bigserial' : copySql[i]}`]))
    if (rowId === 'added') defs.unshift('row_id bigserial')
    before.push(`create table ${at} (${defs.join(', ')})`)
  } else {
    if (mode === 'replace') before.push(`truncate ${at}${target.key[0] === 'row_id' ? ' restart identity' : ''}`)
    const news = names
      .map((n, i) => (n === SKIPPED || target.columns.some((c) => c.name === n) ? null : `add column ${q(n)} ${copySql[i]}`))
      .filter((x) => x !== null)
    if (news.length > 0) before.push(`alter table ${at} ${news.join(', ')}`)
    if (trial) into = relation(schema, `__upload_${uploadId}`)
  }
  if (into !== at) {
    const defs = names.flatMap((n, i) => {
      const there = trial ? target.columns.find((c) => c.name === n) : undefined
      return n === SKIPPED ? [] : [`${q(n)} ${there?.type === T.ANY ? 'text' : copySql[i]}`] // as text until PostgreSQL judges it
    })
    if (trial) defs.push(`${LINE} bigint`, `${RECORD} bigint`)
    before.push(`create table ${into} (__n bigserial, ${defs.join(', ')})`)
  }
  return { mode, schema, table, into, trial, names, key, addKey: !target.exists, rowId, order, before, copySql }
}

/** The sequence of a new table's row_id, and whether it hands out ten thousand numbers at a time meanwhile. */
export interface Sequence {
  name: string
  cached: boolean
}

/** Carries out `before`, under the load's DateStyle. `big`: the file is longer than the sample. */
export async function createTable(client: PoolClient, plan: Plan, { big }: { big: boolean }): Promise<Sequence | null> {
  await client.query(`set local datestyle = 'ISO, ${plan.order.toUpperCase()}'`)
  for (const sql of plan.before) await client.query(sql)
  if (plan.rowId === 'none') return null
  const { rows } = await client.query<{ name: string }>('select pg_get_serial_sequence($1, $2) as name', [
    relation(plan.schema, plan.table),
    'row_id',
  ])
  const name = rows[0]!.name
  // a sequence costs as much per row as parsing it
  const cached = plan.rowId === 'added' && big
  if (cached) await client.query(`alter sequence ${name} cache 10000`)
  return { name, cached }
}

function missingKey(k: string, names: readonly string[]): never {
  throw new AppError('TMCOL', `The file has no column "${k.slice(0, 100)}" for the key`, {
    detail: `It has ${names.join(', ').slice(0, 500)}.`,
  })
}

/** A given date column whose order of day and month nothing proves. */
function checkOrder(columns: Columns, i: number, name: string, evidence: DateOrder | null, order: DateOrder): void {
  const f = finalType(columns, i, evidence)
  if (f.open)
    throw new AppError('TMTYP', `Days and months of "${name}" cannot be told apart`, {
      hint: 'Send date_order=dmy or date_order=mdy.',
      more: { column: name },
    })
  if (!copyable(f.type, f.spell, order))
    throw new AppError('TMTYP', `The dates of "${name}" are written in another order than those of another column`, {
      hint: 'Load it as text, or send the dates as YYYY-MM-DD.',
      more: { column: name },
    })
}
