// A link to an address that is made at run time. TanStack Router's own Link knows every route's type; this one takes text,
// and a relation's name goes in as a parameter, so that any character in it is escaped once and rightly.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export interface AppLinkProps extends Omit<React.AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  to: string
  params?: Record<string, string>
  search?: Record<string, string | undefined>
  activeOptions?: { exact?: boolean; includeSearch?: boolean }
  children?: ReactNode
}
export const AppLink = Link as unknown as (props: AppLinkProps) => ReactNode

/** Names that are screens of a workspace: a relation of such a name is reached under /r/. */
const SCREENS = new Set(['import', 'views', 'events', 'webhooks', 'people', 'tokens', 'settings', 'api', 'schedules', 'r'])

/** The address of a relation, as `to` and `params` of a link or of navigate(). */
export function relationTo(workspace: string, relation: string): { to: string; params: Record<string, string> } {
  return { to: SCREENS.has(relation) ? '/w/$workspace/r/$relation' : '/w/$workspace/$relation', params: { workspace, relation } }
}
/**
 * The address of one row: its key's values, parted by ~. A part that is nothing, `.` or `..` would be lost in an address, also as %2E:
 * it is written as a text that no other part can be.
 */
export function recordTo(workspace: string, relation: string, key: readonly string[]): { to: string; params: Record<string, string> } {
  return {
    to: '/w/$workspace/r/$relation/$key',
    params: { workspace, relation, key: key.map(escapePart).join('~') },
  }
}
const escapePart = (part: string) =>
  part === '' ? '%' : /^\.\.?$/.test(part) ? part.replaceAll('.', '%2E') : part.replaceAll('%', '%25').replaceAll('~', '%7E')

export function keyFrom(param: string): string[] {
  return param.split('~').map((part) => (part === '%' ? '' : part.replaceAll('%2E', '.').replaceAll('%7E', '~').replaceAll('%25', '%')))
}

/** navigate() for such addresses. */
export type Go = (options: { to: string; params?: Record<string, string>; search?: Record<string, string | undefined> }) => Promise<void>
