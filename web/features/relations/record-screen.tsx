// One row with all its columns, its links both ways and, where there is one, its history.
import { Button } from '@mantine/core'
import { IconArrowLeft, IconFileOff, IconTrash } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useCatalog, useRelation } from '../../shared/api/use-catalog.ts'
import type { Column, Relation } from '../../shared/api/catalog.ts'
import { useRole, useWorkspace } from '../../shared/api/session.ts'
import { CellValue } from '../../shared/format/cell.tsx'
import { shortType } from '../../shared/format/kinds.ts'
import { rawText, type Value } from '../../shared/format/text.ts'
import { useSubscription } from '../../shared/live/live-provider.tsx'
import { LiveDot } from '../../shared/live/live-dot.tsx'
import { AppLink, keyFrom, recordTo, relationTo } from '../../shared/ui/app-link.tsx'
import { RelationIcon } from '../../shared/ui/relation-icon.tsx'
import { Empty, Problem, Waiting } from '../../shared/ui/states.tsx'
import { useGo } from '../../shared/ui/use-go.ts'
import { apiKey, makeEdits, textOf } from './edits.ts'
import { isPlain, keyFilter, selection } from './query.ts'
import { RecordHistory } from './record-history.tsx'
import type { Row } from './row-store.ts'
import { readOnlyReason, tell, tellError } from './use-commands.ts'
import { useView } from './use-view.ts'
import { placeColumns } from './view-config.ts'
import './record.css'

export function RecordScreen() {
  const { relation: name = '', key = '' } = useParams({ strict: false })
  const { relation, isLoading, error } = useRelation(name)
  return (
    <div className="tm-page tm-record">
      <title>{`${name} ${keyFrom(key).join(' ')} · Tidemark`}</title>
      {isLoading ? (
        <Waiting lines={8} />
      ) : error ? (
        <Problem error={error} />
      ) : relation?.api && relation.key ? (
        <Record key={`${name}/${key}`} relation={relation} values={keyFrom(key)} />
      ) : (
        <Empty icon={IconFileOff} title={`${name} has no rows that can be opened`}>
          It is not here, or it has no key to tell rows apart.
        </Empty>
      )}
    </div>
  )
}

