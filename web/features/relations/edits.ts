// What it is for: changes of cells and rows by hand: shown at once, sent as compare-and-set per cell, undone by the inverse.
// Called by the grid and the record page; writes through editCells, insertRows and deleteRows (app_public), marks cells in
// the RowStore meanwhile. Undo is 50 deep and lives until the page is left.
import { graphql, ApiError } from '../../shared/api/request.ts'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { isBoolean } from '../../shared/format/kinds.ts'
import { rawText, type Value } from '../../shared/format/text.ts'
import { keyOf, type Row, type RowStore } from './row-store.ts'

export interface CellEdit {
  /** The row's key in the store. */
  rowKey: string
  key: Record<string, string>
  column: Column
  old: string | null
  new: string | null
}
interface Problem {
  index: number
  kind: 'conflict' | 'gone' | 'refused'
  current?: string | null
  message?: string
}
type Step =
  | { kind: 'cells'; edits: CellEdit[] }
  | { kind: 'deleted'; rows: Record<string, string | null>[] }
  | { kind: 'inserted'; keys: Record<string, string>[] }

export interface Edits {
  cells(edits: CellEdit[], remember?: boolean): Promise<void>
  remove(keys: Record<string, string>[]): Promise<number>
  insert(rows: Record<string, string | null>[]): Promise<number>
  undo(): Promise<string | null>
  redo(): Promise<string | null>
  /** The person keeps their value over what came meanwhile, or takes the other one's. */
  settle(rowKey: string, column: Column, keep: boolean): Promise<void>
}

/** The row's key as the API wants it; null when the relation has none. */
export function apiKey(relation: Relation, row: Row): Record<string, string> | null {
  if (!relation.key) return null
  const pairs = relation.key.map((name) => [
    name,
    rawText(row[relation.columns.find((column) => column.name === name)?.field ?? ''] as Value),
  ])
  return Object.fromEntries(pairs) as Record<string, string>
}

export function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : rawText(value as Value)
}

