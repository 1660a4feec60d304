/**
 * The consumers of server/events/README.md, as they stand there: each follows, is killed, goes on where it was.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { scramVerifier } from '../../../server/auth/direct.ts'
import { startWorld, type World } from '../../support/world.ts'
import { eventually, mark } from './support.ts'

const README = readFileSync(new URL('../../../server/events/README.md', import.meta.url), 'utf8')
interface Recipe {
  language: string
  file: string
  /** What runs it; with what question it is there. */
  program: string
  there: string[]
  /** A compiler: what it makes of `file` is run then. */
  build?: (file: string, made: string) => string[]
}
/** Debian's package is for Debian's Python, which need not be the first in the path. */
function pythonWithPsycopg(): string {
  const found = ['python3', '/usr/bin/python3'].find((program) => spawnSync(program, ['-c', 'import psycopg']).status === 0)
  return found ?? 'python3'
}
const RECIPES: Recipe[] = [
  { language: 'bash', file: 'consumer.sh', program: 'bash', there: ['-c', 'command -v curl'] },
  { language: 'Python', file: 'consumer.py', program: 'python3', there: ['--version'] },
  { language: 'TypeScript', file: 'consumer.ts', program: process.execPath, there: ['--version'] },
  { language: 'Go', file: 'consumer.go', program: 'go', there: ['version'], build: (file, made) => ['build', '-o', made, file] },
  { language: 'Straight from PostgreSQL', file: 'marks.py', program: pythonWithPsycopg(), there: ['-c', 'import psycopg'] },
]
const has = ({ program, there }: Recipe) => spawnSync(program, there).status === 0
/** Some need more than a machine must have: said where they are left out, and a failure where CI=true (.ci/run installs it). */
const absent = RECIPES.filter((one) => !has(one))
const reasonOf = ({ language, program, there }: Recipe) => `the recipe in ${language}: \`${program} ${there.join(' ')}\` does not work here`
const isCi = process.env.CI === 'true'
if (!isCi) for (const one of absent) process.stderr.write(`SKIPPED ${reasonOf(one)}\n`)
let world: World
let folder: string
const children: ChildProcess[] = []

beforeAll(async () => {
  world = await startWorld({ worker: false })
  await world.db.sql(`select app_private.set_direct_login('main', true, $1)`, [scramVerifier('a password of the test')])
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
  const run = it.each(RECIPES.filter((one) => !absent.includes(one)).map((one) => [one.language, one] as const))
  run(
    '%s hears every mark, also those that came while it was down',
    async (language, { file, program, build }) => {
      const [, code] = new RegExp(`### ${language}\\n[^]*?\`\`\`\\w+\\n([^]*?)\`\`\``).exec(README)!
      writeFileSync(path.join(folder, file), code!)
      const cursor = path.join(folder, `${file}.cursor`)
      let command = [program, path.join(folder, file)]
      if (build) {
        const made = path.join(folder, `${file}.made`)
        const { status, stderr } = spawnSync(program, build(path.join(folder, file), made), { encoding: 'utf8', cwd: folder })
        expect([status, stderr]).toEqual([0, ''])
        command = [made]
      }
      const env = {
        PATH: process.env.PATH,
        TIDEMARK_URL: world.url,
        TIDEMARK_TOKEN: await world.token({ role: 'reader' }),
        MARKS_URL: world.db.urlFor('ws_main_direct_ro'),
        CURSOR: cursor,
      }
      let out = ''
      const start = () => {
        const child = spawn(command[0]!, command.slice(1), { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
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
    120_000, // a compiler on a busy machine
  )
  for (const one of absent)
    (isCi ? it : it.skip)(`${one.language} finds its program`, () => {
      throw new Error(reasonOf(one))
    })
})
