// What the file will become, before a byte is sent: dialect, target, columns with types and confidence, the first rows.
// Everything that was guessed can be changed here.
import { Button, Checkbox, Radio, Select, TextInput } from '@mantine/core'
import { IconFileTypeCsv, IconX } from '@tabler/icons-react'
import { ActionIcon } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { tableName } from '../../../server/upload/names.ts'
import type { Known } from '../../../server/upload/sniff.ts'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { bytes, count } from '../../shared/format/text.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { Problem, Waiting } from '../../shared/ui/states.tsx'
import { DialectBar } from './dialect-bar.tsx'
import { makePreview } from './preview.ts'
import { PreviewTable, type ColumnChoice } from './preview-table.tsx'
import { readSample } from './read-sample.ts'
import { useUploads, type Mode, type Options } from './uploads.tsx'
import './preview.css'

const MODES: { value: Mode; name: string; about: string }[] = [
  { value: 'append', name: 'Add', about: 'the rows come to those that are there' },
  { value: 'replace', name: 'Replace', about: 'the old rows go, views and rights stay' },
  { value: 'upsert', name: 'Update or add', about: 'rows with the same key are changed' },
]

export function PreviewPanel({ file, leave }: { file: File; leave: () => void }) {
  const workspace = useWorkspace()
  const navigate = useNavigate()
  const { start, choose } = useUploads()
  const { data: relations } = useCatalog()
  const [sample, setSample] = useState<{ bytes: Uint8Array; size: number } | null>(null)
  const [begun] = useState(() => performance.now())
  const [failed, setFailed] = useState<unknown>(null)
  const [known, setKnown] = useState<Known>({})
  const [choices, setChoices] = useState<Record<string, ColumnChoice>>({})
  const [table, setTable] = useState(() => tableName(file.name))
  const [mode, setMode] = useState<Mode>('append')
  const [key, setKey] = useState<string | null>(null)
  const [skipBad, setSkipBad] = useState(false)

  useEffect(() => {
    let alive = true
    readSample(file).then(
      (read) => alive && setSample(read),
      (error) => alive && setFailed(error),
    )
    return () => void (alive = false)
  }, [file])
  const preview = useMemo(() => {
    if (!sample) return null
    try {
      return makePreview(sample.bytes, sample.size, known)
    } catch (error) {
      return error as Error
    }
  }, [sample, known])

  // How long a person waited for it, for the tests and for who looks into the browser's timeline.
  const shown = preview !== null
  useEffect(() => {
    if (shown) performance.measure('tidemark-preview', { start: begun })
  }, [shown, begun])

  if (failed || preview instanceof Error)
    return (
      <Problem
        error={Object.assign(new Error(), { message: `${file.name} cannot be read: ${((failed ?? preview) as Error).message}` })}
        retry={leave}
      />
    )
  if (!preview) return <Waiting lines={8} />

  const target = relations?.find((relation) => relation.name === table)
  const isView = target && target.kind !== 'table'
  const exists = target?.kind === 'table'
  const chosenKey = key ? [key] : []
  const options: Options = {
    ...(exists ? { mode } : {}),
    ...(mode === 'upsert' && exists
      ? { key: JSON.stringify(chosenKey.length ? chosenKey : (target?.key ?? [])) }
      : !exists && key
        ? { key: JSON.stringify(chosenKey) }
        : {}),
    on_error: skipBad ? 'skip' : 'abort',
    ...(Object.keys(known).length ? { dialect: JSON.stringify(known) } : {}),
    ...(Object.keys(choices).length ? { columns: JSON.stringify(choices) } : {}),
  }
  const send = () => {
    const id = start(file, table, options, preview.estimate)
    choose(null)
    void navigate({ to: '/w/$workspace/import/$job', params: { workspace, job: id } })
  }
  return (
    <div className="tm-preview">
      <div className="tm-card tm-preview-file">
        <IconFileTypeCsv size={22} stroke={1.5} aria-hidden />
        <div className="tm-preview-name">
          <b className="tm-truncate">{file.name}</b>
          <span className="tm-dim tm-small tm-tabular">
            {bytes(file.size)} · {preview.whole ? '' : 'about '}
            {count(preview.estimate)} rows · {preview.columns.length} columns
          </span>
        </div>
        <DialectBar dialect={preview.dialect} set={(part) => (setKnown({ ...known, ...part }), setChoices({}))} />
        <ActionIcon aria-label="Choose another file" onClick={leave}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </div>

      <div className="tm-preview-target">
        <TextInput
          label="Table"
          value={table}
          onChange={(event) => setTable(event.currentTarget.value)}
          error={isView ? `${table} is a view: choose another name` : undefined}
          description={exists ? 'exists already' : 'will be made'}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
        />
        {exists ? (
          <Radio.Group label="It exists: what now?" value={mode} onChange={(value) => setMode(value as Mode)} className="tm-preview-modes">
            {MODES.map(({ value, name, about }) => (
              <Radio
                key={value}
                size="xs"
                value={value}
                label={
                  <>
                    <b>{name}</b> <span className="tm-dim">{about}</span>
                  </>
                }
              />
            ))}
          </Radio.Group>
        ) : null}
        {(!exists || mode === 'upsert') && (
          <Select
            label="Key"
            description={exists ? 'which rows are the same' : 'tells rows apart'}
            inputWrapperOrder={['label', 'input', 'description']}
            data={[
              { value: '', label: exists ? `as the table: ${target?.key?.join(', ') ?? 'none'}` : 'row_id, a number of its own' },
              ...preview.columns.map(({ source }) => ({ value: source, label: source })),
            ]}
            value={key ?? ''}
            onChange={(value) => setKey(value || null)}
          />
        )}
      </div>

      <PreviewTable preview={preview} choices={choices} setChoices={setChoices} file={file.name} />

      {preview.bad.length > 0 && (
        <p className="tm-preview-bad" role="status">
          <b>{preview.bad.length === 1 ? 'One line' : `${preview.bad.length} lines`} of the sample cannot be read as a row:</b>{' '}
          {preview.bad
            .slice(0, 3)
            .map(({ line, reason }) => `line ${count(line)} (${reason})`)
            .join('; ')}
          {preview.bad.length > 3 && ' …'}
        </p>
      )}

      <div className="tm-preview-go">
        <Checkbox
          label="Leave out rows that do not fit"
          description={
            skipBad
              ? `They are kept in ${table}_rejects with their line numbers.`
              : 'Otherwise the first one stops the import and nothing is stored.'
          }
          checked={skipBad}
          onChange={(event) => setSkipBad(event.currentTarget.checked)}
        />
        <span className="tm-spacer" />
        <Button variant="default" size="sm" onClick={leave}>
          Cancel
        </Button>
        <Button size="sm" onClick={send} disabled={!table.trim() || !!isView}>
          Import {preview.whole ? `${count(preview.estimate)} rows` : bytes(file.size)}
        </Button>
      </div>
      <details className="tm-show-sql">
        <summary>Show the API call</summary>
        <CopyCard
          label="API call"
          text={`curl -T ${JSON.stringify(file.name)} -H "Authorization: Bearer $TOKEN" \\\n  "${location.origin}/upload-file?${new URLSearchParams({ workspace, table, ...options })}"`}
        />
      </details>
    </div>
  )
}
