/**
 * `npm run import -- file.csv`: sends a file, or standard input, to the upload endpoint of a running server, and says what
 * became of it. Run by import.mjs. The server is --url or TIDEMARK_URL (any, with a token), else DATABASE_URL with TIDEMARK_SECRET (in
 * a container), else the running Tidemark of this checkout. Writes to stdout what was loaded, to stderr the progress
 * and what went wrong; ends with 1 when nothing was loaded. All reading and typing is the server's.
 */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { answerText, refusalText } from './import/answer.ts'
import { openPass } from './import/pass.ts'
import { showProgress } from './import/progress.ts'
import { send } from './import/send.ts'
import { findRunning } from './launch/state.mjs'
import { placeFor } from './postgres/place.mjs'
import { Problem, report } from './postgres/problem.mjs'

/** The upload options that have a word of their own here. All others: --option. */
const WORDS = { table: 'table', mode: 'mode', key: 'key', 'on-error': 'on_error', workspace: 'workspace' } as const

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
process.stdout.on('error', () => process.exit(1)) // | head

try {
  process.exitCode = await main()
} catch (error) {
  report(stopping.signal.aborted ? new Problem('the import was stopped: nothing was loaded.') : error)
  process.exitCode = stopping.signal.aborted ? 130 : 1
}
process.exit()

async function main(): Promise<number> {
  const { file, options, url: given, token } = readArguments()
  const size = file === '-' ? null : await sizeOf(file) // before a server is looked for: a slip in the name is the likelier
  const { url, ...here } = await findServer(given)
  if (file !== '-') options.file_name ??= path.basename(file)
  const pass = await openPass(here, token, options.workspace)
  const began = performance.now()
  const progress = process.stderr.isTTY ? showProgress({ url, token: pass.token, size, fileName: options.file_name ?? null }) : null
  try {
    const { status, body } = await send({
      url,
      token: pass.token,
      file,
      size,
      options,
      signal: stopping.signal,
      sent: (bytes) => progress?.sent(bytes),
    })
    await progress?.end()
    if (status >= 300) {
      process.stderr.write(`${refusalText(status, body)}\n`)
      return 1
    }
    process.stdout.write(`${answerText(body, performance.now() - began)}\n`)
    return 0
  } finally {
    await progress?.end()
    await pass.close()
  }
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        table: { type: 'string' },
        mode: { type: 'string' },
        key: { type: 'string' },
        'on-error': { type: 'string' },
        workspace: { type: 'string' },
        option: { type: 'string', multiple: true },
        url: { type: 'string' },
        token: { type: 'string' },
      },
    })
  } catch (error) {
    throw new Problem((error as Error).message, 'see npm run import -- --help.')
  }
}

function readArguments() {
  const { values, positionals } = parse()
  const [file] = positionals
  if (file === undefined || positionals.length > 1)
    throw new Problem('an import is of one file.', 'name it, or - for standard input: npm run import -- people.csv')
  const url = values.url ?? null
  if (url !== null && (!/^https?:/.test(url) || !URL.canParse(url)))
    throw new Problem(`"${url}" is no address of a server.`, 'give one like --url http://localhost:5000')
  if (file === '-' && !values.table) throw new Problem('standard input has no name.', 'name the table: npm run import -- - --table people')
  const options: Record<string, string> = {}
  for (const one of values.option ?? []) {
    const at = one.indexOf('=')
    if (at < 1) throw new Problem(`--option is "${one}".`, 'write NAME=VALUE, as in --option date_order=dmy')
    options[one.slice(0, at)] = one.slice(at + 1)
  }
  for (const [word, name] of Object.entries(WORDS)) {
    const value = values[word as keyof typeof WORDS]
    if (value !== undefined) options[name] = value
  }
  return { file, options, url, token: values.token ?? process.env.TIDEMARK_TOKEN ?? null }
}

/** The server, and what a token is made with where none is given. */
async function findServer(given: string | null): Promise<{ url: string; DATABASE_URL?: string; TIDEMARK_SECRET?: string }> {
  if (given !== null) return { url: given }
  const { DATABASE_URL, TIDEMARK_SECRET, TIDEMARK_URL, PORT } = process.env
  if (TIDEMARK_URL || (DATABASE_URL && TIDEMARK_SECRET))
    return {
      url: TIDEMARK_URL || `http://localhost:${PORT || 5000}`,
      ...(DATABASE_URL && TIDEMARK_SECRET ? { DATABASE_URL, TIDEMARK_SECRET } : {}),
    }
  const { url, databaseUrl, secret } = findRunning(await placeFor(path.join(import.meta.dirname, '..')))
  return { url, DATABASE_URL: databaseUrl, TIDEMARK_SECRET: secret }
}

/** null: it has no length that could be known (a pipe). */
async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      error.code === 'ENOENT' ? `there is no file ${file}.` : `${file} cannot be read (${error.code}).`,
      'check its name and its rights.',
    )
  })
  if (found.isDirectory()) throw new Problem(`${file} is a folder.`, 'import its files one by one.')
  return found.isFile() ? found.size : null
}
