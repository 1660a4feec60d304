/**
 * The four things about materialized views that run people's SQL: create, preview, alter, refresh. Called by the GraphQL
 * mutations of the same names; everything else about views (schedule, pause, drop, export) is SQL alone.
 *
 * Each opens a connection that logs in as the workspace's own role, so that its limits hold and nothing but its own can be
 * reached. What they write, they write in one transaction: a view that cannot be refreshed does not come to be.
 */
import pg from 'pg'
import type { Caller } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import { AppError, type ErrorCode, ERRORS } from '../errors.ts'
import { createChecked, oneStatement, type Preview, previewDefinition } from './define.ts'

export type NotifyWhen = 'not_empty' | 'changed' | 'always'

export interface CreateInput {
  name: string
  definition: string
  key?: string[] | null
  schedule?: string | null
  notifyWhen?: NotifyWhen | null
}

export interface AlterInput {
  name: string
  newName?: string | null
  definition?: string | null
  /** null leaves the key; [] takes it away. */
  key?: string[] | null
  notifyWhen?: NotifyWhen | null
}

/** A row of app_public.matviews: the columns that this room reads. */
export interface Matview {
  id: string
  name: string
  definition: string
  key: string[] | null
  notify_when: NotifyWhen
  workspace: string
}

export interface Run {
  id: string
  matview_id: string
  status: 'announced' | 'quiet' | 'failed'
  event_id: string | null
  error_code: string | null
  error: string | null
}

export interface Matviews {
  create(caller: Caller, input: CreateInput): Promise<Matview>
  preview(caller: Caller, input: { definition: string; first?: number | null }): Promise<Preview>
  alter(caller: Caller, input: AlterInput): Promise<Matview>
  refresh(caller: Caller, input: { name: string }): Promise<Run>
}

/** @param allowed whether this server may run people's SQL at all; throws TMVER where it may not. */
export function makeMatviews({ db, allowed }: { db: Db; allowed: () => void }): Matviews {
  const asEditor = async <T>(caller: Caller, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    if (caller.memberRole === 'reader') throw new AppError('TMPER', 'Readers may not define views')
    return db.asWorkspace(caller.workspace, async (client) => {
      // Whose doing it is, for the audit log alone. SET and not set_config, which workspaces may not call.
      await client.query(
        `set app.account_id = ${pg.escapeLiteral(caller.accountId ?? '')}; set app.token_id = ${pg.escapeLiteral(caller.tokenId ?? '')}`,
      )
      return work(client)
    })
  }

  return {
    preview(caller, { definition, first }) {
      allowed()
      return asEditor(caller, (client) => previewDefinition(client, caller.workspace, definition, first ?? undefined))
    },

    create(caller, input) {
      allowed()
      const name = checkName(input.name)
      return asEditor(caller, (client) =>
        transaction(client, async () => {
          await createChecked(client, caller.workspace, name, input.definition)
          const matview = await one<Matview>(client, 'select * from app_hidden.register_matview($1, $2, $3, $4, $5)', [
            name,
            input.definition,
            input.key?.length ? input.key : null,
            input.schedule ?? null,
            input.notifyWhen ?? 'not_empty',
          ])
          await firstRefresh(client, name)
          return matview
        }),
      )
    },

    alter(caller, input) {
      allowed()
      const newName = input.newName == null || input.newName === input.name ? null : checkName(input.newName)
      return asEditor(caller, (client) =>
        transaction(client, async () => {
          const before = await one<Matview | undefined>(client, 'select * from app_public.matviews where name = $1', [input.name])
          if (!before) throw new AppError('TMNOF', `There is no materialized view ${input.name}`)
          let matview = before
          const key = input.key === undefined || input.key === null ? before.key : input.key
          const definition = input.definition ?? before.definition
          const notifyWhen = input.notifyWhen ?? before.notify_when
          if (definition !== before.definition || String(key) !== String(before.key)) {
            await replace(client, caller.workspace, input.name, definition)
            matview = await one(client, 'select * from app_hidden.replace_matview($1, $2, $3, $4)', [
              input.name,
              definition,
              key,
              notifyWhen,
            ])
            await firstRefresh(client, input.name)
          } else if (notifyWhen !== before.notify_when) {
            matview = await one(client, 'select * from app_hidden.set_notify_when($1, $2)', [input.name, notifyWhen])
          }
          if (newName) matview = await one(client, 'select * from app_hidden.rename_matview($1, $2)', [input.name, newName])
          return matview
        }),
      )
    },

    refresh(caller, { name }) {
      allowed()
      return asEditor(caller, (client) => one<Run>(client, 'select * from app_hidden.refresh_matview($1)', [name]))
    },
  }
}

/** The old view steps aside under another name, so that its end is not taken for the end of the view. */
async function replace(client: pg.Client, workspace: string, name: string, definition: string): Promise<void> {
  const aside = '_replaced'
  const relation = (one: string) => `${pg.escapeIdentifier(`ws_${workspace}`)}.${pg.escapeIdentifier(one)}`
  await oneStatement(client, `alter materialized view ${relation(name)} rename to ${pg.escapeIdentifier(aside)}`)
  await oneStatement(client, `drop materialized view ${relation(aside)}`).catch((error) => {
    if (error.code !== '2BP01') throw error
    const detail = String(error.detail ?? '')
      .replaceAll(aside, name)
      .replaceAll(`ws_${workspace}.`, '')
    throw new AppError('TMDEP', `Other views read ${name}`, { detail, hint: 'Drop those first, or keep its columns by altering them too.' })
  })
  await createChecked(client, workspace, name, definition)
}

/** A view whose first refresh fails does not come to be: its error is the answer. */
async function firstRefresh(client: pg.Client, name: string): Promise<void> {
  const run = await one<Run>(client, `select * from app_hidden.refresh_matview($1, 'create')`, [name])
  if (run.status !== 'failed') return
  const { error_code: code, error: message } = run
  if (code === '23505')
    throw new AppError('TMKEY', 'The key is not unique: some rows have the same', {
      hint: 'Choose columns that are together unique, or none.',
    })
  if (code === '57014') throw new AppError('TMTIM', 'The view took longer to compute than the workspace allows')
  throw new AppError(code && code in ERRORS ? (code as ErrorCode) : 'TMSQL', message ?? undefined, { more: { sqlstate: code } })
}

/** @returns the name as PostgreSQL will keep it. @throws AppError TMNAM */
function checkName(name: string): string {
  const clean = name.normalize('NFC').trim()
  if (clean === '' || Buffer.byteLength(clean) > 63 || /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(clean))
    throw new AppError('TMNAM', 'The name of a view has 1 to 63 bytes and no invisible characters')
  if (clean.startsWith('_')) throw new AppError('TMNAM', 'Names that begin with _ are ours', { hint: 'Leave the _ out.' })
  return clean
}

async function one<Row>(client: pg.Client, text: string, values: unknown[]): Promise<Row> {
  return (await client.query(text, values)).rows[0]
}

async function transaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await oneStatement(client, 'begin')
  try {
    const result = await work()
    await oneStatement(client, 'commit')
    return result
  } catch (error) {
    await oneStatement(client, 'rollback').catch(() => {})
    throw error
  }
}
