// What it is for: starts the app. Reads the colour scheme and the language of formats from this browser.
import './shared/ui/theme.css'
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import './shared/format/format.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { makeRouter } from './routes.tsx'
import { ApiError } from './shared/api/request.ts'
import { setLanguage } from './shared/format/text.ts'
import { cssVariables, theme } from './shared/ui/theme.ts'
import { readPreference } from './shared/ui/preferences.ts'

setLanguage(readPreference('language'))

// A newer build has replaced the files of this one: load the page anew, but not again and again.
window.addEventListener('vite:preloadError', () => {
  const last = Number(sessionStorage.getItem('tidemark-reloaded') ?? 0)
  if (Date.now() - last < 30_000) return
  sessionStorage.setItem('tidemark-reloaded', String(Date.now()))
  window.location.reload()
})

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // What a retry may mend is tried again silently; what the server refused is not.
      retry: (failures, error) => failures < 5 && error instanceof ApiError && (error.code === 'OFFLINE' || error.status === 503),
      retryDelay: (failures) => Math.min(8000, 400 * 2 ** failures),
    },
  },
})
const router = makeRouter(client)
const Notifications = lazy(() => import('./shared/ui/notices.tsx'))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        colorSchemeManager={localStorageColorSchemeManager({ key: 'tidemark-color-scheme' })}
      >
        <Suspense>
          <Notifications position="bottom-right" limit={4} zIndex={400} />
        </Suspense>
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
)
