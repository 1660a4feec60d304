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
import pg, { type Pool, type PoolClient } from 'pg'

const { escapeLiteral } = pg
const NEEDLE = "where nspname <> 'information_schema'\n"
const literal = (text: string) => `'${text.replace(/'/g, "''")}'`

type Settings = Record<string, string> | null
type Query = { text: string; values?: unknown[]; arrayMode?: boolean }

/**
 * PostGraphile's withPgClient over our pool: one transaction per call when there are settings.
 * @param readOnly nothing is written, so nobody waits for the end of the transaction: one round trip of three less
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
    let isLeft = false
    try {
      if (!settings) return await work(wrap(client, 0))
      // One message for both; the values are the server's own, and escaped all the same
      await client.query(
        `begin; select ${Object.entries(settings)
          .map(([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`)
          .join(', ')}`,
      )
      const result = await work(wrap(client, 1))
      if (readOnly) {
        isLeft = true
        client.query('commit').then(
          () => client.release(),
          (error: Error) => client.release(error),
        )
        return result
      }
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((e: Error) => (broken = e))
      throw error
    } finally {
      if (!isLeft) client.release(broken)
    }
  }
  return Object.assign(withPgClient, { release() {} })
}

/** A pgService whose introspection reads only its own schemas. */
export function narrow<T extends { adaptor: any; schemas?: string[] }>(service: T, pool: Pool): T {
  return { ...service, adaptor: { ...service.adaptor, createWithPgClient: () => makeWithPgClient(pool, service.schemas) } }
}
