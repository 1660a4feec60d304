/**
 * Several statements in one wait: sent together, answered together, one transaction. Called by read.ts and rpc.ts for what
 * only reads.
 *
 * Before the first Sync of the extended protocol everything is one implicit transaction: the caller's role and settings
 * (transaction-local, as in db.asCaller) hold for what follows and are gone at its end, and what fails takes all of it back.
 * The begin, set_config, query, commit of asCaller would be four waits.
 *
 * Statements have no names: after ALTER COLUMN TYPE a named one fails for ever on its connection (0A000).
 */
import type { Pool, PoolClient, Submittable } from 'pg'
import { type Caller, pgSettings } from '../auth/caller.ts'

export interface Statement {
  text: string
  values: string[]
}

/** Rows as PostgreSQL wrote them: text. */
export type Rows = (string | null)[][]

/** @returns the rows of each statement */
export async function readAsCaller(
  pool: Pool,
  caller: Caller,
  statements: Statement[],
  settings: Record<string, string> = {},
): Promise<Rows[]> {
  const all = Object.entries({ ...pgSettings(caller), transaction_read_only: 'on', ...settings })
  const set = { text: `select ${all.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, true)`).join(', ')}`, values: all.flat() }
  const client = await pool.connect()
  try {
    const [, ...results] = await send(client, [set, ...statements])
    return results
  } finally {
    client.release()
  }
}

function send(client: PoolClient, statements: Statement[]): Promise<Rows[]> {
  return new Promise((resolve, reject) => {
    client.query(new Batch(statements, (error, results) => (error ? reject(error) : resolve(results))) as unknown as Submittable)
  })
}

/** node-postgres calls these as the answers come; see its Query, which does the same for one statement. */
class Batch {
  private readonly statements: Statement[]
  private readonly results: Rows[] = []
  private rows: Rows = []
  private failed = false
  private done: (error: Error | null, results: Rows[]) => void

  constructor(statements: Statement[], done: (error: Error | null, results: Rows[]) => void) {
    this.statements = statements
    this.done = done
  }

  submit(connection: any): null {
    connection.stream.cork()
    for (const { text, values } of this.statements) {
      connection.parse({ text, name: '', types: undefined })
      connection.bind({ portal: '', statement: '', values, binary: false })
      connection.execute({ portal: '', rows: 0 })
    }
    connection.sync()
    connection.stream.uncork()
    return null
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.rows.push(message.fields)
  }
  handleCommandComplete(): void {
    this.results.push(this.rows)
    this.rows = []
  }
  handleError(error: Error): void {
    this.failed = true
    this.done(error, [])
  }
  handleReadyForQuery(): void {
    if (!this.failed) this.done(null, this.results)
  }
  handleRowDescription(): void {}
  handleEmptyQuery(): void {}
}
