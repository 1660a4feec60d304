// What ends somebody's ownership or the workspace: handing it over, the archive and back, dropping it with all that is in it.
// Called by workspace-settings.tsx for owners. POST /auth/workspaces/<id>/restore, DELETE /auth/workspaces/<id>.
import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { requestJson } from '../../shared/api/request.ts'
import { sessionQuery, useSession, useWorkspaceInfo } from '../../shared/api/session.ts'
import { useChange } from '../../shared/api/use-change.ts'
import { ConfirmButton } from '../../shared/ui/confirm-button.tsx'
import { Problem } from '../../shared/ui/states.tsx'
import { ARCHIVE, HAND_OVER, useMembers } from './people.ts'
import { Section } from './section.tsx'

export function WorkspaceEnd() {
  const { id, name, archived } = useWorkspaceInfo()!
  const queries = useQueryClient()
  const again = () => queries.invalidateQueries(sessionQuery)
  const archive = useChange(ARCHIVE, again)
  const restore = useMutation({
    mutationFn: () => requestJson(`/auth/workspaces/${id}/restore`, { method: 'POST', body: '{}' }),
    onSuccess: again,
  })
  return (
    <Section title="Hand over or end" about="Handing over and archiving can be undone by an owner. Dropping cannot.">
      {!archived && <HandOver done={again} />}
      <div className="tm-card tm-stack">
        {archived ? (
          <p>It is archived: everybody reads, nothing can be changed, its schedules rest.</p>
        ) : (
          <p>In the archive everybody is a reader, nothing can be changed, and its schedules rest.</p>
        )}
        {(archive.error ?? restore.error) && <Problem error={archive.error ?? restore.error} compact />}
        <div className="tm-actions">
          {archived ? (
            <Button loading={restore.isPending} onClick={() => restore.mutate()}>
              Restore {name}
            </Button>
          ) : (
            <ConfirmButton
              label="Archive…"
              size="xs"
              question={`${name} can be looked at by its members, and changed by nobody until an owner restores it.`}
              confirm="Archive it"
              loading={archive.isPending}
              onConfirm={() => archive.mutate({})}
            />
          )}
        </div>
      </div>
      <Drop id={id} name={name} />
    </Section>
  )
}

function HandOver({ done }: { done: () => void }) {
  const me = String(useSession().account.id)
  const { data } = useMembers()
  const others = (data ?? []).filter(({ accountId }) => String(accountId) !== me)
  const [to, setTo] = useState<string | null>(null)
  const handOver = useChange(HAND_OVER, done)
  const name = others.find(({ accountId }) => String(accountId) === to)?.account?.name
  return (
    <div className="tm-card tm-form">
      <Select
        label="Hand over to"
        description="They become an owner, you become an editor"
        placeholder={others.length ? 'A member' : 'Invite somebody first'}
        disabled={!others.length}
        data={others.map(({ accountId, account }) => ({ value: String(accountId), label: account?.name ?? `Account ${accountId}` }))}
        value={to}
        onChange={setTo}
        style={{ flex: 1, minWidth: 200 }}
      />
      <ConfirmButton
        label="Hand over…"
        size="sm"
        disabled={!to}
        question={`${name ?? 'They'} will say who is in. You can change data, views and schedules, but not who is in.`}
        confirm="Hand it over"
        loading={handOver.isPending}
        onConfirm={() => handOver.mutate({ accountId: to })}
      />
      {handOver.error && <Problem error={handOver.error} compact />}
    </div>
  )
}

function Drop({ id, name }: { id: string; name: string }) {
  const [typed, setTyped] = useState('')
  const drop = useMutation({
    mutationFn: () => requestJson(`/auth/workspaces/${id}`, { method: 'DELETE', body: JSON.stringify({ confirm: typed }) }),
    onSuccess: () => location.assign('/'),
  })
  return (
    <form
      className="tm-card tm-form"
      aria-label="Drop the workspace"
      onSubmit={(event) => {
        event.preventDefault()
        drop.mutate()
      }}
    >
      <TextInput
        label={`Drop ${name} with all its tables, views and events`}
        description={`Type ${id} to confirm`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        style={{ flex: 1, minWidth: 200 }}
      />
      <Button type="submit" size="sm" color="red" disabled={typed !== id} loading={drop.isPending}>
        Drop it for ever
      </Button>
      {drop.error && <Problem error={drop.error} compact />}
    </form>
  )
}
