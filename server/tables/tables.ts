/**
 * Changes to people's tables: rename, retype and drop columns, rename and drop tables, with the views that depend on them. Called
 * by the GraphQL mutations (graphql/tables.ts).
 *
 * Everything of one change happens in one transaction on a connection that logged in as the workspace. PostgreSQL lets a name
 * change and refuses the rest while views read the column; so does this (TMDEP), naming them, unless the caller says RECREATE: then
 * they are dropped, the table is changed, and they are made again from their definition with key, schedule, grants, comment and
 * indexes. A matview keeps its id, and with it history and webhooks. One that can no longer be made stops everything, unless
 * it is named in `leaveOut`.
 */
import pg from 'pg'
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'

export interface Dependent {
  name: string
  kind: 'view' | 'matview' | 'foreign key'
  outcome: 'KEPT' | 'RECREATED' | 'LEFT_OUT'
}
export interface TableChange {
  table: string
  dependents: Dependent[]
}

interface Found {
  name: string
  kind: Dependent['kind']
  definition: string
  grants: string[]
  comment: string | null
  indexes: string[]
  constraint: string | null
}
interface Matview {
  name: string
  definition: string
  key: string[] | null
  notify_when: string
}
interface Choice {
  dependents?: 'REFUSE' | 'RECREATE' | null
  leaveOut?: string[] | null
}

/** What this room needs of server/matviews: a view of a checked definition. */
export type CreateChecked = (
  client: pg.Client,
  workspace: string,
  name: string,
  definition: string,
  kind?: 'matview' | 'view',
) => Promise<unknown>

const TYPE = /^[a-z_][a-z0-9_]*( (precision|varying|with(out)? time zone))?( ?\(\d{1,4}(, ?\d{1,4})?\))?( with(out)? time zone)?(\[\])?$/i
const quote = pg.escapeIdentifier

export function makeTables({ db, createChecked }: { db: Db; createChecked: CreateChecked }) {
  /** One change: `statements` on the table, around it what becomes of the dependents. */
  async function change(
    caller: Caller,
    table: string,
    column: string | null,
    choice: Choice | null,
    statements: string[],
    result = table,
  ): Promise<TableChange> {
    if (caller.memberRole === 'reader') throw new AppError('TMPER', 'Readers may not change tables')
    if (table.startsWith('_')) throw new AppError('TMNOF', `There is no table ${table}`)
    const schema = `ws_${caller.workspace}`
    const relation = (name: string) => `${quote(schema)}.${quote(name)}`
    const one = (client: pg.Client, text: string) => client.query({ text, queryMode: 'extended' } as pg.QueryConfig)

    return db.asWorkspace(caller.workspace, async (client) => {
      await one(client, 'begin')
      try {
        const {
          rows: [found],
        } = await client.query(`select to_regclass($1) is not null as there`, [relation(table)])
        if (!found.there) throw new AppError('TMNOF', `There is no table ${table}`)
        await one(client, `set local lock_timeout = '3s'`)
        const { rows: dependents } = await client.query<Found>('select * from app_hidden.dependents_of($1, $2)', [table, column])
        const outcome = new Map<string, Dependent['outcome']>(dependents.map(({ name }) => [name, 'KEPT']))

        if (choice === null) {
          for (const text of statements) await one(client, text) // a rename: PostgreSQL carries the views along
          for (const { name, kind, definition } of dependents)
            if (kind === 'matview' && !(await reads(client, definition)))
              await client.query('select app_hidden.keep_definition($1)', [name])
        } else {
          const leaveOut = new Set(choice.leaveOut ?? [])
          if (dependents.length > 0 && choice.dependents !== 'RECREATE' && dependents.some(({ name }) => !leaveOut.has(name)))
            throw refusal(table, column, dependents)
          await around(client, dependents, leaveOut, outcome)
        }
        await one(client, 'commit')
        return { table: result, dependents: dependents.map(({ name, kind }) => ({ name, kind, outcome: outcome.get(name)! })) }
      } catch (error) {
        await one(client, 'rollback').catch(() => {})
        throw told(error, table, column)
      }

      async function around(client: pg.Client, dependents: Found[], leaveOut: Set<string>, outcome: Map<string, Dependent['outcome']>) {
        const kept = new Map(
          (await client.query<Matview>('select name, definition, key, notify_when from app_public.matviews')).rows.map((matview) => [
            matview.name,
            matview,
          ]),
        )
        for (const [i, { name, kind, constraint }] of [...dependents.entries()].reverse()) {
          if (kind === 'foreign key') {
            if (!leaveOut.has(name)) {
              if (isDrop()) throw refusal(table, column, dependents)
              continue
            } // a new type PostgreSQL carries over by itself
            await one(
              client,
              `alter table ${relation(name.slice(0, name.length - constraint!.length - 1))} drop constraint ${quote(constraint!)}`,
            )
            outcome.set(name, 'LEFT_OUT')
          } else if (kind === 'matview') {
            const aside = `_replaced_${i}` // under another name its end is not taken for the end of the view
            await one(client, `alter materialized view ${relation(name)} rename to ${quote(aside)}`)
            await one(client, `drop materialized view ${relation(aside)}`)
          } else await one(client, `drop view ${relation(name)}`)
        }
        for (const text of statements) await one(client, text)
        const failed: { name: string; kind: string; why: string }[] = []
        for (const dependent of dependents) {
          if (dependent.kind === 'foreign key') continue
          await one(client, 'savepoint dependent')
          try {
            await remake(client, dependent, kept.get(dependent.name))
            await one(client, 'release savepoint dependent')
            outcome.set(dependent.name, 'RECREATED')
          } catch (error) {
            await one(client, 'rollback to savepoint dependent')
            if (leaveOut.has(dependent.name)) {
              if (kept.has(dependent.name)) await client.query('select app_public.drop_matview($1)', [dependent.name])
              outcome.set(dependent.name, 'LEFT_OUT')
            } else failed.push({ name: dependent.name, kind: dependent.kind, why: (error as Error).message })
          }
        }
        if (failed.length > 0)
          throw new AppError('TMDEP', `${failed.map(({ name }) => name).join(', ')} could not be made again`, {
            detail: failed.map(({ name, why }) => `${name}: ${why}`).join('\n'),
            hint: 'Change what they read first, or name them in `leaveOut` to lose them.',
            more: { dependents: failed },
          })
      }
      function isDrop() {
        return statements.some((text) => / drop /.test(text) || text.startsWith('drop '))
      }

      async function remake(client: pg.Client, { name, kind, definition, grants, comment, indexes }: Found, matview: Matview | undefined) {
        if (kind === 'matview' && matview) {
          await createChecked(client, caller.workspace, name, matview.definition)
          await client.query('select app_hidden.replace_matview($1, $2, $3, $4::app_public.notify_when)', [
            name,
            matview.definition,
            matview.key,
            matview.notify_when,
          ])
          const {
            rows: [run],
          } = await client.query(`select (app_hidden.refresh_matview($1, 'create')).*`, [name])
          if (run.status === 'failed') throw new Error(run.error)
        } else if (kind === 'matview') {
          await one(client, `create materialized view ${relation(name)} as\n${definition}`)
        } else await one(client, `create view ${relation(name)} as\n${definition}`)
        for (const text of [...indexes, ...grants]) await one(client, text)
        if (comment !== null)
          await one(
            client,
            `comment on ${kind === 'matview' ? 'materialized view' : 'view'} ${relation(name)} is ${pg.escapeLiteral(comment)}`,
          )
      }
    })
  }

  const relationOf = (caller: Caller, table: string) => `${quote(`ws_${caller.workspace}`)}.${quote(table)}`

  return {
    renameTable: (caller: Caller, { table, name }: { table: string; name: string }) =>
      change(caller, table, null, null, [`alter table ${relationOf(caller, table)} rename to ${quote(checkName(name))}`], checkName(name)),
    dropTable: (caller: Caller, { table, ...choice }: { table: string } & Choice) =>
      change(caller, table, null, choice, [`drop table ${relationOf(caller, table)}`]),
    renameColumn: (caller: Caller, { table, column, name }: { table: string; column: string; name: string }) =>
      change(caller, table, column, null, [
        `alter table ${relationOf(caller, table)} rename column ${quote(column)} to ${quote(checkName(name))}`,
      ]),
    async retypeColumn(caller: Caller, { table, column, type, ...choice }: { table: string; column: string; type: string } & Choice) {
      if (!TYPE.test(type))
        throw new AppError('TMARG', `"${type}" is not a type`, {
          hint: 'For example integer, numeric(12,2), text, date, timestamptz, boolean.',
        })
      const alter = `alter table ${relationOf(caller, table)} alter column ${quote(column)}`
      // by way of text: what one type writes the other reads, or says in which value it cannot
      return change(caller, table, column, choice, [`${alter} type ${type} using ${quote(column)}::text::${type}`])
    },
    dropColumn: (caller: Caller, { table, column, ...choice }: { table: string; column: string } & Choice) =>
      change(caller, table, column, choice, [`alter table ${relationOf(caller, table)} drop column ${quote(column)}`]),
  }
}

