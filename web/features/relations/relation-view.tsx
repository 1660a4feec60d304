// The grid of one relation with everything around it: header line, toolbar, filters, menus, selection bar, footer.
import { Button } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { count } from '../../shared/format/text.ts'
import { ReconnectBanner } from '../../shared/live/live-dot.tsx'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Empty, Problem } from '../../shared/ui/states.tsx'
import { ColumnMenu } from './column-menu.tsx'
import { FilterBar } from './filter-bar.tsx'
import { fitColumns } from './fit-columns.ts'
import { Grid } from './grid.tsx'
import { GoToRow } from './go-to-row.tsx'
import { insertExample } from './insert-example.ts'
import { LiveSummary } from './live-summary.tsx'
import { filterInput } from './query.ts'
import { RelationFoot } from './relation-foot.tsx'
import { RelationHeader } from './relation-header.tsx'
import { Selection } from './selection.ts'
import { SelectionBar } from './selection-bar.tsx'
import { Toolbar } from './toolbar.tsx'
import { useCommands } from './use-commands.ts'
import { useRows } from './use-rows.ts'
import { useView } from './use-view.ts'
import { moveColumn, placeColumns, withColumn, type Sort } from './view-config.ts'
import './relation.css'

export function RelationView({ relation }: { relation: Relation }) {
  const workspace = useWorkspace()
  const role = useRole()
  const view = useView(relation.name)
  const [paused, setPaused] = useState(false)
  const [menu, setMenu] = useState<{ name: string; anchor: HTMLElement } | null>(null)
  const [asking, setAsking] = useState(false)
  const placed = useMemo(() => placeColumns(relation.columns, view.config), [relation.columns, view.config])
  const rows = useRows(relation, placed, view.config, view.q, paused, view.ready)
  const widths = useRef(new Map<string, number>())
  const columns = useMemo(
    () => fitColumns(placed, rows.ready ? rows.store.first(50) : [], widths.current),
    [placed, rows.ready, rows.store],
  )
  const selection = useMemo(() => new Selection(), [])
  const gridApi = useRef<{ toRow(index: number): void; focus(): void } | null>(null)
  const askRow = useCallback(() => setAsking(true), [])
  const { commands, edits } = useCommands({ relation, rows, selection, role, askRow })

  const viewRef = useRef({ view, columns })
  viewRef.current = { view, columns }
  const header = useMemo(
    () => ({
      sort(column: { name: string }, add: boolean) {
        const { view } = viewRef.current
        view.change({ ...view.config, sort: nextSort(view.config.sort, column.name, add) })
      },
      openMenu: (column: { name: string }, anchor: HTMLElement) => setMenu({ name: column.name, anchor }),
      resized(name: string, width: number) {
        const { view, columns } = viewRef.current
        view.change(withColumn(view.config, columns, name, { w: width }))
      },
      move(name: string, before: string | null) {
        const { view, columns } = viewRef.current
        view.change(moveColumn(view.config, columns, name, before))
      },
    }),
    [],
  )
  const setApi = useCallback((api: { toRow(index: number): void; focus(): void }) => void (gridApi.current = api), [])
  // The row at the top changes with every frame of a scroll: only the footer is drawn anew for it.
  const place = useRef<((top: number) => void) | null>(null)
  const setTop = useCallback((top: number) => place.current?.(top), [])
  const settle = useCallback((key: string, column: Column, keep: boolean) => void edits.settle(key, column, keep), [edits])
  // A filter without its value yet leaves nothing out.
  const filtered = filterInput(relation, view.config.filter, view.q) !== null
  const shownCount = rows.count ?? 0
  const menuColumn = columns.find((column) => column.name === menu?.name)

  useEffect(() => {
    if (rows.ready && view.ready && document.activeElement === document.body) gridApi.current?.focus()
  }, [rows.ready, view.ready])

  return (
    <div className="tm-relation" data-ready={rows.ready || undefined}>
      <title>{`${relation.name} · Tidemark`}</title>
      <RelationHeader relation={relation} count={rows.count} exact={rows.exact} filtered={filtered} paused={paused} setPaused={setPaused} />
      <Toolbar
        relation={relation}
        view={view}
        columns={columns}
        insert={relation.canInsert && role !== 'reader' ? () => void commands.addRow() : null}
      />
      <FilterBar relation={relation} view={view} />
      <ReconnectBanner />
      <LiveSummary store={rows.store} />
      {rows.error && (
        <div className="tm-relation-problem">
          <Problem compact error={rows.error} retry={() => rows.store.reset()} />
        </div>
      )}
      <Grid
        relation={relation}
        store={rows.store}
        selection={selection}
        count={shownCount}
        columns={columns}
        sort={view.config.sort}
        compact={view.config.density === 'compact'}
        header={header}
        menuOf={menu?.name ?? null}
        commands={commands}
        settle={settle}
        label={`${relation.name}, ${count(shownCount)} rows`}
        onTop={setTop}
        api={setApi}
        empty={
          rows.count === 0 && (
            <div className="tm-grid-empty">
              {filtered ? (
                <Empty
                  icon={IconTable}
                  title="No row fits the filter"
                  action={
                    <Button variant="default" onClick={() => (view.change({ ...view.config, filter: [] }), view.q && view.setQ(''))}>
                      Clear the filter
                    </Button>
                  }
                >
                  Rows that fit appear here by themselves.
                </Empty>
              ) : (
                <Empty icon={IconTable} title={`${relation.name} is empty`}>
                  {relation.kind === 'table' ? (
                    <>
                      <p>Insert a row with psql or your own program; it appears here by itself:</p>
                      <CopyCard label="INSERT" text={insertExample(workspace, relation)} />
                    </>
                  ) : (
                    'Its definition gives no rows at present. Those that come appear here by themselves.'
                  )}
                </Empty>
              )}
            </div>
          )
        }
      />
      <SelectionBar relation={relation} selection={selection} rows={rows} edits={edits} columns={columns} />
      <RelationFoot count={shownCount} exact={rows.exact} place={place} askRow={askRow} />
      {menu && menuColumn && (
        <ColumnMenu
          relation={relation}
          column={menuColumn}
          columns={columns}
          view={view}
          anchor={menu.anchor}
          close={() => (setMenu(null), gridApi.current?.focus())}
        />
      )}
      {asking && (
        <GoToRow
          count={shownCount}
          close={() => setAsking(false)}
          go={(index) => (gridApi.current?.toRow(index), gridApi.current?.focus())}
        />
      )}
    </div>
  )
}

/** A click: ascending, descending, none. With Shift the column joins the ones before it. */
export function nextSort(sort: Sort[], name: string, add: boolean): Sort[] {
  const known = sort.find((each) => each.name === name)
  const next: Sort[] = !known ? [{ name, desc: false }] : known.desc ? [] : [{ name, desc: true }]
  if (!add) return next
  return known ? sort.flatMap((each) => (each.name === name ? next : [each])) : [...sort, ...next]
}
