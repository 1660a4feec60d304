/**
 * The events straight from PostgreSQL: LISTEN first, then the log by id, then wait. Called by ../listen.ts.
 *
 * Logs in as the API does where its secret is known (the local database), else with DATABASE_URL as it is, like psql; then
 * acts as the reader of the workspace, unless the login is of a workspace already. Reads only.
 */
import pg from 'pg'
import { beginAt, checkCursor, PAGE, readMarks, withChanges } from '../../server/events/catch-up.ts'
import { urlFor } from '../../server/db.ts'
import { backOff, Fatal, type Follow, type Item, pause } from './follow.ts'

/** Looks without having heard anything: a NOTIFY can be lost, an event cannot. */
const POLL_MS = 15_000

export async function* fromDatabase(env: NodeJS.ProcessEnv, follow: Follow): AsyncGenerator<Item> {
  const { DATABASE_URL: url, TIDEMARK_SECRET: secret } = env
  if (!url) throw new Fatal('DATABASE_URL is not set: run `npm start`, or name a server with --url.')
  const connectionString = secret ? urlFor(url, 'app_authenticator', secret) : url
  let last = follow.after
  let begun = false

  for (let tries = 0; !follow.signal.aborted; ) {
    const client = new pg.Client({ connectionString, application_name: 'tidemark listen (command)', keepAlive: true })
    let wake = () => {}
    let lost: string | null = null
    const say = (why: string) => {
      lost ??= why
      wake()
    }
    client.on('error', (error) => say(error.message))
    client.on('end', () => say('closed'))
    client.on('notification', () => wake())
    const stop = () => wake()
    follow.signal.addEventListener('abort', stop)
    try {
      await client.connect()
      const workspace = await enter(client, follow.workspace)
      await client.query('listen matview_refresh_channel') // before the first look, or a hole opens between the two
      if (!begun) {
        const kept = last !== null
        last ??= String((await client.query('select app_hidden.last_event_id() as id')).rows[0].id)
        yield { kind: 'begin', id: last, kept }
        begun = true
      }
      const reset = await checkCursor(client, last!)
      if (reset) {
        last = beginAt(reset)
        yield { kind: 'reset', id: last, reset }
      }
      if (tries > 0) follow.note('connected again')
      tries = 0
      while (!follow.signal.aborted) {
        const woken = new Promise<void>((resolve) => (wake = resolve))
        let page: Awaited<ReturnType<typeof readMarks>>
        do {
          page = await readMarks(client, { after: last!, workspace, matview: follow.matview })
          for (const mark of page) {
            yield { kind: 'mark', id: mark.id, mark: follow.changes ? await withChanges(client, mark) : mark }
            last = mark.id
          }
        } while (page.length === PAGE)
        if (lost !== null) throw new Error(lost)
        const timer = setTimeout(() => wake(), POLL_MS)
        await woken
        clearTimeout(timer)
      }
    } catch (error) {
      if (follow.signal.aborted) return
      if (error instanceof Fatal) throw error
      const { code, message } = error as Error & { code?: string }
      // What another try cannot mend: wrong password, no such database, role or table, no right.
      if (tries === 0 && !begun && /^(28|3D|42|0L)/.test(code ?? '')) throw new Fatal(`The database says: ${message}.`)
      if (tries++ === 0) follow.note(`the connection was lost (${message || code}); trying again`)
    } finally {
      follow.signal.removeEventListener('abort', stop)
      await client.end().catch(() => {})
    }
    if (await pause(backOff(tries), follow.signal)) return
  }
}

/** Becomes somebody of a workspace, so that row-level security shows its events and no others. */
async function enter(client: pg.Client, wanted: string | null): Promise<string> {
  const { rows } = await client.query('select app_hidden.current_workspace() as own')
  const { own } = rows[0]
  if (own !== null) {
    if (wanted !== null && wanted !== own) throw new Fatal(`This login is of the workspace ${own}.`)
    return own
  }
  const workspace = wanted ?? 'main'
  await client.query(`set role ${pg.escapeIdentifier(`ws_${workspace}_reader`)}`).catch((error) => {
    throw new Fatal(
      error.code === '22023' || error.code === '42704' ? `There is no workspace ${workspace}.` : `The database says: ${error.message}.`,
    )
  })
  return workspace
}
