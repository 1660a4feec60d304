/**
 * One statement of somebody who only reads, in a single wait: the settings of its transaction (role, claims, timeout) and the
 * statement itself leave in one message, up to one Sync, and so are one implicit transaction: what set_config made local is gone
 * at its end. The begin, set_config, query, commit of db.asCaller are four messages and four answers.
 *
 * Called by graphql/narrow.ts (queries, live queries) and live/rounds.ts (window tests); rest/run.ts does the same for several
 * statements whose rows stay text. Statements have no names: after ALTER COLUMN TYPE a named one fails for ever on its connection.
 */
import pg, { type Pool, type PoolClient, type QueryResult } from 'pg'

const { escapeLiteral } = pg

export interface ReadStatement {
  text: string
  values?: unknown[] | undefined
  rowMode?: 'array' | undefined
}

/** Settings as one statement; the values are the server's own, and escaped all the same. */
export const settingsStatement = (settings: Record<string, string>): string =>
  `select ${Object.entries(settings)
    .map(([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`)
    .join(', ')}`

/** node-postgres' query, with another one in front of it whose rows nobody reads. */
class ReadQuery extends (pg.Query as any) {
  private readonly settings: string
  private settled = false

  constructor(settings: string, statement: ReadStatement, callback: (error: Error | null, result: QueryResult) => void) {
    super({ ...statement, queryMode: 'extended' }, undefined, callback)
    this.settings = settings
  }
  prepare(connection: any): void {
    connection.parse({ text: this.settings, name: '', types: undefined })
    connection.bind({ portal: '', statement: '', values: [], binary: false })
    connection.execute({ portal: '', rows: 0 })
    super.prepare(connection)
  }
  handleDataRow(message: unknown): void {
    if (this.settled) super.handleDataRow(message)
  }
  handleCommandComplete(message: unknown, connection: unknown): void {
    if (this.settled) super.handleCommandComplete(message, connection)
    this.settled = true
  }
}

export function readOn(client: PoolClient, settings: string, statement: ReadStatement): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(new ReadQuery(settings, statement, (error, result) => (error ? reject(error) : resolve(result))) as any)
  })
}

export async function readOnce(pool: Pool, settings: Record<string, string>, statement: ReadStatement): Promise<QueryResult> {
  const client = await pool.connect()
  try {
    return await readOn(client, settingsStatement(settings), statement)
  } finally {
    client.release()
  }
}
