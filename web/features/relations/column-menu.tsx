// The menu of a column: what is in it (a small picture), sort, filter, format, title, width, pin, hide, move.
import { NumberInput, Popover, TextInput } from '@mantine/core'
import {
  IconArrowLeft,
  IconArrowNarrowDown,
  IconArrowNarrowUp,
  IconArrowRight,
  IconCheck,
  IconEyeOff,
  IconFilter,
  IconPin,
  IconRulerMeasure,
  IconTypography,
} from '@tabler/icons-react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { FORMATS } from '../../shared/format/kinds.ts'
import { ColumnDistribution } from './column-distribution.tsx'
import { FormatOptions } from './format-options.tsx'
import { filterOps } from './query.ts'
import type { View } from './use-view.ts'
import { moveColumn, withColumn, type ColumnConfig, type PlacedColumn } from './view-config.ts'

interface Props {
  relation: Relation
  column: PlacedColumn
  columns: PlacedColumn[]
  view: View
  anchor: HTMLElement
  close: () => void
}

export function ColumnMenu({ relation, column, columns, view, anchor, close }: Props) {
  const [part, setPart] = useState<'main' | 'format' | 'look'>('main')
  const { config } = view
  const set = (change: Partial<ColumnConfig>) => view.change(withColumn(config, columns, column.name, change))
  const visible = columns.filter((each) => !each.hidden)
  const at = visible.findIndex((each) => each.name === column.name)
  const sortBy = (desc: boolean) =>
    view.change({ ...config, sort: [...config.sort.filter((sort) => sort.name !== column.name), { name: column.name, desc }] })
  const box = anchor.getBoundingClientRect()
  return (
    <Popover opened onChange={(open) => !open && close()} position="bottom-end" width={280} trapFocus>
      <Popover.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-hidden
          style={{ position: 'fixed', left: box.right, top: box.bottom, width: 0, height: 0, padding: 0, border: 0 }}
        />
      </Popover.Target>
      <Popover.Dropdown className="tm-menu-scroll" p={4} aria-label={`Column ${column.title}`} onKeyDown={onArrows}>
        <div className="tm-menu-title">
          <b>{column.title}</b>
          <span className="tm-dim tm-small">
            {column.title !== column.name && `${column.name} · `}
            {column.type}
            {column.nullable ? '' : ' · never null'}
          </span>
          {column.comment && <p className="tm-small tm-dim">{column.comment}</p>}
        </div>
        {part === 'main' && (
          <>
            <div role="group" aria-label={`What is in ${column.title}`}>
              <ColumnDistribution
                relation={relation}
                column={column}
                filter={(value) => (
                  view.change({ ...config, filter: [...config.filter, { name: column.name, op: 'eq', value }] }), close()
                )}
              />
            </div>
            <hr className="tm-hr" />
            {column.asc && (
              <>
                <Item leftSection={<IconArrowNarrowUp size={15} aria-hidden />} onClick={() => (sortBy(false), close())}>
                  Sort ascending
                </Item>
                <Item leftSection={<IconArrowNarrowDown size={15} aria-hidden />} onClick={() => (sortBy(true), close())}>
                  Sort descending
                </Item>
              </>
            )}
            <Item
              leftSection={<IconFilter size={15} aria-hidden />}
              onClick={() => (
                view.change({ ...config, filter: [...config.filter, { name: column.name, op: filterOps(column)[0]!.op, value: '' }] }),
                close()
              )}
            >
              Filter
            </Item>
            <Item
              leftSection={<IconTypography size={15} aria-hidden />}
              rightSection={<span className="tm-small tm-dim">{FORMATS.find(({ kind }) => kind === column.format.kind)?.name}</span>}
              onClick={() => setPart('format')}
            >
              Format
            </Item>
            <Item leftSection={<IconRulerMeasure size={15} aria-hidden />} onClick={() => setPart('look')}>
              Title and width
            </Item>
            <hr className="tm-hr" />
            <Item
              leftSection={<IconPin size={15} aria-hidden />}
              onClick={() => (set({ pin: column.pinned ? undefined : 'left' } as Partial<ColumnConfig>), close())}
            >
              {column.pinned ? 'Unpin' : 'Pin to the left'}
            </Item>
            <Item
              leftSection={<IconArrowLeft size={15} aria-hidden />}
              disabled={at <= 0}
              onClick={() => (view.change(moveColumn(config, columns, column.name, visible[at - 1]!.name)), close())}
            >
              Move left
            </Item>
            <Item
              leftSection={<IconArrowRight size={15} aria-hidden />}
              disabled={at >= visible.length - 1}
              onClick={() => (view.change(moveColumn(config, columns, column.name, visible[at + 2]?.name ?? null)), close())}
            >
              Move right
            </Item>
            <Item
              leftSection={<IconEyeOff size={15} aria-hidden />}
              disabled={visible.length === 1}
              onClick={() => (set({ hidden: true }), close())}
            >
              Hide
            </Item>
          </>
        )}
        {part === 'format' && (
          <>
            <Item leftSection={<IconArrowLeft size={15} aria-hidden />} onClick={() => setPart('main')}>
              Back
            </Item>
            <hr className="tm-hr" />
            {FORMATS.filter(({ suits }) => suits(column.base)).map(({ kind, name, about }) => (
              <Item
                key={kind}
                fw={column.format.kind === kind ? 600 : 400}
                rightSection={
                  column.format.kind === kind ? (
                    <IconCheck size={14} aria-label="chosen" />
                  ) : (
                    <span className="tm-small tm-dim">{about}</span>
                  )
                }
                onClick={() => set({ fmt: { kind } })}
              >
                {name}
              </Item>
            ))}
            <FormatOptions format={column.format} type={column.base} set={(fmt) => set({ fmt })} />
          </>
        )}
        {part === 'look' && (
          <>
            <Item leftSection={<IconArrowLeft size={15} aria-hidden />} onClick={() => setPart('main')}>
              Back
            </Item>
            <div
              role="group"
              aria-label="Title and width"
              className="tm-menu-form"
              onKeyDown={(event) => event.key !== 'Escape' && event.stopPropagation()}
            >
              <TextInput
                size="xs"
                label="Title"
                placeholder={column.name}
                value={column.title === column.name ? '' : column.title}
                onChange={(event) => set({ title: event.currentTarget.value || undefined } as Partial<ColumnConfig>)}
              />
              <NumberInput
                size="xs"
                label="Width in pixels"
                min={56}
                max={1200}
                step={20}
                value={Math.round(column.width)}
                onChange={(value) => Number(value) >= 56 && set({ w: Number(value) })}
              />
            </div>
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

interface ItemProps {
  leftSection?: ReactNode
  rightSection?: ReactNode
  disabled?: boolean
  fw?: number
  onClick: () => void
  children: ReactNode
}

/** Not role=menu: a menu may hold nothing but items, and this holds a picture and fields too. */
function Item({ leftSection, rightSection, disabled, fw, onClick, children }: ItemProps) {
  return (
    <button type="button" className="tm-item" disabled={disabled} style={{ fontWeight: fw }} onClick={onClick}>
      {leftSection}
      <span>{children}</span>
      {rightSection}
    </button>
  )
}

/** Arrows move between the items, as in a menu. */
function onArrows(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined || (event.target as HTMLElement).closest('input, select')) return
  event.preventDefault()
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('.tm-item:not(:disabled)')]
  const at = items.indexOf(document.activeElement as HTMLElement)
  items[(at + step + items.length) % items.length]?.focus()
}
