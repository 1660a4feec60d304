// Search, filter, sort, columns, saved views, export: everything that shapes what the grid shows.
import { Button, Menu, TextInput } from '@mantine/core'
import { IconArrowsSort, IconFilter, IconPlus, IconSearch, IconX } from '@tabler/icons-react'
import { ActionIcon } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { ColumnsPanel } from './columns-panel.tsx'
import { ExportMenu } from './export-menu.tsx'
import { filterOps } from './query.ts'
import { nextSort } from './relation-view.tsx'
import { ViewsMenu } from './views-menu.tsx'
import type { View } from './use-view.ts'
import type { PlacedColumn } from './view-config.ts'

export function Toolbar({
  relation,
  view,
  columns,
  insert,
}: {
  relation: Relation
  view: View
  columns: PlacedColumn[]
  insert: (() => void) | null
}) {
  const { config } = view
  return (
    <div className="tm-toolbar" role="toolbar" aria-label="What the grid shows">
      <ViewsMenu view={view} />
      <SearchBox q={view.q} setQ={view.setQ} />
      <Menu position="bottom-start" width={240}>
        <Menu.Target>
          <Button variant="subtle" color="gray" leftSection={<IconFilter size={15} aria-hidden />}>
            Filter{config.filter.length ? ` (${config.filter.length})` : ''}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className="tm-menu-scroll">
          <Menu.Label>Show rows where…</Menu.Label>
          {columns.map((column) => (
            <Menu.Item
              key={column.name}
              onClick={() =>
                view.change({ ...config, filter: [...config.filter, { name: column.name, op: filterOps(column)[0]!.op, value: '' }] })
              }
            >
              {column.title}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-start" width={260} closeOnItemClick={false}>
        <Menu.Target>
          <Button variant="subtle" color="gray" leftSection={<IconArrowsSort size={15} aria-hidden />}>
            Sort{config.sort.length ? ` (${config.sort.length})` : ''}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className="tm-menu-scroll">
          <Menu.Label>Sort by, in this order</Menu.Label>
          {columns
            .filter((column) => column.asc)
            .map((column) => {
              const place = config.sort.findIndex((sort) => sort.name === column.name)
              return (
                <Menu.Item
                  key={column.name}
                  onClick={() => view.change({ ...config, sort: nextSort(config.sort, column.name, true) })}
                  rightSection={
                    place < 0 ? null : (
                      <span className="tm-badge" data-tone="accent">
                        {place + 1} {config.sort[place]!.desc ? 'descending' : 'ascending'}
                      </span>
                    )
                  }
                >
                  {column.title}
                </Menu.Item>
              )
            })}
          {config.sort.length > 0 && (
            <>
              <Menu.Divider />
              <Menu.Item closeMenuOnClick onClick={() => view.change({ ...config, sort: [] })}>
                No sort
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <ColumnsPanel view={view} columns={columns} />
      <ExportMenu relation={relation} view={view} columns={columns} />
      {insert && (
        <Button variant="subtle" color="gray" leftSection={<IconPlus size={15} aria-hidden />} onClick={insert}>
          Row
        </Button>
      )}
    </div>
  )
}

/** Typing is sent 200 ms after the last letter. */
function SearchBox({ q, setQ }: { q: string; setQ: (q: string) => void }) {
  const [text, setText] = useState(q)
  const sent = useRef(q)
  useEffect(() => {
    if (q !== sent.current) setText((sent.current = q))
  }, [q])
  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => setQ((sent.current = text)), 200)
    return () => clearTimeout(timer)
  }, [text, setQ])
  return (
    <TextInput
      data-search
      className="tm-search"
      size="xs"
      aria-label="Search in this relation"
      placeholder="Search"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        text ? (
          <ActionIcon size={24} aria-label="Clear the search" onClick={() => setText('')}>
            <IconX size={13} aria-hidden />
          </ActionIcon>
        ) : (
          <kbd className="tm-kbd" aria-hidden>
            /
          </kbd>
        )
      }
      onKeyDown={(event) => event.key === 'Escape' && (setText(''), event.currentTarget.blur())}
    />
  )
}
