/**
 * The ways by which a file becomes a table in the bench of uploads: psql \copy (the measure), HTTP, `npm run import`, and what
 * people use otherwise. Called by ../upload.ts. Each begins without its table, after a checkpoint, and answers milliseconds.
 * Writes tables bench_own, bench_ref, bench_rival of workspace main.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import type pg from 'pg'
import type { Case } from './files.ts'

export interface Bench {
  /** The platform's owner: may make tables in every workspace. The rivals and \copy use the same login. */
  owner: string
  admin: pg.Client
  checkpoint: () => Promise<void>
  psql: string
  env: Record<string, string>
  /** Of the server under test. */
  url: string
}
export type Way = (c: Case, file: string) => Promise<number>

const ROOT = path.join(import.meta.dirname, '../../..')
const typed = (table: string) => (c: Case) => `create table ws_main.${table} (row_id bigserial primary key, ${c.columns})`

export const waysOf = (b: Bench) => ({
  copy: timed(b, 'bench_ref', (c, file) => [b.psql, ...psqlArguments(b, [copyInto('ws_main.bench_ref', c, file)])], typed('bench_ref')),

  // curl sends, so that this process' CPU is the server's alone
  http: timed(b, 'bench_own', (_, file) => [
    'curl',
    '-sSf',
    ...['-o', '/dev/null', '-X', 'POST', '-H', 'content-type: text/csv', '-T', file],
    `${b.url}/upload-file?table=bench_own`,
  ]),

  import: timed(b, 'bench_own', (_, file) => [
    process.execPath,
    path.join(ROOT, 'scripts/import.ts'),
    ...[file, '--table', 'bench_own', '--url', b.url, '--token', 'any'],
  ]),

  /** Parse every record, write it anew: what a Node server does without a scanner of bytes. The types are given to it. */
  csvParse: timed(
    b,
    'bench_rival',
    (c, file) => [process.execPath, path.join(import.meta.dirname, 'csv-parse.ts'), b.owner, file, c.header],
    typed('bench_rival'),
  ),

  /** Everything as text first, then one INSERT with casts. The types are given to it. */
  staging: timed(
    b,
    'bench_rival',
    (c, file) => [
      b.psql,
      ...psqlArguments(b, [
        `create temp table staging (${c.header.split(',').join(' text, ')} text)`,
        copyInto('staging', c, file),
        `insert into ws_main.bench_rival (${c.header}) select ${casts(c)} from staging`,
      ]),
    ],
    typed('bench_rival'),
  ),

  /** The types are given to it; the key is the file's id, as it cannot leave out a column that fills itself. */
  pgloader: timed(
    b,
    'bench_rival',
    (c, file) => [
      'pgloader',
      '--quiet',
      ...['--type', 'csv', '--with', 'skip header = 1', '--with', "fields terminated by ','"],
      ...['--with', "fields optionally enclosed by '\"'", '--with', 'fields escaped by double-quote', '--field', c.header],
      file,
      `${pgloaderUrl(b.owner)}?tablename=ws_main.bench_rival`,
    ],
    (c) => `create table ws_main.bench_rival (${c.columns}, primary key (id))`,
  ),

  /** The one that finds types by itself, from all rows. */
  csvsql: timed(b, 'bench_rival', (_, file) => [
    'csvsql',
    ...['--db', sqlalchemyUrl(b.owner), '--db-schema', 'ws_main', '--tables', 'bench_rival', '--insert', file],
  ]),
})

function timed(b: Bench, table: string, command: (c: Case, file: string) => string[], made?: (c: Case) => string): Way {
  return async (c, file) => {
    await b.admin.query(`drop table if exists ws_main.${table}`)
    if (made) await b.admin.query(made(c))
    await b.checkpoint()
    const [program, ...rest] = command(c, file)
    const began = performance.now()
    await run(program!, rest, b.env)
    return performance.now() - began
  }
}

function run(program: string, args: string[], env: Record<string, string>): Promise<void> {
  return new Promise((ok, no) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)))
    child.once('error', no)
    child.once('close', (code) => (code === 0 ? ok() : no(new Error(`${program} ended with ${code}: ${said.trim()}`))))
  })
}

const psqlArguments = (b: Bench, commands: string[]) => [
  ...['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', b.owner],
  ...commands.flatMap((one) => ['-c', one]),
]
const copyInto = (table: string, c: Case, file: string) => `\\copy ${table} (${c.header}) from '${file}' (format csv, header)`
const casts = (c: Case) => c.columns.replace(/(\w+) (\w+)/g, '$1::$2')

function parts(url: string) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const login = [searchParams.get('user') ?? username, password].filter(Boolean).join(':')
  return {
    host: hostname || searchParams.get('host')!,
    port: port || searchParams.get('port') || '5432',
    login,
    database: pathname.slice(1),
  }
}
function pgloaderUrl(url: string): string {
  const { host, port, login, database } = parts(url)
  return `postgresql://${login}@${host.startsWith('/') ? `unix:${host}` : host}:${port}/${database}`
}
function sqlalchemyUrl(url: string): string {
  const { host, port, login, database } = parts(url)
  return host.startsWith('/')
    ? `postgresql://${login}@/${database}?host=${host}&port=${port}`
    : `postgresql://${login}@${host}:${port}/${database}`
}
