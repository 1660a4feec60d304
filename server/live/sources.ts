/**
 * What a relation is made of, for live queries: the tables under a view, and whether time alone changes it.
 * Used by engine.ts; asks app_private.live_sources once per relation until the schema changes.
 */
import type { Pool } from 'pg'

export interface Source {
  /** `schema.name` of the tables and materialized views that it reads, itself included if it holds rows. */
  tables: string[]
  /** Its content changes without a write (now(), random(), a function that we cannot look into): it is run again every few seconds. */
  timed: boolean
  /** It may differ from person to person (row-level security, current_setting): executions are shared within a person only. */
  personal: boolean
}

export type Sources = ReturnType<typeof makeSources>

export function makeSources(owner: Pool) {
  const known = new Map<string, Promise<Source>>()
  return {
    of(relation: string): Promise<Source> {
      let source = known.get(relation)
      if (!source) {
        source = ask(relation)
        known.set(relation, source)
        source.catch(() => known.delete(relation))
      }
      return source
    },
    forget(workspace: string) {
      for (const relation of known.keys()) if (relation.startsWith(`ws_${workspace}.`)) known.delete(relation)
    },
  }

  async function ask(relation: string): Promise<Source> {
    const dot = relation.indexOf('.')
    const { rows } = await owner.query('select tables, timed, personal from app_private.live_sources($1, $2)', [
      relation.slice(0, dot),
      relation.slice(dot + 1),
    ])
    return rows[0] ?? { tables: [], timed: true, personal: true }
  }
}
