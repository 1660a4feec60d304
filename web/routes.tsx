// Every address of the app. Screens are loaded when they are first visited; the address is the state of what they show.
// A new screen: a file under features/, a line here, a line in shell/navigation.ts.
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { savedViewsQuery } from './features/relations/saved-views.ts'
import type { ViewSearch } from './features/relations/view-config.ts'
import { catalogQuery } from './shared/api/use-catalog.ts'
import { ApiError } from './shared/api/request.ts'
import { sessionQuery } from './shared/api/session.ts'
import { Problem } from './shared/ui/states.tsx'
import { Shell } from './shell/shell.tsx'

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  beforeLoad: async ({ context, location }) => {
    try {
      return { session: await context.client.ensureQueryData(sessionQuery) }
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      window.location.assign(`/login?next=${encodeURIComponent(location.href)}`)
      return new Promise<never>(() => {}) // the page is being left
    }
  },
  errorComponent: ({ error }) => (
    <main className="tm-page">
      <Problem error={error} retry={() => window.location.reload()} />
    </main>
  ),
})

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const { account, workspaces } = context.session
    const first = workspaces.find(({ id }) => id === account.default_workspace) ?? workspaces[0]
    if (first) throw redirect({ to: '/w/$workspace', params: { workspace: first.id } })
  },
  component: lazyRouteComponent(() => import('./features/account/no-workspace-screen.tsx'), 'NoWorkspaceScreen'),
})

const workspaceRoute = createRoute({ getParentRoute: () => rootRoute, path: '/w/$workspace', component: Shell })

/** Search parameters that a screen reads: texts, whatever the address says. */
const texts =
  <K extends string>(...names: K[]) =>
  (search: Record<string, unknown>): { [N in K]?: string } =>
    Object.fromEntries(names.flatMap((name) => (search[name] === undefined ? [] : [[name, String(search[name])]]))) as { [N in K]?: string }

const page = <P extends string>(path: P, load: () => Promise<Record<string, any>>, name: string) =>
  createRoute({ getParentRoute: () => workspaceRoute, path, component: lazyRouteComponent(load, name) })

const homeRoute = page('/', () => import('./features/upload/home-screen.tsx'), 'HomeScreen')
const importRoute = page('import', () => import('./features/upload/import-screen.tsx'), 'ImportScreen')
const importJobRoute = page('import/$job', () => import('./features/upload/progress-screen.tsx'), 'ProgressScreen')
const newViewRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: 'views/new',
  validateSearch: texts('from', 'step'),
  component: lazyRouteComponent(() => import('./features/matviews/make-view-screen.tsx'), 'MakeViewScreen'),
})
const viewRoute = page('views/$name', () => import('./features/matviews/matview-screen.tsx'), 'MatviewScreen')
const editViewRoute = page('views/$name/edit', () => import('./features/matviews/edit-view-screen.tsx'), 'EditViewScreen')
const schedulesRoute = page('schedules', () => import('./features/schedules/schedules-screen.tsx'), 'SchedulesScreen')
const eventsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: 'events',
  validateSearch: texts('matview', 'after', 'event'),
  component: lazyRouteComponent(() => import('./features/events/events-screen.tsx'), 'EventsScreen'),
})
const webhooksRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: 'webhooks',
  validateSearch: texts('open'),
  component: lazyRouteComponent(() => import('./features/webhooks/webhooks-screen.tsx'), 'WebhooksScreen'),
})
const peopleRoute = page('people', () => import('./features/account/people-screen.tsx'), 'PeopleScreen')
const tokensRoute = page('tokens', () => import('./features/account/tokens-screen.tsx'), 'TokensScreen')
const settingsRoute = page('settings', () => import('./features/account/settings-screen.tsx'), 'SettingsScreen')
const apiRoute = page('api', () => import('./features/api/api-screen.tsx'), 'ApiScreen')

const relationSearch = texts<keyof ViewSearch>('cols', 'sort', 'f', 'q', 'v', 'd')
const relation = <P extends string>(path: P) =>
  createRoute({
    getParentRoute: () => workspaceRoute,
    path,
    validateSearch: relationSearch,
    component: lazyRouteComponent(() => import('./features/relations/relation-screen.tsx'), 'RelationScreen'),
  })
const relationRoute = relation('$relation')
const relationByNameRoute = relation('r/$relation') // for relations that are called like a screen
// The address that people guess; links use the one below, which no screen can be in the way of.
const recordByNameRoute = page('$relation/$key', () => import('./features/relations/record-screen.tsx'), 'RecordScreen')
const recordRoute = page('r/$relation/$key', () => import('./features/relations/record-screen.tsx'), 'RecordScreen')

const routeTree = rootRoute.addChildren([
  indexRoute,
  workspaceRoute.addChildren([
    homeRoute,
    importRoute,
    importJobRoute,
    newViewRoute,
    viewRoute,
    editViewRoute,
    schedulesRoute,
    eventsRoute,
    webhooksRoute,
    peopleRoute,
    tokensRoute,
    settingsRoute,
    apiRoute,
    relationRoute,
    relationByNameRoute,
    recordByNameRoute,
    recordRoute,
  ]),
])

/** What the first screen will ask for, asked for while its code is still loading. */
function warm(client: QueryClient): void {
  const [, workspace, ...rest] = window.location.pathname.split('/').slice(1).map(decodeURIComponent)
  if (!workspace || !window.location.pathname.startsWith('/w/')) return
  void client.prefetchQuery(catalogQuery(workspace))
  const relation = rest[0] === 'r' ? rest[1] : rest.length === 1 ? rest[0] : undefined
  if (relation) void client.prefetchQuery(savedViewsQuery(workspace, relation))
}

export function makeRouter(client: QueryClient) {
  warm(client)
  return createRouter({
    routeTree,
    context: { client },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    // Plain ?a=b instead of JSON: addresses are read, shared and written by hand.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
      if (!pairs.length) return ''
      // Only what would break the address is escaped: cols and filters stay readable.
      const text = pairs.map(
        ([name, value]) =>
          `${name}=${encodeURIComponent(String(value)).replace(/%(2C|3B|3D|7E|3A|2F|40|7C)/gi, (c) => decodeURIComponent(c))}`,
      )
      return `?${text.join('&')}`
    },
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
