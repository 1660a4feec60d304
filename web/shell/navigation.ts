// The screens of a workspace as the sidebar and the palette list them.
import {
  IconApi,
  IconBell,
  IconClockPlay,
  IconDownload,
  IconHome,
  IconKey,
  IconSettings,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'

export interface Screen {
  name: string
  path: string
  icon: ComponentType<{ size?: number; stroke?: number; className?: string }>
  /** Pressed after `g`. */
  key?: string
  about: string
  part: 'top' | 'bottom'
}

export const SCREENS: Screen[] = [
  { name: 'Home', path: '', icon: IconHome, key: 'h', about: 'Drop a file, recent relations, schedules', part: 'top' },
  { name: 'Import', path: '/import', icon: IconDownload, key: 'i', about: 'A CSV file becomes a table', part: 'top' },
  { name: 'Events', path: '/events', icon: IconBell, key: 'e', about: 'What refreshes brought', part: 'top' },
  { name: 'Schedules', path: '/schedules', icon: IconClockPlay, key: 's', about: 'What runs when, and how it went', part: 'top' },
  { name: 'Webhooks', path: '/webhooks', icon: IconWebhook, key: 'w', about: 'Where events are sent', part: 'bottom' },
  { name: 'API', path: '/api', icon: IconApi, key: 'a', about: 'GraphiQL, REST, the command line', part: 'bottom' },
  { name: 'Tokens', path: '/tokens', icon: IconKey, about: 'Keys for programs', part: 'bottom' },
  { name: 'People', path: '/people', icon: IconUsers, key: 'p', about: 'Who is in this workspace, its name and limits', part: 'bottom' },
  { name: 'Settings', path: '/settings', icon: IconSettings, about: 'Appearance, language of formats, password, sessions', part: 'bottom' },
]
