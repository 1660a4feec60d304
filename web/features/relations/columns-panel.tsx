// Which columns, in which order: with the mouse in the header, and here with the keyboard as well.
import { ActionIcon, Button, Checkbox, Popover, SegmentedControl } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconColumns3, IconPin, IconPinned } from '@tabler/icons-react'
import type { View } from './use-view.ts'
import { moveColumn, withColumn, type PlacedColumn } from './view-config.ts'

export function ColumnsPanel({ view, columns }: { view: View; columns: PlacedColumn[] }) {
  const { config, change } = view
  const hidden = columns.filter((column) => column.hidden).length
  return (
    <Popover position="bottom-start" width={300} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" leftSection={<IconColumns3 size={15} aria-hidden />}>
          Columns{hidden ? ` (${hidden} hidden)` : ''}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        <ul className="tm-columns">
          {columns.map((column, at) => (
            <li key={column.name}>
              <Checkbox
                size="xs"
                checked={!column.hidden}
                label={column.title}
                onChange={() => change(withColumn(config, columns, column.name, { hidden: !column.hidden }))}
              />
              <span className="tm-spacer" />
              <ActionIcon
                size={24}
                aria-label={`${column.pinned ? 'Unpin' : 'Pin'} ${column.title}`}
                aria-pressed={column.pinned}
                onClick={() => change(withColumn(config, columns, column.name, { pin: column.pinned ? undefined : 'left' } as never))}
              >
                {column.pinned ? <IconPinned size={14} aria-hidden /> : <IconPin size={14} aria-hidden />}
              </ActionIcon>
              <ActionIcon
                size={24}
                disabled={at === 0}
                aria-label={`Move ${column.title} up`}
                onClick={() => change(moveColumn(config, columns, column.name, columns[at - 1]!.name))}
              >
                <IconArrowUp size={14} aria-hidden />
              </ActionIcon>
              <ActionIcon
                size={24}
                disabled={at === columns.length - 1}
                aria-label={`Move ${column.title} down`}
                onClick={() => change(moveColumn(config, columns, column.name, columns[at + 2]?.name ?? null))}
              >
                <IconArrowDown size={14} aria-hidden />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <div className="tm-columns-foot">
          <SegmentedControl
            size="xs"
            aria-label="Row height"
            value={config.density}
            onChange={(density) => change({ ...config, density: density as 'normal' | 'compact' })}
            data={[
              { value: 'normal', label: 'Normal' },
              { value: 'compact', label: 'Compact' },
            ]}
          />
          <Button variant="subtle" color="gray" size="compact-xs" onClick={() => change({ ...config, cols: [] })}>
            As they came
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
