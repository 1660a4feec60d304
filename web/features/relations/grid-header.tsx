// The header row: names with kind and type, sorting on click, resizing by the edge (and in the menu), dragging to reorder.
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid is one tab stop; aria-activedescendant says which of its cells is meant.
import { ActionIcon } from '@mantine/core'
import { IconArrowNarrowDown, IconArrowNarrowUp, IconChevronDown, IconKey, IconPinned } from '@tabler/icons-react'
import { memo, useRef, type PointerEvent } from 'react'
import { isRightAligned, shortType } from '../../shared/format/kinds.ts'
import type { GridColumn } from './use-columns.ts'
import { GUTTER } from './use-columns.ts'
import type { Sort } from './view-config.ts'

export interface HeaderActions {
  sort(column: GridColumn, add: boolean): void
  openMenu(column: GridColumn, anchor: HTMLElement): void
  resize(name: string, width: number, done: boolean): void
  move(name: string, before: string | null): void
}

interface Props {
  pinned: GridColumn[]
  columns: GridColumn[]
  all: GridColumn[]
  pinnedWidth: number
  width: number
  sort: Sort[]
  keyNames: string[]
  menuOf: string | null
  actions: HeaderActions
  allTicked: (() => void) | null
}

export const GridHeader = memo(function GridHeader(props: Props) {
  const { pinned, columns, pinnedWidth, width } = props
  return (
    <div role="rowgroup" className="tm-head" style={{ width }}>
      <div role="row" aria-rowindex={1} className="tm-head-row">
        <div role="presentation" className="tm-pinned" style={{ width: pinnedWidth }}>
          <div role="columnheader" aria-colindex={1} className="tm-head-cell tm-gutter-head" style={{ left: 0, width: GUTTER }}>
            <span aria-hidden>#</span>
            <span className="tm-visually-hidden">Row</span>
          </div>
          {pinned.map((column) => (
            <HeadCell key={column.name} column={column} {...props} />
          ))}
        </div>
        {columns.map((column) => (
          <HeadCell key={column.name} column={column} {...props} />
        ))}
      </div>
    </div>
  )
})

function HeadCell({ column, sort, keyNames, menuOf, actions, all }: Props & { column: GridColumn }) {
  const place = sort.findIndex((each) => each.name === column.name)
  const sorted = place < 0 ? null : sort[place]!
  const drag = useRef<{ x: number; width: number } | null>(null)
  const cell = useRef<HTMLDivElement>(null)

  const startResize = (event: PointerEvent<HTMLElement>) => {
    event.preventDefault()
    event.stopPropagation()
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { x: event.clientX, width: column.width }
  }
  const widthAt = (event: PointerEvent) => Math.max(56, Math.min(1200, Math.round(drag.current!.width + event.clientX - drag.current!.x)))

  return (
    <div
      ref={cell}
      role="columnheader"
      aria-colindex={column.index + 2}
      aria-sort={sorted ? (sorted.desc ? 'descending' : 'ascending') : 'none'}
      id={`h-${column.index}`}
      className="tm-head-cell"
      data-right={isRightAligned(column.format, column.base) || undefined}
      style={{ left: column.x, width: column.width }}
      draggable
      onDragStart={(event) => {
        if (drag.current) return event.preventDefault()
        event.dataTransfer.setData('text/tidemark-column', column.name)
        event.dataTransfer.effectAllowed = 'move'
      }}
      onDragOver={(event) =>
        event.dataTransfer.types.includes('text/tidemark-column') && (event.preventDefault(), cell.current?.setAttribute('data-over', ''))
      }
      onDragLeave={() => cell.current?.removeAttribute('data-over')}
      onDrop={(event) => {
        cell.current?.removeAttribute('data-over')
        const moved = event.dataTransfer.getData('text/tidemark-column')
        if (moved && moved !== column.name) {
          event.preventDefault()
          event.stopPropagation()
          const from = all.find((each) => each.name === moved)?.index ?? 0
          actions.move(moved, from < column.index ? (all[column.index + 1]?.name ?? null) : column.name)
        }
      }}
    >
      <button
        type="button"
        className="tm-head-name"
        tabIndex={-1}
        onClick={(event) => actions.sort(column, event.shiftKey)}
        title={`${column.title}${column.title === column.name ? '' : ` (${column.name})`} · ${column.type}${column.comment ? ` · ${column.comment}` : ''}`}
      >
        {column.pinned && <IconPinned size={12} aria-label="pinned" />}
        {keyNames.includes(column.name) && <IconKey size={12} aria-label="key" />}
        <span className="tm-head-title">{column.title}</span>
        {sorted ? (
          <span className="tm-head-sort">
            {sorted.desc ? <IconArrowNarrowDown size={15} aria-hidden /> : <IconArrowNarrowUp size={15} aria-hidden />}
            {sort.length > 1 && place + 1}
          </span>
        ) : (
          <span className="tm-head-type">{shortType(column.base)}</span>
        )}
      </button>
      <ActionIcon
        className="tm-head-menu"
        size={24}
        tabIndex={-1}
        aria-label={`Menu of ${column.title}`}
        aria-haspopup="menu"
        aria-expanded={menuOf === column.name}
        onClick={(event) => actions.openMenu(column, event.currentTarget)}
      >
        <IconChevronDown size={14} aria-hidden />
      </ActionIcon>
      <span
        className="tm-resize"
        aria-hidden
        onPointerDown={startResize}
        onPointerMove={(event) => drag.current && actions.resize(column.name, widthAt(event), false)}
        onPointerUp={(event) => {
          if (!drag.current) return
          actions.resize(column.name, widthAt(event), true)
          drag.current = null
        }}
      />
    </div>
  )
}
