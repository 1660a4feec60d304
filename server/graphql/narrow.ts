/**
 * Introspection cut down to the schemas of one workspace, and the connections of the API's pool as PostGraphile
 * wants them. Used by preset.ts.
 *
 * PostGraphile's introspection query reads every namespace of the database, whatever `schemas` says: with 200
 * workspaces 1.4 s and 77 MB a build against 0.2 s and 4 MB narrowed; and a bad smart comment in any of them would
 * stop every build. Throws when the query's text changes (graphile-build-pg is pinned).
 *
 * Statements are never prepared by name: after ALTER COLUMN TYPE a named statement fails for ever on that connection
 * ("cached plan must not change result type").
 */
import type { Pool, PoolClient } from 'pg'
import { readOn, settingsStatement } from '../read-query.ts'

const NEEDLE = "where nspname <> 'information_schema'\n"
const literal = (text: string) => `'${text.replace(/'/g, "''")}'`

type Settings = Record<string, string> | null
type Query = { text: string; values?: unknown[]; arrayMode?: boolean }

/**
 * PostGraphile's withPgClient over our pool: one transaction per call when there are settings.
 * @param readOnly nothing is written: each statement goes with its settings in one message, a transaction of its own (as in READ
 *   COMMITTED anyway: each sees what was committed before it)
 */
export function makeWithPgClient(pool: Pool, schemas: string[] = [], readOnly = false) {
  const names = schemas.map(literal).join(', ')
  function wrap(client: PoolClient, level: number) {
    return {
      rawClient: client,
      async query({ text, values, arrayMode }: Query) {
        if (text.includes('auth_members as (')) {
          if (!text.includes(NEEDLE)) throw new Error('pg-introspection has changed: it cannot be narrowed')
          text = text.replace(NEEDLE, `where nspname in (${names}, 'pg_catalog')\n`)
        }
        const { rows, rowCount } = await client.query(
          arrayMode ? { text, values: values ?? [], rowMode: 'array' } : ({ text, values } as any),
        )
        return { rows, rowCount, notices: [] }
      },
      async withTransaction<T>(work: (inner: any) => Promise<T>): Promise<T> {
        await client.query(level === 0 ? 'begin' : `savepoint s${level}`)
        try {
          const result = await work(wrap(client, level + 1))
          await client.query(level === 0 ? 'commit' : `release savepoint s${level}`)
          return result
        } catch (error) {
          await client.query(level === 0 ? 'rollback' : `rollback to savepoint s${level}`)
          throw error
        }
      },
    }
  }
  async function withPgClient<T>(settings: Settings, work: (client: any) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      if (!settings) return await work(wrap(client, 0))
      const set = settingsStatement(settings)
      const transaction = async <R>(inWhich: (client: any) => Promise<R>): Promise<R> => {
        try {
          await client.query(`begin; ${set}`)
          const result = await inWhich(wrap(client, 1))
          await client.query('commit')
          return result
        } catch (error) {
          await client.query('rollback').catch((e: Error) => (broken = e))
          throw error
        }
      }
      if (!readOnly) return await transaction(work)
      return await work({
        rawClient: client,
        async query({ text, values, arrayMode }: Query) {
          const { rows, rowCount } = await readOn(client, set, { text, values, rowMode: arrayMode ? 'array' : undefined })
          return { rows, rowCount, notices: [] }
        },
        withTransaction: transaction,
      })
    } finally {
      client.release(broken)
    }
  }
  return Object.assign(withPgClient, { release() {} })
}

/** A pgService whose introspection reads only its own schemas. */
export function narrow<T extends { adaptor: any; schemas?: string[] }>(service: T, pool: Pool): T {
  return { ...service, adaptor: { ...service.adaptor, createWithPgClient: () => makeWithPgClient(pool, service.schemas) } }
}