/** Whether a definition still says what it said. */
async function reads(client: pg.Client, definition: string): Promise<boolean> {
  await client.query('savepoint reads')
  try {
    await client.query({ text: `select from (\n${definition}\n) _ limit 0`, queryMode: 'extended' } as pg.QueryConfig)
    await client.query('release savepoint reads')
    return true
  } catch {
    await client.query('rollback to savepoint reads')
    return false
  }
}

const list = (dependents: Pick<Found, 'name' | 'kind'>[]) => dependents.map(({ name, kind }) => `${kind} ${name}`).join(', ')

const refusal = (table: string, column: string | null, dependents: Found[]) =>
  new AppError(
    'TMDEP',
    `${dependents.map(({ name }) => name).join(', ')} ${dependents.length === 1 ? 'depends' : 'depend'} on ${column === null ? table : `${table}.${column}`}`,
    {
      detail: list(dependents),
      more: { dependents: dependents.map(({ name, kind }) => ({ name, kind })) },
    },
  )

function told(error: unknown, table: string, column: string | null): unknown {
  const { code, message, detail } = (error ?? {}) as pg.DatabaseError
  if (error instanceof AppError || typeof code !== 'string') return error
  if (code === '42703') return new AppError('TMNOF', `${table} has no column ${column}`)
  if (code === '42809')
    return new AppError('TMARG', `${table} is not a table`, { hint: 'A materialized view is changed with alterMatview.' })
  if (code === '42P07' || code === '42701') return new AppError('TMEXI', 'The name is taken')
  if (code === '55P03') return new AppError('TMBSY', `${table} is in use`, { hint: 'Try again when what reads or writes it has ended.' })
  if (code === '2BP01') return new AppError('TMDEP', message, { ...(detail ? { detail } : {}) })
  if (/^(22|42704|42846|42804|23)/.test(code))
    return new AppError('TMARG', message, { hint: 'Every value has to fit the new type.', ...(detail ? { detail } : {}) })
  return error
}

/** @throws AppError TMNAM */
function checkName(name: string): string {
  const clean = name.normalize('NFC').trim()
  if (clean === '' || clean.startsWith('_') || Buffer.byteLength(clean) > 63 || /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(clean))
    throw new AppError('TMNAM')
  return clean
}
