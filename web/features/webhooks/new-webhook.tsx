// The form for a webhook: an address, one view or all, with the changed rows or without.
import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useCatalog } from '../../shared/api/use-catalog.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { Problem } from '../../shared/ui/states.tsx'
import { takeFocus } from '../../shared/ui/take-focus.ts'
import { CREATE } from './webhooks.ts'

interface Props {
  made: (secret: string) => void
  close: () => void
}

export function NewWebhook({ made, close }: Props) {
  const { data: relations } = useCatalog()
  const [url, setUrl] = useState('')
  const [name, setName] = useState('')
  const [matview, setMatview] = useState<string | null>(null)
  const [withChanges, setWithChanges] = useState(true)
  const create = useChange<{ createWebhook: { newWebhook: { secret: string } } }>(CREATE, (data) => {
    made(data.createWebhook.newWebhook.secret)
    close()
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ url: url.trim(), name: name.trim() || null, matview, withChanges })
  }
  return (
    <form className="tm-card tm-stack tm-webhook-new" onSubmit={submit} aria-label="New webhook">
      <TextInput
        label="Address"
        description="It is called by POST, signed as in Standard Webhooks, and answers 2xx within 10 s."
        placeholder="https://example.com/tidemark"
        type="url"
        required
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        ref={takeFocus}
      />
      <TextInput
        label="Name"
        placeholder="What it is for"
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label="Events of"
        placeholder="All views"
        clearable
        searchable
        data={(relations ?? []).filter(({ kind }) => kind === 'matview').map((relation) => relation.name)}
        value={matview}
        onChange={setMatview}
      />
      <Checkbox label="With the changed rows" checked={withChanges} onChange={(event) => setWithChanges(event.currentTarget.checked)} />
      {create.error && <Problem error={create.error} compact />}
      <div className="tm-actions">
        <Button type="submit" loading={create.isPending}>
          Make the webhook
        </Button>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
