/**
 * The consumers of server/events/README.md, as they stand there: each follows, is killed, goes on where it was.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark } from './support.ts'

const README = readFileSync(new URL('../../../server/events/README.md', import.meta.url), 'utf8')
const RECIPES: [string, string, string[]][] = [
  ['bash', 'consumer.sh', ['bash']],
  ['Python', 'consumer.py', ['python3']],
  ['TypeScript', 'consumer.ts', [process.execPath]],
]
const has = (program: string) => spawnSync(program, ['--version']).status === 0
let world: World
let folder: string
const children: ChildProcess[] = []

beforeAll(async () => {
  world = await startWorld({ worker: false })
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-recipes-'))
})
afterAll(async () => {
  for (const child of children) end(child)
  rmSync(folder, { recursive: true, force: true })
  await world?.close()
})
/** With its curl, if it has one. */
const end = (child: ChildProcess) => {
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    /* gone already */
  }
}

describe('The recipe in', () => {
  it.each(RECIPES.filter(([, , [program]]) => has(program!)))(
    '%s hears every mark, also those that came while it was down',
    async (language, file, [program]) => {
      const [, code] = new RegExp(`### ${language}\\n\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(README)!
      writeFileSync(path.join(folder, file), code!)
      const cursor = path.join(folder, `${file}.cursor`)
      const env = { PATH: process.env.PATH, TIDEMARK_URL: world.url, TIDEMARK_TOKEN: await world.token({ role: 'reader' }), CURSOR: cursor }
      let out = ''
      const start = () => {
        const child = spawn(program!, [path.join(folder, file)], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
        child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
        children.push(child)
        return child
      }
      const before = await mark(world.db)
      writeFileSync(cursor, before)

      const first = start()
      const one = await mark(world.db)
      await eventually(
        () => readFileSync(cursor, 'utf8').trim(),
        (id) => id === one,
      )
      end(first)
      const two = await mark(world.db)
      const second = start()
      const three = await mark(world.db)
      await eventually(
        () => readFileSync(cursor, 'utf8').trim(),
        (id) => id === three,
      )
      end(second)

      const ids = out
        .trim()
        .split('\n')
        .map((line) => (line.startsWith('{') ? JSON.parse(line).id : line.split(' ')[0]))
      expect(ids).toEqual([one, two, three])
    },
  )
})
