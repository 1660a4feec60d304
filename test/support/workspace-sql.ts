/**
 * A connection that logged in as the workspace main, as the server's refreshes do, and what database tests do with it.
 * Called by test/db/**.
 */
import pg from 'pg'
import type { TestDatabase } from './database.ts'

export interface WorkspaceSql {
  /** A statement as ws_main. */
  sql<Row extends pg.QueryResultRow = any>(text: string, values?: unknown[]): Promise<Row[]>
  /** Makes, registers and refreshes a view, as createMatview does. Returns its id. */
  view(name: string, definition: string, options?: { key?: string[]; schedule?: string; notifyWhen?: string }): Promise<string>
  refresh(name: string): Promise<any>
  close(): Promise<void>
}

export async function asMain(db: TestDatabase): Promise<WorkspaceSql> {
  const client = new pg.Client({ connectionString: db.urlFor('ws_main') })
  client.on('error', () => {})
  await client.connect()
  const sql = async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows
  return {
    sql,
    async view(name, definition, { key, schedule, notifyWhen = 'changed' } = {}) {
      await sql('begin')
      try {
        await sql(`create materialized view ws_main.${pg.escapeIdentifier(name)} as ${definition} with no data`)
        const [view] = await sql('select * from app_hidden.register_matview($1, $2, $3, $4, $5)', [
          name,
          definition,
          key ?? null,
          schedule ?? null,
          notifyWhen,
        ])
        await sql(`select * from app_hidden.refresh_matview($1, 'create')`, [name])
        await sql('commit')
        return view.id
      } catch (error) {
        await sql('rollback')
        throw error
      }
    },
    refresh: async (name) => (await sql('select * from app_hidden.refresh_matview($1)', [name]))[0],
    close: () => client.end(),
  }
}
