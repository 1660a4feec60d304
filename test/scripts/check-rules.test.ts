/**
 * The rules of `npm run check` that are ours, on a small repository with each fault in it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkDependencies } from '../../scripts/check/dependencies.mjs'
import { checkRules } from '../../scripts/check/rules.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-rules-'))
  execFileSync('git', ['init', '-q'], { cwd: root })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(file: string, text: string) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
}

it('a package that nothing imports is found, and one that is imported without being asked for', () => {
  write(
    'package.json',
    JSON.stringify({ dependencies: { pg: '8.0.0', express: '5.0.0', ws: '8.0.0' }, devDependencies: { jest: '30.0.0', tape: '5.0.0' } }),
  )
  write(
    'server/a.ts',
    `import {\n  Pool,\n} from 'pg'\nconst { WebSocket } = await import('ws')\nimport fs from 'node:fs'\nimport { b } from './b.ts'\n`,
  )
  write('server/b.ts', `import test from 'tape'\nimport { deep } from '@scope/hoisted/deep.js'\n`)

  const found = checkDependencies(root).filter((one: string) => !one.startsWith('scripts/check/dependencies.mjs'))

  expect(found).toEqual([
    'package.json: express is imported nowhere: npm uninstall express',
    'server/b.ts: imports @scope/hoisted, which is not in package.json',
    'server/b.ts: imports tape, which is only a devDependency',
  ])
})

it('a link of a README that leads nowhere, a file without a header and one that is too long are found', () => {
  write('package.json', '{ "scripts": {} }')
  write('.gmrc', '{ "afterReset": [] }')
  mkdirSync(path.join(root, 'migrations/setup'), { recursive: true })
  write('README.md', 'See [there](docs/there.md), [here](server/a.ts#L1), [web](https://example.org), [below](#x).')
  write('server/a.ts', `/** a */\n${'x\n'.repeat(300)}`)
  write('server/b.ts', 'export const b = 1\n')

  expect(checkRules(root)).toEqual([
    'server/a.ts: 301 lines, more than 300',
    'server/b.ts: begins without a comment that says what it is for',
    'README.md: links to docs/there.md, which is not there',
  ])
})
