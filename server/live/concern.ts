/**
 * What a pending entry needs: to run, to be tested, or nothing. Used by engine.ts for each entry of a flush.
 */
import { type Entry, keyText, type LiveQuery } from './entry.ts'
import type { KeyColumn } from './window-test.ts'

type Concern = { verdict: 'run' | 'rest' } | { verdict: 'ask'; changed: string[][] }

/** Takes what is pending from the entry, and judges it. */
export function takeConcern(entry: Entry, query: LiveQuery & { key: KeyColumn[] | null }): Concern {
  const { whole, onlyUpdates, window } = entry
  const changed = [...entry.keys.values()]
  entry.keys = new Map()
  entry.whole = false
  entry.onlyUpdates = true
  if (whole || !window || !query.key || query.isBackwards || changed.some((key) => entry.has(keyText(key)))) return { verdict: 'run' }
  // An update in the key's own order without a filter moves no row and counts none: it concerns the rows of the page only.
  if (onlyUpdates && !window.clauses.where && ordersByKey(window.clauses.orderBy, query.key)) return { verdict: 'rest' }
  // What was before the window, or was counted, cannot be seen in the rows as they are now.
  if (window.clauses.offset > 0 || query.isCounting) return { verdict: 'run' }
  return { verdict: 'ask', changed }
}

/** Whether the order is the primary key's alone, so that an update that keeps the key moves no row. */
function ordersByKey(orderBy: string, key: KeyColumn[]): boolean {
  const columns = [...orderBy.matchAll(/"((?:[^"]|"")+)"\s+(?:asc|desc)/gi)].map(([, name]) => name)
  return (
    columns.length === orderBy.split(',').length && columns.every((name) => key.some(({ column }) => column.replace(/"/g, '""') === name))
  )
}
