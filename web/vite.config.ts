// What it is for: builds the admin into web/dist (npm start, when stale) and serves it with hot reload (npm run dev).
// Who calls it: scripts/start.mjs, scripts/dev.mjs, `npx vite build --config web/vite.config.ts`.
// What it writes: web/dist; the server serves it with history fallback, hashed files under /assets for ever.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The server that `npm run dev` puts Vite in front of. */
const api = process.env.TIDEMARK_API ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`
const proxied = [
  '/graphql',
  '/graphiql',
  '/ruru-static',
  '/rest',
  '/events',
  '/auth',
  '/setup',
  '/login',
  '/upload-file',
  '/healthz',
  '/metrics',
]

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Vite 8's Lightning CSS turns light-dark() into variables that never resolve with Mantine unless the targets know it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    target: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [`^${path}(/|$|\\?)`, { target: api, ws: path === '/graphql', xfwd: true }])),
  },
})