export function makeEdits(
  workspace: string,
  relation: Relation,
  store: RowStore | null,
  tell: (message: string, error?: boolean) => void,
): Edits {
  const past: Step[] = []
  const future: Step[] = []
  /** What is on its way: undo waits for it, or it would take back the step before. */
  const underWay = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work)
    void work.catch(() => {}).finally(() => underWay.delete(work))
    return work
  }
  const remember = (step: Step) => {
    past.push(step)
    if (past.length > 50) past.shift()
    future.length = 0
  }

  async function send(edits: CellEdit[]): Promise<{ applied: CellEdit[]; problems: (Problem & { edit: CellEdit })[] }> {
    const answer = await graphql<{ editCells: { result: { applied: number; problems: Problem[] } } }>(
      workspace,
      'mutation EditCells($relation: String!, $edits: JSON!) { editCells(input: { relation: $relation, edits: $edits }) { result } }',
      {
        relation: relation.name,
        edits: edits.map(({ key, column, old, new: wanted }) => ({ key, column: column.name, old, new: wanted })),
      },
    )
    const { problems } = answer.editCells.result
    const failed = new Set(problems.map(({ index }) => index))
    return {
      applied: edits.filter((_, index) => !failed.has(index)),
      problems: problems.map((problem) => ({ ...problem, edit: edits[problem.index]! })),
    }
  }

  async function cells(edits: CellEdit[], keep = true): Promise<void> {
    const changed = edits.filter((edit) => edit.old !== edit.new)
    if (!changed.length) return
    for (const edit of changed) store?.setMark(edit.rowKey, edit.column.field!, { state: 'saving', value: edit.new })
    try {
      const { applied, problems } = await send(changed)
      for (const edit of applied) {
        store?.setLocal(edit.rowKey, edit.column.field!, asValue(edit.column, edit.new))
        store?.setMark(edit.rowKey, edit.column.field!, null)
      }
      for (const { edit, kind, current, message } of problems) {
        const field = edit.column.field!
        if (kind === 'conflict')
          store?.setMark(edit.rowKey, field, { state: 'conflict', value: edit.new, theirs: current ?? null, at: new Date() })
        else if (kind === 'refused') {
          store?.setMark(edit.rowKey, field, { state: 'refused', value: edit.new, message: message ?? 'PostgreSQL refuses this value' })
        } else {
          store?.setMark(edit.rowKey, field, null)
          tell('The row is gone: somebody deleted it.', true)
        }
      }
      const refused = problems.filter(({ kind }) => kind === 'refused')
      // One refused cell says so itself, where it stands; a record page has no such place.
      if (refused.length > 1) tell(`${refused.length} values do not fit their columns; they are marked.`, true)
      else if (refused.length && !store) tell(`${refused[0]!.edit.column.name}: ${refused[0]!.message}`, true)
      if (keep && applied.length) remember({ kind: 'cells', edits: applied })
    } catch (error) {
      for (const edit of changed) store?.setMark(edit.rowKey, edit.column.field!, null)
      const { message, hint } = error instanceof ApiError ? error : { message: 'The change was not stored', hint: 'Try again.' }
      tell(`${message}. ${hint ?? ''}`, true)
    }
  }

  async function remove(keys: Record<string, string>[], keep = true): Promise<number> {
    const answer = await graphql<{ deleteRows: { result: { deleted: number; rows: Record<string, string | null>[] } } }>(
      workspace,
      'mutation DeleteRows($relation: String!, $keys: JSON!) { deleteRows(input: { relation: $relation, keys: $keys }) { result } }',
      { relation: relation.name, keys },
    )
    const { deleted, rows } = answer.deleteRows.result
    if (keep && rows.length) remember({ kind: 'deleted', rows })
    return deleted
  }

  async function insert(rows: Record<string, string | null>[], keep = true): Promise<number> {
    const answer = await graphql<{ insertRows: { result: { inserted: number; keys: (Record<string, string> | null)[] } } }>(
      workspace,
      'mutation InsertRows($relation: String!, $rows: JSON!) { insertRows(input: { relation: $relation, rows: $rows }) { result } }',
      { relation: relation.name, rows },
    )
    const { inserted, keys } = answer.insertRows.result
    const known = keys.filter((key) => key !== null)
    if (keep && known.length) remember({ kind: 'inserted', keys: known })
    return inserted
  }

  /** Does the inverse of a step; answers what was done and the step that would undo that. */
  async function invert(step: Step): Promise<{ said: string; inverse: Step }> {
    if (step.kind === 'cells') {
      const inverse = step.edits.map((edit) => ({ ...edit, old: edit.new, new: edit.old }))
      await cells(inverse, false)
      return {
        said: step.edits.length === 1 ? `${step.edits[0]!.column.name} is as it was` : `${step.edits.length} cells are as they were`,
        inverse: { kind: 'cells', edits: inverse },
      }
    }
    if (step.kind === 'deleted') {
      await insert(step.rows, false)
      const keys = step.rows.map((row) => Object.fromEntries((relation.key ?? []).map((name) => [name, row[name] ?? ''])))
      return { said: `${step.rows.length} rows are back`, inverse: { kind: 'inserted', keys } }
    }
    const rows = step.keys
    const answer = await graphql<{ deleteRows: { result: { rows: Record<string, string | null>[] } } }>(
      workspace,
      'mutation DeleteRows($relation: String!, $keys: JSON!) { deleteRows(input: { relation: $relation, keys: $keys }) { result } }',
      { relation: relation.name, keys: rows },
    )
    return { said: `${rows.length} new rows are gone again`, inverse: { kind: 'deleted', rows: answer.deleteRows.result.rows } }
  }

  async function travel(from: Step[], to: Step[]): Promise<string | null> {
    await Promise.allSettled([...underWay])
    const step = from.pop()
    if (!step) return null
    const { said, inverse } = await invert(step)
    to.push(inverse)
    return said
  }

  return {
    cells: (edits, keep) => track(cells(edits, keep)),
    remove: (keys) => track(remove(keys)),
    insert: (rows) => track(insert(rows)),
    undo: () => travel(past, future),
    redo: () => travel(future, past),
    async settle(rowKey, column, keepMine) {
      const index = store?.indexOf(rowKey)
      const row = index === undefined ? undefined : store?.get(index)
      const mark = row && store?.mark(row, column.field!)
      store?.setMark(rowKey, column.field!, null)
      if (!row || mark?.state !== 'conflict') return
      if (!keepMine) return store?.setLocal(rowKey, column.field!, asValue(column, mark.theirs))
      await cells([{ rowKey: keyOf(row), key: apiKey(relation, row)!, column, old: mark.theirs, new: textOf(mark.value) }])
    },
  }
}

/** Text as GraphQL would have sent it, until it does. */
function asValue(column: Column, text: string | null): unknown {
  if (text === null) return null
  if (isBoolean(column.base)) return /^(t|true|y|yes|on|1)$/i.test(text)
  if (['smallint', 'integer', 'real', 'double precision'].includes(column.base)) return Number(text)
  return text
}
