// Which workspace, and the way to the others.
import { Menu, UnstyledButton } from '@mantine/core'
import { IconCheck, IconSelector, IconUsers } from '@tabler/icons-react'
import { useGo } from '../shared/ui/use-go.ts'
import { useSession, useWorkspace } from '../shared/api/session.ts'

export function WorkspaceMenu() {
  const { workspaces } = useSession()
  const current = useWorkspace()
  const navigate = useGo()
  const name = workspaces.find((workspace) => workspace.id === current)?.name ?? current
  return (
    <Menu position="bottom-start" width={236}>
      <Menu.Target>
        <UnstyledButton className="tm-workspace">
          <img src="/favicon.svg" alt="" width={24} height={24} />
          <span className="tm-workspace-name tm-truncate">{name}</span>
          <IconSelector size={14} className="tm-dim" aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {workspaces.map((workspace) => (
          <Menu.Item
            key={workspace.id}
            onClick={() => void navigate({ to: `/w/${workspace.id}` })}
            rightSection={
              workspace.id === current ? (
                <IconCheck size={14} aria-label="current" />
              ) : (
                <span className="tm-small tm-dim">{workspace.role}</span>
              )
            }
          >
            {workspace.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconUsers size={15} aria-hidden />} onClick={() => void navigate({ to: `/w/${current}/people` })}>
          People and workspaces
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
