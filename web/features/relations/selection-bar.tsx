// What can be done with the ticked rows: change a column in all of them, delete, copy their keys. Everything can be undone.
import { ActionIcon, Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { IconPencil, IconTrash, IconX } from '@tabler/icons-react'
import { useState, useSyncExternalStore } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { count } from '../../shared/format/text.ts'
import { apiKey, textOf, type Edits } from './edits.ts'
import type { Row } from './row-store.ts'
import type { Selection } from './selection.ts'
import { tell, tellError } from './use-commands.ts'
import type { Rows } from './use-rows.ts'
import type { PlacedColumn } from './view-config.ts'

export function SelectionBar({
  relation,
  selection,
  edits,
  columns,
}: {
  relation: Relation
  selection: Selection
  rows: Rows
  edits: Edits
  columns: PlacedColumn[]
}) {
  useSyncExternalStore(selection.subscribe, selection.snapshot)
  const [editing, setEditing] = useState(false)
  const ticked = [...selection.ticked]
  if (!ticked.length) return null
  const remove = async () => {
    try {
      const keys = ticked.map(([, row]) => apiKey(relation, row as Row)).filter((key) => key !== null)
      const gone = await edits.remove(keys)
      selection.clearTicks()
      tell(`${count(gone)} ${gone === 1 ? 'row' : 'rows'} deleted. Ctrl+Z brings them back`)
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <div className="tm-selection" role="region" aria-label="Selected rows">
      <b>{count(ticked.length)} selected</b>
      <Button variant="subtle" leftSection={<IconPencil size={15} aria-hidden />} onClick={() => setEditing(true)}>
        Change a column
      </Button>
      <Button variant="subtle" color="red" leftSection={<IconTrash size={15} aria-hidden />} onClick={() => void remove()}>
        Delete
      </Button>
      <ActionIcon aria-label="Clear the selection" onClick={() => selection.clearTicks()}>
        <IconX size={15} aria-hidden />
      </ActionIcon>
      {editing && (
        <BulkEdit
          columns={columns.filter((column) => !column.generated && !(relation.key ?? []).includes(column.name))}
          many={ticked.length}
          close={() => setEditing(false)}
          apply={async (column, value) => {
            await edits.cells(
              ticked.flatMap(([rowKey, row]) => {
                const key = apiKey(relation, row as Row)
                return key ? [{ rowKey, key, column, old: textOf(row[column.field!]), new: value }] : []
              }),
            )
            setEditing(false)
            selection.clearTicks()
          }}
        />
      )}
    </div>
  )
}

function BulkEdit({
  columns,
  many,
  close,
  apply,
}: {
  columns: PlacedColumn[]
  many: number
  close: () => void
  apply: (column: PlacedColumn, value: string | null) => Promise<void>
}) {
  const [name, setName] = useState(columns[0]?.name ?? '')
  const [value, setValue] = useState('')
  const column = columns.find((each) => each.name === name)
  return (
    <Modal opened onClose={close} title={`Change ${count(many)} ${many === 1 ? 'row' : 'rows'}`} size="sm">
      <form onSubmit={(event) => (event.preventDefault(), column && void apply(column, value === '' ? null : value))}>
        <NativeSelect
          label="Column"
          data={columns.map(({ name, title }) => ({ value: name, label: title }))}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          mt="sm"
          label="Value"
          description="Empty means null"
          data-autofocus
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <p className="tm-small tm-dim">A row whose value changed meanwhile is marked instead of overwritten.</p>
        <Button type="submit" size="sm" fullWidth disabled={!column}>
          Change
        </Button>
      </form>
    </Modal>
  )
}
