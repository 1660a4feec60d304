/**
 * One operation in the name of one caller. Used by route.ts (through grafserv), socket.ts and live-operations.ts.
 *
 * The context is made anew for every execution: grafast keeps its result cache in it.
 */
import type { Pool } from 'pg'
import { type Caller, pgSettings } from '../auth/caller.ts'
import { PAGE_CAP } from './page-cap.ts'
import { makeWithPgClient } from './narrow.ts'

export interface OperationContext {
  caller: Caller
  pgSettings: Record<string, string>
  withPgClient: ReturnType<typeof makeWithPgClient>
  pageCap: number
}

/** A statement as it went to PostgreSQL. */
export interface Statement {
  text: string
  values: unknown[]
}

export function makeContexts(pool: Pool) {
  const withPgClient = makeWithPgClient(pool)
  const readOnly = makeWithPgClient(pool, [], true)
  return {
    /**
     * @param reads the operation is a query: nobody waits for its commit
     * @param record of a live query, which only reads: gets every statement of the execution, in order
     */
    contextFor(
      caller: Caller,
      { pageCap = PAGE_CAP, reads = false, record }: { pageCap?: number; reads?: boolean; record?: (statement: Statement) => void } = {},
    ): OperationContext {
      return {
        caller,
        pgSettings: pgSettings(caller),
        pageCap,
        withPgClient: record ? recording(readOnly, record) : reads ? readOnly : withPgClient,
      }
    },
  }
}

export type Contexts = ReturnType<typeof makeContexts>

function recording(withPgClient: ReturnType<typeof makeWithPgClient>, record: (statement: Statement) => void) {
  const wrapped = (settings: Record<string, string> | null, work: (client: any) => Promise<any>) =>
    withPgClient(settings, (client) =>
      work({
        ...client,
        query: (q: any) => {
          record({ text: q.text, values: q.values ?? [] })
          return client.query(q)
        },
      }),
    )
  return Object.assign(wrapped, { release() {} }) as typeof withPgClient
}
