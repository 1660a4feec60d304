// The virtual grid: a scroller with role=grid over a million rows. Knows which rows and columns are on screen, keeps the cursor,
// keeps the person's top row where it is when rows come in above, and hears the mouse for all cells.
// Called by relation-screen.tsx; everything that changes data goes through `actions`.
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { ConflictBars } from './conflict-bars.tsx'
import { GridBody } from './grid-body.tsx'
import { GridHeader, type HeaderActions } from './grid-header.tsx'
import type { GridActions, GridCommands } from './grid-types.ts'
import { onGridKey } from './keyboard.ts'
import { cellAt, dragRange } from './pointer.ts'
import { keyOf, type Row, type RowStore } from './row-store.ts'
import type { Selection } from './selection.ts'
import { useColumns, useShownColumns } from './use-columns.ts'
import { useWindow } from './use-window.ts'
import type { PlacedColumn, Sort } from './view-config.ts'
import './grid.css'

interface Props {
  relation: Relation
  store: RowStore
  selection: Selection
  count: number
  columns: PlacedColumn[]
  sort: Sort[]
  compact: boolean
  header: Omit<HeaderActions, 'resize'> & { resized(name: string, width: number): void }
  menuOf: string | null
  commands: GridCommands
  settle: (rowKey: string, column: Column, keep: boolean) => void
  label: string
  onTop: (top: number) => void
  api: (api: { toRow(index: number): void; focus(): void }) => void
  empty: ReactNode
}

