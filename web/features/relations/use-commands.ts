// What the grid's keys and menus do to data: write, clear, copy, paste, undo, open, follow a link; and why a cell is read-only.
import { notifications } from '@mantine/notifications'
import { useMemo, useRef } from 'react'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { useWorkspace, type MemberRole } from '../../shared/api/session.ts'
import { rawText, type Value } from '../../shared/format/text.ts'
import { recordTo, relationTo } from '../../shared/ui/app-link.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { ApiError } from '../../shared/api/request.ts'
import { apiKey, makeEdits, textOf, type CellEdit, type Edits } from './edits.ts'
import type { GridCommands } from './grid-types.ts'
import { parseBlock, quoteTab } from './clipboard.ts'
import { isPlain } from './query.ts'
import { keyOf, type Row } from './row-store.ts'
import type { Selection } from './selection.ts'
import type { Rows } from './use-rows.ts'
import type { GridColumn } from './use-columns.ts'

export const tell = (message: string, error = false) =>
  notifications.show({ message, color: error ? 'red' : 'tide', autoClose: error ? 8000 : 2500 })
export const tellError = (error: unknown) => {
  const { message, hint } = error instanceof ApiError ? error : { message: (error as Error).message, hint: null }
  tell([message, hint].filter(Boolean).join('. '), true)
}

/** Why nobody edits here; null: cells can be edited. */
export function readOnlyReason(relation: Relation, role: MemberRole): string | null {
  if (relation.kind === 'view') return 'A view: its rows are made by a query. Edit the table that it reads.'
  if (relation.kind === 'matview') return 'A materialized view: a refresh writes its rows. Edit the table that it reads.'
  if (role === 'reader') return 'You are a reader here. An owner can make you an editor.'
  if (!relation.key) return 'No primary key: rows cannot be told apart. Add one to edit here.'
  if (!relation.canUpdate) return 'Your role may not change this table.'
  return null
}

interface Deps {
  relation: Relation
  rows: Rows
  selection: Selection
  role: MemberRole
  askRow: () => void
}

export function useCommands({ relation, rows, selection, role, askRow }: Deps): {
  commands: GridCommands & { addRow(): Promise<void> }
  edits: Edits
} {
  const workspace = useWorkspace()
  const go = useGo()
  const { data: relations } = useCatalog()
  const { store } = rows
  const edits = useMemo(() => makeEdits(workspace, relation, store, tell), [workspace, relation, store])
  const known = useRef(relations)
  known.current = relations
  const total = useRef(rows.count)
  total.current = rows.count

  const commands = useMemo(() => {
    const reason = readOnlyReason(relation, role)
    const whyReadOnly = (column: Column) =>
      reason ??
      (column.generated
        ? 'PostgreSQL computes this column.'
        : isPlain(column) || /^jsonb?$/.test(column.base)
          ? null
          : `Values of type ${column.type} are edited in SQL.`)
    const edit = (row: Row, column: Column, text: string | null): CellEdit[] => {
      const key = apiKey(relation, row)
      return key && whyReadOnly(column) === null ? [{ rowKey: keyOf(row), key, column, old: textOf(row[column.field!]), new: text }] : []
    }
    const report = (done: Promise<string | null>, none: string) => void done.then((said) => tell(said ?? none)).catch(tellError)
    return {
      canTick: relation.key !== null && relation.canDelete && reason === null,
      whyReadOnly,
      sayReadOnly: (column: Column) => tell(whyReadOnly(column) ?? ''),
      write(row: Row, column: GridColumn, text: string | null, old: unknown) {
        void edits.cells(edit({ ...row, [column.field!]: old }, column, text))
      },
      clear([first, last]: [number, number], columns: GridColumn[]) {
        if (reason) return tell(reason)
        const all: CellEdit[] = []
        for (let index = first; index <= Math.min(last, first + 999); index++) {
          const row = store.get(index)
          if (row) for (const column of columns) all.push(...edit(row, column, null))
        }
        void edits.cells(all)
      },
      copy([first, last]: [number, number], columns: GridColumn[]) {
        const lines: string[] = []
        let missing = 0
        for (let index = first; index <= Math.min(last, first + 49_999); index++) {
          const row = store.get(index)
          if (!row) missing++
          else lines.push(columns.map((column) => quoteTab(rawText(row[column.field!] as Value))).join('\t'))
        }
        void navigator.clipboard.writeText(lines.join('\n')).then(
          () =>
            tell(
              missing
                ? `${lines.length} rows copied; ${missing} were not loaded: use Export for all`
                : lines.length === 1 && columns.length === 1
                  ? 'Copied'
                  : `${lines.length} × ${columns.length} cells copied`,
            ),
          () => tell('The browser does not allow copying here.', true),
        )
      },
      paste(at: number, columns: GridColumn[], text: string) {
        if (reason) return tell(reason)
        const block = parseBlock(text)
        const all: CellEdit[] = []
        const extra: Record<string, string | null>[] = []
        block.forEach((cells, down) => {
          const row = store.get(at + down)
          if (row) cells.forEach((cell, right) => columns[right] && all.push(...edit(row, columns[right], cell === '' ? null : cell)))
          else if (total.current !== null && at + down >= total.current)
            extra.push(
              Object.fromEntries(
                cells.flatMap((cell, right) =>
                  columns[right] && !columns[right].generated ? [[columns[right].name, cell === '' ? null : cell]] : [],
                ),
              ),
            )
        })
        if (all.length > 5000) return tell('A block of up to 5,000 cells can be pasted; import larger ones as a file.', true)
        if (all.length) void edits.cells(all).then(() => tell(`${all.length} cells pasted. Ctrl+Z takes it back`))
        if (extra.length)
          void edits
            .insert(extra)
            .then((added) => tell(`${added} rows added`))
            .catch(tellError)
      },
      undo: () => report(edits.undo(), 'Nothing to undo'),
      redo: () => report(edits.redo(), 'Nothing to redo'),
      open(row: Row) {
        const key = apiKey(relation, row)
        if (key)
          void go(
            recordTo(
              workspace,
              relation.name,
              relation.key!.map((name) => key[name] ?? ''),
            ),
          )
      },
      linkOf(column: Column, row: Row) {
        const link = relation.links.find(({ columns }) => columns.length === 1 && columns[0] === column.name)
        const target = link && known.current?.find(({ name }) => name === link.relation)
        if (!link || !target) return null
        const value = rawText(row[column.field!] as Value)
        const isKey = target.key?.length === 1 && target.key[0] === link.to[0]
        return {
          label: `${link.relation} ${value}`,
          go: () =>
            void go(
              isKey
                ? recordTo(workspace, link.relation, [value])
                : { ...relationTo(workspace, link.relation), search: { f: `${link.to[0]}~eq~${value}` } },
            ),
        }
      },
      askRow,
      async addRow() {
        try {
          await edits.insert([{}])
          tell('A row was added. Ctrl+Z takes it back')
        } catch (error) {
          tellError(error)
        }
      },
    }
  }, [relation, role, store, edits, go, workspace, askRow])
  void selection
  return { commands, edits }
}
