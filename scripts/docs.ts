/**
 * The references in docs/ that are made from the code. Called by check.mjs: `node scripts/docs.ts` says which are stale,
 * `--write` writes them. The API's (GraphQL, OpenAPI) need a running server: `--write` makes a throw-away one, and a test
 * (test/house/docs.test.ts) says whether they are stale. `--pictures` takes those of the README (with Chromium, by hand).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commandsPage, errorsPage, exampleFindings, settingsPage } from './docs/tables.ts'
import { ensureWeb } from './launch/web.mjs'
import { report } from './postgres/problem.mjs'
import { startThrowaway } from './postgres/throwaway.mjs'

const ROOT = path.join(import.meta.dirname, '..')
const DOCS = path.join(ROOT, 'docs')
const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

const pages = { 'cli.md': commandsPage(), 'errors.md': errorsPage(), 'settings.md': settingsPage() }

function stale(): string[] {
  const scripts = Object.keys(JSON.parse(read(path.join(ROOT, 'package.json'))).scripts)
  const told = new Set([...pages['cli.md'].matchAll(/^## (.*)$/gm)].map((match) => match[1]!))
  return [
    ...exampleFindings(read(path.join(ROOT, '.env.example')), read(path.join(ROOT, 'server/config.ts'))),
    ...scripts.filter((name) => !told.has(name)).map((name) => `scripts/commands.mjs: does not tell what "${name}" of package.json does`),
    ...[...told].filter((name) => !scripts.includes(name)).map((name) => `scripts/commands.mjs: package.json has no script "${name}"`),
    ...Object.entries(pages)
      .filter(([name, text]) => read(path.join(DOCS, name)) !== text)
      .map(([name]) => `docs/${name} is not what the code says: npm run check -- --write`),
  ]
}

async function onThrowaway(work: (url: string, secret: string) => Promise<void>) {
  const away = await startThrowaway(ROOT)
  try {
    await work(away.serverUrl, away.secret)
  } finally {
    await away.stop()
  }
}

// The whole server is loaded only where it is needed: looking at the pages takes a moment.
const write = () =>
  onThrowaway(async (url, secret) => {
    const { describeApi } = await import('./docs/api.ts')
    mkdirSync(DOCS, { recursive: true })
    const api = await describeApi(url, secret)
    for (const [name, text] of Object.entries({ ...pages, ...api })) writeFileSync(path.join(DOCS, name), text)
  })

const photograph = () =>
  onThrowaway(async (url, secret) => {
    const { takePictures } = await import('./docs/pictures.ts')
    await ensureWeb(ROOT, process.execPath, (text: string) => console.error(text))
    for (const file of await takePictures(url, secret, path.join(DOCS, 'pictures'))) console.log(file)
  })

try {
  if (process.argv.includes('--write')) await write()
  if (process.argv.includes('--pictures')) await photograph()
  const findings = stale()
  for (const finding of findings) console.log(finding)
  process.exitCode = findings.length > 0 ? 1 : 0
} catch (error) {
  report(error)
  process.exitCode = 1
}
