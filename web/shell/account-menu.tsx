// The person: appearance, settings, sign out.
import { Avatar, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { IconCheck, IconDeviceDesktop, IconLogout, IconMoon, IconSettings, IconSun } from '@tabler/icons-react'
import { useGo } from '../shared/ui/use-go.ts'
import { signOut, useSession, useWorkspace } from '../shared/api/session.ts'

const SCHEMES = [
  { value: 'light', name: 'Light', icon: IconSun },
  { value: 'dark', name: 'Dark', icon: IconMoon },
  { value: 'auto', name: 'As the system', icon: IconDeviceDesktop },
] as const

export function AccountMenu() {
  const { account } = useSession()
  const workspace = useWorkspace()
  const navigate = useGo()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="top-start" width={220}>
      <Menu.Target>
        <UnstyledButton className="tm-account">
          <Avatar size={24} radius="xl" color="tide" variant="filled" name={account.name} aria-hidden />
          <span className="tm-visually-hidden">Account:</span>
          <span className="tm-truncate">{account.name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{account.email}</Menu.Label>
        {SCHEMES.map(({ value, name, icon: Icon }) => (
          <Menu.Item
            key={value}
            rightSection={colorScheme === value ? <IconCheck size={14} aria-label="chosen" /> : null}
            leftSection={<Icon size={15} aria-hidden />}
            onClick={() => setColorScheme(value)}
            fw={colorScheme === value ? 600 : 400}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconSettings size={15} aria-hidden />} onClick={() => void navigate({ to: `/w/${workspace}/settings` })}>
          Settings
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} aria-hidden />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