export function Grid(props: Props) {
  const { relation, store, selection, count, sort, compact, header, menuOf, commands, label, onTop, api, empty } = props
  const element = useRef<HTMLDivElement>(null)
  const rowHeight = compact ? 26 : 32
  const [resizing, setResizing] = useState<{ name: string; width: number } | null>(null)
  const { visible, pinnedWidth, width } = useColumns(props.columns, resizing)
  const { pinned, shown } = useShownColumns(element, visible, pinnedWidth)
  const view = useWindow(element, store, count, rowHeight)
  const viewRef = useRef(view)
  viewRef.current = view
  const visibleRef = useRef(visible)
  visibleRef.current = visible
  const commandsRef = useRef(commands)
  commandsRef.current = commands
  const countRef = useRef(count)
  countRef.current = count

  const [above, setAbove] = useState(0)
  useEffect(() => {
    store.onShift = (rows) => {
      viewRef.current.shiftBy(rows)
      selection.shift(rows)
      if (rows > 0) setAbove((known) => known + rows)
    }
    return () => void (store.onShift = () => {})
  }, [store, selection])
  useEffect(() => {
    onTop(view.top)
    if (view.top === 0) setAbove(0)
  }, [view.top, onTop])

  const reveal = useCallback(() => {
    const { row, col } = selection.active
    viewRef.current.scrollToRow(row)
    const column = visibleRef.current[col]
    const scroller = element.current
    if (!column || !scroller || column.pinned) return
    const pinned = visibleRef.current.filter((each) => each.pinned).reduce((sum, each) => sum + each.width, 56)
    if (column.x < scroller.scrollLeft + pinned) scroller.scrollLeft = column.x - pinned
    else if (column.x + column.width > scroller.scrollLeft + scroller.clientWidth)
      scroller.scrollLeft = column.x + column.width - scroller.clientWidth
  }, [selection])

  const move = useCallback(
    (row: number, col: number, extend = false) => {
      selection.move(
        { row: Math.max(0, Math.min(countRef.current - 1, row)), col: Math.max(0, Math.min(visibleRef.current.length - 1, col)) },
        extend,
      )
      reveal()
    },
    [selection, reveal],
  )

  const actions = useMemo<GridActions>(
    () => ({
      canTick: commands.canTick,
      whyReadOnly: (column) => commandsRef.current.whyReadOnly(column),
      edit(row, col, typed) {
        const column = visibleRef.current[col]
        const of = store.get(row)
        if (!column || !of) return
        if (commandsRef.current.whyReadOnly(column) !== null) return commandsRef.current.sayReadOnly(column)
        selection.move({ row, col })
        selection.edit(typed, keyOf(of), of, of[column.field!])
        reveal()
      },
      commit(row, column, text, step) {
        const { editing } = selection
        selection.stopEditing()
        if (editing) commandsRef.current.write(editing.of as Row, column, text, editing.old)
        if (step !== 'stay') element.current?.focus({ preventScroll: true })
        if (step === 'down') move(row + 1, column.index)
        if (step === 'up') move(row - 1, column.index)
        if (step === 'right') move(row, column.index + 1)
        if (step === 'left') move(row, column.index - 1)
      },
      cancel() {
        selection.stopEditing()
        element.current?.focus({ preventScroll: true })
      },
      tick(row) {
        const key = store.keyAt(row)
        if (key !== null) selection.tick(key, store.get(row)!)
      },
      open: relation.key ? (row) => commandsRef.current.open(row) : null,
      linkOf: (column, row) => commandsRef.current.linkOf(column, row),
    }),
    [commands.canTick, move, relation.key, reveal, selection, store],
  )

  useEffect(() => {
    api({
      toRow(index) {
        viewRef.current.scrollToRow(index, 'start')
        selection.move({ row: index, col: selection.active.col })
      },
      focus: () => element.current?.focus(),
    })
  }, [api, selection])

  const headerActions = useMemo<HeaderActions>(
    () => ({
      ...header,
      resize(name, wanted, done) {
        setResizing(done ? null : { name, width: wanted })
        if (done) header.resized(name, wanted)
      },
    }),
    [header],
  )

  const traits = useMemo(
    () =>
      new Map(
        visible.map((column) => [
          column.name,
          {
            readOnly: commands.whyReadOnly(column) !== null,
            link: relation.links.some(({ columns }) => columns.length === 1 && columns[0] === column.name),
          },
        ]),
      ),
    [visible, commands, relation.links],
  )
  const press = (event: MouseEvent) => {
    const at = cellAt(event.target)
    if (!at || event.button !== 0 || (event.target as Element).closest('a, button, textarea')) return
    if (event.shiftKey) event.preventDefault()
    element.current?.focus({ preventScroll: true })
    move(at.row, at.col, event.shiftKey)
    dragRange(selection)
  }
  const doublePress = (event: MouseEvent) => {
    const at = cellAt(event.target)
    if (at && !(event.target as Element).closest('a, button, textarea')) actions.edit(at.row, at.col, null)
  }

  useSyncExternalStore(selection.subscribe, selection.snapshot)
  const { row: activeRow, col: activeCol } = selection.active
  const activeShown =
    activeRow >= view.first &&
    activeRow < view.last &&
    visible[activeCol] &&
    (pinned.includes(visible[activeCol]) || shown.includes(visible[activeCol]))

  const onKeyDown = (event: KeyboardEvent) =>
    onGridKey(event, {
      selection,
      store,
      columns: visible,
      count,
      pageRows: view.pageRows,
      move,
      actions,
      commands,
      openMenu: header.openMenu,
    })

  return (
    <div className="tm-grid-wrap">
      {above > 0 && (
        <button type="button" className="tm-above" onClick={() => viewRef.current.scrollToRow(0, 'start')}>
          {above === 1 ? '1 new row above' : `${above.toLocaleString()} new rows above`}
        </button>
      )}
      <div
        ref={element}
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={count + 1}
        aria-colcount={visible.length + 1}
        aria-multiselectable="true"
        data-editable={relation.canUpdate || undefined}
        aria-activedescendant={activeShown ? `c-${activeRow}-${activeCol}` : undefined}
        className="tm-grid"
        data-compact={compact || undefined}
        data-wide={width > view.width || undefined}
        onKeyDown={onKeyDown}
        onMouseDown={press}
        onDoubleClick={doublePress}
        onInput={() => selection.editing && reveal()}
        onCopy={(event) => onCopyPaste(event, 'copy')}
        onPaste={(event) => onCopyPaste(event, 'paste')}
      >
        <GridHeader
          pinned={pinned}
          columns={shown}
          all={visible}
          pinnedWidth={pinnedWidth}
          width={width}
          sort={sort}
          keyNames={relation.key ?? []}
          menuOf={menuOf}
          actions={headerActions}
          allTicked={null}
        />
        <GridBody
          store={store}
          selection={selection}
          view={view}
          pinned={pinned}
          columns={shown}
          all={visible}
          traits={traits}
          pinnedWidth={pinnedWidth}
          width={width}
          rowHeight={rowHeight}
          actions={actions}
        />
        <ConflictBars
          store={store}
          columns={visible}
          offset={-view.offset}
          rowHeight={rowHeight}
          maxLeft={(element.current?.scrollLeft ?? 0) + view.width - 520}
          settle={props.settle}
        />
      </div>
      {count === 0 && empty}
    </div>
  )

  function onCopyPaste(event: React.ClipboardEvent, what: 'copy' | 'paste') {
    if (selection.editing || (event.target as HTMLElement).tagName === 'TEXTAREA') return
    const range = selection.range() ?? {
      top: selection.active.row,
      bottom: selection.active.row,
      left: selection.active.col,
      right: selection.active.col,
    }
    event.preventDefault()
    if (what === 'copy') commands.copy([range.top, range.bottom], visible.slice(range.left, range.right + 1))
    else commands.paste(range.top, visible.slice(range.left), event.clipboardData.getData('text/plain'))
  }
}
