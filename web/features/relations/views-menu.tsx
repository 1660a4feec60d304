// Saved views of this relation: mine, shared by others; what is shown now can be kept under a name.
import { Button, Checkbox, Menu, Modal, TextInput } from '@mantine/core'
import { IconCheck, IconDeviceFloppy, IconLayoutList, IconTrash, IconUsers } from '@tabler/icons-react'
import { useState } from 'react'
import { tell, tellError } from './use-commands.ts'
import type { View } from './use-view.ts'
import { useReturnFocus } from '../../shared/ui/use-return-focus.ts'

export function ViewsMenu({ view }: { view: View }) {
  const { views, active, dirty, isMine } = view
  const [naming, setNaming] = useState(false)
  const mine = views.filter(isMine)
  const others = views.filter((each) => !isMine(each))
  const item = (each: (typeof views)[number]) => (
    <Menu.Item
      key={each.id}
      onClick={() => view.select(each)}
      rightSection={
        each.id === active?.id ? (
          <IconCheck size={14} aria-label="shown" />
        ) : each.shared ? (
          <IconUsers size={14} aria-label="shared" className="tm-dim" />
        ) : null
      }
    >
      {each.name}
      {each.isDefault && isMine(each) && <span className="tm-dim tm-small"> · first</span>}
    </Menu.Item>
  )
  return (
    <>
      <Menu position="bottom-start" width={260}>
        <Menu.Target>
          <Button variant="subtle" color={dirty ? 'tide' : 'gray'} leftSection={<IconLayoutList size={15} aria-hidden />}>
            {active?.name ?? 'My view'}
            {dirty && <span title="changed"> •</span>}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className="tm-menu-scroll">
          <Menu.Item onClick={() => view.select(null)} rightSection={active ? null : <IconCheck size={14} aria-label="shown" />}>
            My view <span className="tm-dim tm-small">· kept by itself</span>
          </Menu.Item>
          {mine.map(item)}
          {others.length > 0 && <Menu.Label>Shared by others</Menu.Label>}
          {others.map(item)}
          <Menu.Divider />
          {active && isMine(active) && dirty && (
            <Menu.Item
              leftSection={<IconDeviceFloppy size={15} aria-hidden />}
              onClick={() =>
                void view
                  .save(active.name, active)
                  .then(() => tell(`${active.name} is saved`))
                  .catch(tellError)
              }
            >
              Save {active.name}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconDeviceFloppy size={15} aria-hidden />} onClick={() => setNaming(true)}>
            Save as…
          </Menu.Item>
          {active && isMine(active) && (
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={15} aria-hidden />}
              onClick={() =>
                void view
                  .remove(active)
                  .then(() => tell(`${active.name} is deleted`))
                  .catch(tellError)
              }
            >
              Delete {active.name}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {naming && <SaveAs view={view} close={() => setNaming(false)} />}
    </>
  )
}

function SaveAs({ view, close }: { view: View; close: () => void }) {
  useReturnFocus()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const [isDefault, setDefault] = useState(false)
  return (
    <Modal opened onClose={close} title="Save this view" size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void view
            .save(name.trim(), { shared, isDefault })
            .then(() => (close(), tell(`${name.trim()} is saved`)))
            .catch(tellError)
        }}
      >
        <TextInput
          label="Name"
          data-autofocus
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox
          mt="md"
          label="Share with everybody in this workspace"
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
        <Checkbox
          mt="xs"
          label="Open this relation with it"
          checked={isDefault}
          onChange={(event) => setDefault(event.currentTarget.checked)}
        />
        <Button type="submit" mt="lg" size="sm" fullWidth disabled={!name.trim()}>
          Save
        </Button>
      </form>
    </Modal>
  )
}