function Record({ relation, values }: { relation: Relation; values: string[] }) {
  const workspace = useWorkspace()
  const role = useRole()
  const go = useGo()
  const { data: relations } = useCatalog()
  const { config } = useView(relation.name)
  const columns = useMemo(() => placeColumns(relation.columns, config), [relation.columns, config])
  const api = relation.api!
  const filter = useMemo(() => keyFilter(relation, values), [relation, values])
  const [row, setRow] = useState<Row | null | undefined>(undefined)
  const error = useSubscription<{ [field: string]: { nodes: Row[] } }>(
    filter &&
      `subscription Record($filter: ${api.type}Filter) { ${api.live}(first: 1, filter: $filter) { nodes { ${selection(relation, relation.columns)} } } }`,
    useMemo(() => ({ filter }), [filter]),
    ({ data }) => setRow(data?.[api.live]?.nodes[0] ?? null),
  )
  const edits = useMemo(() => makeEdits(workspace, relation, null, tell), [workspace, relation])
  const reason = readOnlyReason(relation, role)
  const incoming =
    relations?.flatMap((other) =>
      other.links.filter((link) => link.relation === relation.name && link.columns.length === 1).map((link) => ({ other, link })),
    ) ?? []

  if (error) return <Problem error={error} />
  if (filter !== null && row === undefined) return <Waiting lines={8} />
  if (!row)
    return (
      <Empty
        icon={IconFileOff}
        title="This row is not there"
        action={<AppLink {...relationTo(workspace, relation.name)}>All of {relation.name}</AppLink>}
      >
        It was deleted, or it never was. If it comes, this page shows it by itself.
      </Empty>
    )
  const remove = async () => {
    try {
      await edits.remove([apiKey(relation, row)!])
      tell('The row is deleted')
      void go(relationTo(workspace, relation.name))
    } catch (problem) {
      tellError(problem)
    }
  }
  return (
    <>
      <div className="tm-page-head">
        <AppLink {...relationTo(workspace, relation.name)} className="tm-record-back">
          <IconArrowLeft size={16} aria-hidden /> <RelationIcon kind={relation.kind} /> {relation.name}
        </AppLink>
        <h1 className="tm-tabular">{values.map((each) => each || 'empty').join(' · ')}</h1>
        <span className="tm-spacer" />
        <LiveDot withWord />
        {relation.canDelete && !reason && (
          <Button variant="subtle" color="red" leftSection={<IconTrash size={15} aria-hidden />} onClick={() => void remove()}>
            Delete
          </Button>
        )}
      </div>
      <dl className="tm-card tm-fields">
        {columns.map((column) => {
          const value = row[column.field!] as Value
          const link = relation.links.find((each) => each.columns.length === 1 && each.columns[0] === column.name)
          return (
            <div key={column.name}>
              <dt>
                {column.title} <span className="tm-dim">{shortType(column.base)}</span>
              </dt>
              <dd>
                {reason === null && !column.generated && (isPlain(column) || /^jsonb?$/.test(column.base)) ? (
                  <Field
                    key={rawText(value)}
                    column={column}
                    value={value}
                    save={(text) =>
                      edits.cells([{ rowKey: row.nodeId, key: apiKey(relation, row)!, column, old: textOf(value), new: text }])
                    }
                  />
                ) : (
                  <span className="tm-field-value">
                    <CellValue value={value} format={column.format} type={column.base} />
                  </span>
                )}
                {link && value !== null && (
                  <AppLink {...recordTo(workspace, link.relation, [rawText(value)])} className="tm-record-link">
                    Open {link.relation}
                  </AppLink>
                )}
              </dd>
            </div>
          )
        })}
      </dl>
      {reason && <p className="tm-dim tm-small">{reason}</p>}
      {incoming.length > 0 && (
        <section>
          <h2 className="tm-section-title">What points here</h2>
          <ul className="tm-card tm-record-incoming">
            {incoming.map(({ other, link }) => (
              <li key={`${other.name} ${link.columns[0]}`}>
                <AppLink
                  {...relationTo(workspace, other.name)}
                  search={{
                    f: `${link.columns[0]}~eq~${rawText(row[relation.columns.find(({ name }) => name === link.to[0])?.field ?? ''] as Value)}`,
                  }}
                >
                  <RelationIcon kind={other.kind} /> {other.name} <span className="tm-dim">by {link.columns[0]}</span>
                </AppLink>
              </li>
            ))}
          </ul>
        </section>
      )}
      {relation.kind === 'matview' && <RecordHistory relation={relation} row={row} />}
      {relation.kind === 'table' && (
        <section>
          <h2 className="tm-section-title">History</h2>
          <p className="tm-dim tm-small">
            PostgreSQL keeps a table's rows as they are now. What a row was before is kept for materialized views, at every refresh
            {role === 'reader' ? (
              '.'
            ) : (
              <>
                :{' '}
                <AppLink to="/w/$workspace/views/new" params={{ workspace }} search={{ from: relation.name }}>
                  make a view of {relation.name}
                </AppLink>{' '}
                to follow it from now on.
              </>
            )}
          </p>
        </section>
      )}
    </>
  )
}

function Field({ column, value, save }: { column: Column; value: Value; save: (text: string | null) => Promise<void> }) {
  const old = rawText(value)
  const [text, setText] = useState(old)
  const keep = () => {
    if (text === old) return
    const textual = /^(text|character|varchar|citext)/.test(column.base)
    void save(text === '' && (!textual || value === null) ? null : text)
  }
  return (
    <textarea
      className="tm-field"
      rows={Math.min(8, Math.max(1, Math.ceil(text.length / 70), text.split('\n').length))}
      aria-label={column.name}
      placeholder={value === null ? 'null' : undefined}
      value={text}
      spellCheck={false}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.shiftKey) event.preventDefault(), event.currentTarget.blur()
        if (event.key === 'Escape') setText(old)
      }}
    />
  )
}
