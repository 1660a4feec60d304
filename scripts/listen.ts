/**
 * The external process of the first experiment, grown up: prints every mark as it comes, and never misses one.
 * Run by listen.mjs (`npm run listen`). Writes stdout and, with --cursor, that file.
 *
 * Two ways to the events, one behaviour: straight from the database for whoever has the machine (LISTEN, then the log by
 * id), or from a server anywhere by GET /events. Both resume after a lost connection where they were.
 */
import { parseArgs } from 'node:util'
import { fromDatabase } from './listen/database.ts'
import { type Follow, Fatal, type Item } from './listen/follow.ts'
import { lineOf, readCursorFile, runCommand, writeCursorFile } from './listen/handle.ts'
import { fromServer } from './listen/server.ts'

const CHANNEL = 'matview_refresh_channel'

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
const note = (text: string) => process.stderr.write(`${text}\n`)

try {
  await main()
} catch (error) {
  if (!stopping.signal.aborted) {
    note(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
process.exit()

async function main(): Promise<void> {
  const options = readOptions()
  const { cursor, json, exec, count } = options
  const kept = cursor === null ? null : readCursorFile(cursor)
  const after = kept ?? options.after
  const follow: Follow = {
    after,
    workspace: options.workspace,
    matview: options.matview,
    changes: options.changes,
    signal: stopping.signal,
    note,
  }
  const items = options.url ? fromServer(options.url, options.token, follow) : fromDatabase(process.env, follow)

  let handled = 0
  for await (const item of items) {
    if (stopping.signal.aborted) return
    if (!(await handle(item, { json, exec }))) return // stopped while a command failed: not handled
    if (cursor !== null) writeCursorFile(cursor, item.id)
    if (item.kind === 'mark' && ++handled >= count) return
  }
}

async function handle(item: Item, { json, exec }: { json: boolean; exec: string | null }): Promise<boolean> {
  if (item.kind === 'begin') {
    note(`listening on ${CHANNEL} after event ${item.id}${item.kept ? '' : ' (that is: now)'}`)
    return true
  }
  if (item.kind === 'reset') {
    const why = item.reset.reason === 'ahead' ? 'this database knows no such event' : 'older ones are not kept any more'
    note(`reset: asked for what follows ${item.reset.after}, but ${why}. All that is kept follows; read the views anew.`)
    if (json && exec === null) process.stdout.write(`${JSON.stringify({ reset: item.reset })}\n`)
    return true
  }
  if (exec !== null) return runCommand(exec, item.mark, stopping.signal, note)
  process.stdout.write(`${json ? JSON.stringify(item.mark) : lineOf(item.mark)}\n`)
  return true
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      after: { type: 'string' },
      cursor: { type: 'string' },
      json: { type: 'boolean', default: false },
      exec: { type: 'string' },
      changes: { type: 'boolean', default: false },
      matview: { type: 'string' },
      workspace: { type: 'string' },
      count: { type: 'string' },
      url: { type: 'string' },
      token: { type: 'string' },
    },
  })
  const [channel = CHANNEL] = positionals
  if (channel !== CHANNEL || positionals.length > 1) throw new Fatal(`There is one channel for all events: npm run listen -- ${CHANNEL}`)
  if (values.after !== undefined && !/^\d{1,18}$/.test(values.after)) throw new Fatal('--after is the id of an event.')
  if (values.count !== undefined && !/^[1-9]\d{0,8}$/.test(values.count)) throw new Fatal('--count is a whole number from 1 on.')
  if (values.url !== undefined && !URL.canParse(values.url)) throw new Fatal('--url is the address of a server, like http://localhost:5000')
  return {
    ...values,
    after: values.after ?? null,
    cursor: values.cursor ?? null,
    exec: values.exec ?? null,
    matview: values.matview ?? null,
    workspace: values.workspace ?? null,
    count: values.count ? Number(values.count) : Infinity,
    token: values.token ?? process.env.TIDEMARK_TOKEN ?? null,
  }
}
