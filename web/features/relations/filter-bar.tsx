// The filters as chips that can be read aloud: column, operator in words, value.
import { ActionIcon, Button, NativeSelect, Popover, Textarea, TextInput } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useState } from 'react'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { isNumber } from '../../shared/format/kinds.ts'
import { filterOps } from './query.ts'
import type { View } from './use-view.ts'
import type { Filter } from './view-config.ts'

export function FilterBar({ relation, view }: { relation: Relation; view: View }) {
  const { filter } = view.config
  if (!filter.length) return null
  const set = (at: number, next: Filter | null) =>
    view.change({ ...view.config, filter: filter.flatMap((each, index) => (index === at ? (next ? [next] : []) : [each])) })
  return (
    <div className="tm-filters" role="group" aria-label="Filters">
      {filter.map((each, at) => {
        const column = relation.columns.find(({ name }) => name === each.name)
        return column ? <Chip key={`${at}-${each.name}`} column={column} filter={each} set={(next) => set(at, next)} /> : null
      })}
      {filter.length > 1 && (
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => view.change({ ...view.config, filter: [] })}>
          Clear all
        </Button>
      )}
    </div>
  )
}

function Chip({ column, filter, set }: { column: Column; filter: Filter; set: (filter: Filter | null) => void }) {
  const ops = filterOps(column)
  const op = ops.find((each) => each.op === filter.op) ?? ops[0]!
  // A new filter opens at once: it has no value yet.
  const [open, setOpen] = useState(filter.value === '' && op.needs !== undefined)
  const [draft, setDraft] = useState(filter)
  const draftOp = ops.find((each) => each.op === draft.op) ?? ops[0]!
  const close = () => {
    setOpen(false)
    set(draftOp.needs && draft.value === '' && draft.op !== 'eq' ? null : draft)
  }
  const dates = column.base === 'date' ? 'date' : /^timestamp/.test(column.base) ? 'datetime-local' : 'text'
  return (
    <Popover opened={open} onChange={(next) => !next && close()} position="bottom-start" trapFocus returnFocus>
      <span className="tm-filter" data-idle={(op.needs && filter.value === '') || undefined}>
        <Popover.Target>
          <button type="button" onClick={() => (setDraft(filter), setOpen(true))}>
            <b>{column.name}</b> {op.words} {op.needs && <b>{filter.value.replaceAll('|', ', ') || '…'}</b>}
          </button>
        </Popover.Target>
        <ActionIcon size={24} aria-label={`Remove the filter on ${column.name}`} onClick={() => set(null)}>
          <IconX size={12} aria-hidden />
        </ActionIcon>
      </span>
      <Popover.Dropdown>
        <form
          className="tm-filter-form"
          onSubmit={(event) => {
            event.preventDefault()
            close()
          }}
        >
          <NativeSelect
            size="xs"
            aria-label="Operator"
            data={ops.map(({ op, words }) => ({ value: op, label: words }))}
            value={draftOp.op}
            onChange={(event) => setDraft({ ...draft, op: event.currentTarget.value })}
          />
          {draftOp.needs === 'list' ? (
            <Textarea
              size="xs"
              label="Values, one per line"
              autosize
              minRows={3}
              maxRows={8}
              data-autofocus
              value={draft.value.replaceAll('|', '\n')}
              onChange={(event) => setDraft({ ...draft, value: event.currentTarget.value.replace(/\n/g, '|') })}
            />
          ) : draftOp.needs === 'value' && column.values ? (
            <NativeSelect
              size="xs"
              aria-label="Value"
              data-autofocus
              data={['', ...column.values]}
              value={draft.value}
              onChange={(event) => setDraft({ ...draft, value: event.currentTarget.value })}
            />
          ) : draftOp.needs === 'value' ? (
            <TextInput
              size="xs"
              aria-label="Value"
              data-autofocus
              type={dates}
              step={1}
              inputMode={isNumber(column.base) ? 'decimal' : undefined}
              value={draft.value}
              onChange={(event) => setDraft({ ...draft, value: event.currentTarget.value })}
            />
          ) : null}
          <Button type="submit" size="xs">
            Apply
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
