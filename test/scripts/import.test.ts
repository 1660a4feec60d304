/**
 * `npm run import`: scripts/import.ts as a process of its own against a real server; and the launcher's own refusals.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { answerText } from '../../scripts/import/answer.ts'
import { progressLine, QUERY } from '../../scripts/import/progress.ts'
import { startWorld, type World } from '../support/world.ts'

const ROOT = path.join(import.meta.dirname, '../..')
let world: World
let folder: string
beforeAll(async () => {
  world = await startWorld({ worker: false })
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-import-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await world?.close()
})

function start(args: string[], { env = onMachine(), input = '' as string | null } = {}) {
  const child = spawn(process.execPath, [path.join(ROOT, 'scripts/import.ts'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (part) => (out += part))
  child.stderr.setEncoding('utf8').on('data', (part) => (said += part))
  if (input !== null) child.stdin.end(input)
  child.stdin.on('error', () => {})
  const ended = new Promise<{ code: number | null; out: string; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, out, said })),
  )
  return { child, ended }
}
const run = (args: string[], more = {}) => start(args, more).ended
const onMachine = (): Record<string, string> => ({
  DATABASE_URL: world.db.url,
  TIDEMARK_SECRET: world.db.secret,
  TIDEMARK_URL: world.url,
})
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(folder, name), content)
  return name
}
const rowsOf = (table: string) => world.db.sql(`select * from ws_main."${table}" order by 1`)

describe('npm run import', () => {
  it('makes a typed table of a file and tells its name, rows, types and what was guessed', async () => {
    const name = file('people.csv', 'name;born;member\nAda;13.12.1815;true\nGrace;09.12.1906;false\n')

    const { code, out, said } = await run([name])

    expect([code, said]).toEqual([0, ''])
    expect(out).toMatch(/^main\.people: 2 rows, in a new table; \d+ B in /)
    expect(out).toMatch(/^ {2}born +date, written DD\.MM\.YYYY$/m)
    expect(out).toMatch(/^ {2}member +boolean$/m)
    expect(out).toContain('Read as utf-8, fields parted by ";", double quotes, with a header, LF.')
    expect(await rowsOf('people')).toHaveLength(2)
  })

  it('reads standard input, sends gzip as it is, and says that the same bytes came before', async () => {
    const text = 'id,word\n1,one\n2,two\n'

    const first = await run(['-', '--table', 'words'], { input: text })
    const packed = await run([file('again.csv.gz', gzipSync(text))])
    const again = await run(['-', '--table', 'words', '--mode', 'replace'], { input: text })

    expect([first.code, packed.code, again.code]).toEqual([0, 0, 0])
    expect(await rowsOf('words')).toEqual(await rowsOf('again'))
    expect(again.out).toMatch(/The same bytes were loaded before, by upload \d+\./)
  })

  it('appends, replaces and updates by key, each named in the answer', async () => {
    await run([file('stock.csv', 'id,n\n1,10\n2,20\n'), '--key', 'id'])

    const upsert = await run([file('more.csv', 'id,n\n2,21\n3,30\n'), '--table', 'stock', '--mode', 'upsert', '--key', 'id'])
    const append = await run([file('late.csv', 'n,id\n40,4\n'), '--table', 'stock', '--mode', 'append'])
    const before = await rowsOf('stock')
    const replace = await run([file('new.csv', 'id,n\n9,90\n'), '--table', 'stock', '--mode=replace'])

    expect(upsert.out).toContain('1 inserted, 1 updated')
    expect(append.out).toContain('1 row, appended')
    expect(before.map(({ id, n }) => [id, n])).toEqual([
      [1, 10],
      [2, 21],
      [3, 30],
      [4, 40],
    ]) // prettier-ignore
    expect(replace.out).toContain('in place of what was there')
    expect(await rowsOf('stock')).toMatchObject([{ id: 9, n: 90 }])
  })

  it('ends with 1 at a record that cannot be read, and says its line and what to do [TMCSV]', async () => {
    const name = file('broken.csv', 'a,b\n1,2\n3,4,5\n')

    const { code, out, said } = await run([name])

    expect([code, out]).toEqual([1, ''])
    expect(said).toContain('[TMCSV]')
    expect(said).toMatch(/^ {2}line 3$/m)
    expect(said).toMatch(/What to do: .*--on-error skip/)
  })

  it('loads the rest with --on-error skip and says where the others are', async () => {
    const { code, out } = await run([file('skipped.csv', 'a,b\n1,2\n3,4,5\n6,7\n'), '--on-error', 'skip'])

    expect(code).toBe(0)
    expect(out).toContain('2 rows')
    expect(out).toContain('Left out: 1 record, with line and reason in skipped_rejects.')
  })

  it('speaks of its own options where the server speaks of its own [TMEXI, TMARG]', async () => {
    await run([file('twice.csv', 'a\n1\n')])

    const again = await run(['twice.csv'])
    const unknown = await run(['twice.csv', '--table', 'other', '--option', 'colour=red'])

    expect([again.code, again.said]).toEqual([1, expect.stringMatching(/What to do: .*--mode append/)])
    expect([unknown.code, unknown.said]).toEqual([1, expect.stringContaining('Option colour: there is no such option')])
  })

  it('reads the answer that comes while a large file is still being sent', async () => {
    const name = file('large.csv', `a,b\n1,2,3\n${'123456789,123456789\n'.repeat(1_000_000)}`)

    const { code, said } = await run([name])

    expect([code, said]).toEqual([1, expect.stringMatching(/^ {2}line 2$/m)])
  })

  it('passes other options of uploads on', async () => {
    const { out } = await run([file('days.csv', 'd\n01/02/2024\n'), '--option', 'date_order=dmy', '--option', 'key=d'])

    expect(out).toMatch(/d +date, written DD\/MM\/YYYY/)
  })

  it('goes to any server with a token alone, and without one says where to get it [TMAUT]', async () => {
    const name = file('afar.csv', 'a\n1\n')
    const token = await world.token({ role: 'editor' })

    const without = await run([name, '--url', world.url], { env: {} })
    const withToken = await run([name, '--url', world.url, '--token', token], { env: {} })

    expect([without.code, without.said]).toEqual([1, expect.stringContaining('TIDEMARK_TOKEN')])
    expect([withToken.code, withToken.said]).toEqual([0, ''])
  })

  it('leaves no token behind, whether it went well, badly, or was stopped', async () => {
    await run([file('well.csv', 'a\n1\n')])
    await run(['well.csv'])
    const stopped = start(['-', '--table', 'stopped'], { input: null })
    stopped.child.stdin.write('a\n1\n2\n')
    await running('stopped')
    const seen = await world.graphql(QUERY, { name: null })
    stopped.child.kill('SIGINT')

    expect(seen.uploads.nodes).toEqual([{ rows: expect.any(String) }]) // what the line of progress asks
    expect(await stopped.ended).toMatchObject({ code: 130, said: expect.stringContaining('nothing was loaded') })
    expect(await world.db.sql(`select from app_public.api_tokens where name = 'npm run import'`)).toEqual([])
    expect(await world.db.sql(`select from pg_class where relname = 'stopped'`)).toEqual([])
  })

  it.each([
    ['a file that is not there', ['nowhere.csv'], /there is no file nowhere\.csv/],
    ['a folder', ['.'], /is a folder/],
    ['standard input without a table', ['-'], /name the table/],
    ['no file at all', [], /an import is of one file/],
    ['an option that it does not know', ['x.csv', '--colour'], /--help/],
    ['a workspace that is not there', ['-', '--table', 't', '--workspace', 'nowhere'], /there is no workspace "nowhere"/],
    ['a server that does not run', ['-', '--table', 't', '--url', 'http://127.0.0.1:9'], /does not answer.*\n.*start it/],
  ])('says in one sentence what is wrong with %s', async (_, args, message) => {
    const { code, out, said } = await run(args, { input: 'a\n1\n' })

    expect([code, out]).toEqual([1, ''])
    expect(said).toMatch(message)
    expect(said).not.toMatch(/^ +at /m)
  })

  it('looks for the file before it looks for a server', async () => {
    const { code, said } = await run(['nowhere.csv'], { env: {} })

    expect([code, said]).toEqual([1, expect.stringContaining('there is no file nowhere.csv')])
  })

  it('says that an address answers, but is no Tidemark', async () => {
    const other = createServer((_, response) => response.end('<h1>It works!</h1>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))

    const { code, said } = await run(['-', '--table', 't', '--url', `http://127.0.0.1:${(other.address() as AddressInfo).port}`])
    other.close()

    expect([code, said]).toEqual([1, expect.stringContaining('is no Tidemark: it answers "<h1>It works!</h1>"')])
  })

  it('has a help that needs nothing running', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/import.mjs', '--help'], { cwd: ROOT, encoding: 'utf8' })

    expect([status, stdout]).toEqual([0, expect.stringContaining('npm run import -- FILE')])
  })

  async function running(table: string): Promise<void> {
    for (const until = Date.now() + 20_000; Date.now() < until; ) {
      if ((await world.db.sql(`select from app_public.uploads where table_name = $1 and state = 'running'`, [table])).length > 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('it did not begin')
  }
})

describe('The line of progress', () => {
  it('tells bytes, rows and rate, and what is awaited once all is sent', () => {
    expect(progressLine({ sent: 5e7, size: 1e8, rows: 400_000, ms: 1000 })).toBe('50.0 MB of 100.0 MB, 400,000 rows, 50.0 MB/s')
    expect(progressLine({ sent: 5e7, size: null, rows: 0, ms: 2000 })).toBe('50.0 MB, 25.0 MB/s')
    expect(progressLine({ sent: 1e8, size: 1e8, rows: 9, ms: 1 })).toContain('waiting for the table')
  })
})

it('the answer of a wide table is cut to what a screen holds', () => {
  const columns = Array.from({ length: 1600 }, (_, i) => ({ name: `c${i}`, type: 'text', nullable: true }))
  const dialect = { delimiter: '\t', quote: '', line_end: '\r\n', encoding: 'utf-8', header: false, preamble: 2 }

  const text = answerText({ workspace: 'main', table: 't', mode: 'create', rows: 1, bytes: 1, columns, dialect }, 1000)

  expect(text.split('\n').length).toBeLessThan(70)
  expect(text).toContain('and 1,540 columns more')
  expect(text).toContain('fields parted by tab, no quotes, without a header, CRLF, 2 lines before the table')
})
