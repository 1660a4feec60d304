/**
 * The clock of databases without pg_cron, of schedules that its version cannot run, and of what it did not run in time: once
 * a second the elected server asks what is due and runs it through the same procedures. Started by server.ts where the
 * worker is on.
 *
 * One per database: whoever holds the advisory lock ticks, on a connection of its own; when that connection dies the next
 * server takes over. A run happens on a connection of the workspace, so that its limits hold as they do under pg_cron.
 */
import pg from 'pg'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'

const LOCK = 7468
const TICK_MS = 1000
const ELECTION_MS = 1000

export interface Ticker {
  /** True while this process is the elected one. */
  elected(): boolean
  stop(): Promise<void>
}

export function startTicker({ db, log }: { db: Db; log: Log }): Ticker {
  const stopping = new AbortController()
  const running = new Map<string, Promise<void>>()
  let elected = false
  let toldOfCron = false

  /** Sleeps to the next full second, so that runs fall on the grid of their schedules. */
  const nextSecond = () => sleep(TICK_MS - (Date.now() % TICK_MS) + 5, stopping.signal)

  async function tick(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ kind: 'schedule' | 'upkeep'; id: string; workspace: string | null; late: boolean }>(
      'select * from app_private.due_schedules()',
    )
    if (!toldOfCron && rows.some(({ late }) => late)) await tellOfCron(client)
    for (const { kind, id, workspace } of rows) {
      const name = `${kind} ${id}`
      if (running.has(name)) continue // a long one: its next slot comes when it is done
      const run = (
        kind === 'upkeep'
          ? db.owner.query('select app_private.run_upkeep($1)', [id])
          : workspace === null
            ? db.owner.query(`call app_private.run_schedule(${BigInt(id)})`)
            : db.asWorkspace(workspace, (own) => own.query(`call app_private.run_schedule(${BigInt(id)})`))
      )
        .catch((error) => log.error({ error: error.message, job: name }, 'a scheduled job could not be run'))
        .then(() => void running.delete(name))
      running.set(name, run)
    }
  }

  /** Once per process: pg_cron says it to nobody but a table of its own. */
  async function tellOfCron(client: pg.Client): Promise<void> {
    toldOfCron = (await client.query('select app_private.cron_cannot_log_in() as so')).rows[0].so
    if (toldOfCron) log.warn('pg_cron may not log in, so this server runs the schedules: OPERATIONS.md, "A PostgreSQL of your own"')
  }

  async function term(): Promise<void> {
    const client = new pg.Client({ ...db.login('app_owner'), application_name: 'tidemark ticker' })
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
    })
    let gone = false
    void lost.then(() => (gone = true))
    try {
      await client.connect()
      while (!stopping.signal.aborted && !gone) {
        if (!elected) {
          elected = (await client.query('select pg_try_advisory_lock($1) as mine', [LOCK])).rows[0].mine
          if (!elected) await sleep(ELECTION_MS, stopping.signal)
        } else {
          await nextSecond()
          if (!stopping.signal.aborted) await tick(client)
        }
      }
    } finally {
      elected = false
      await client.end().catch(() => {})
    }
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await term().catch((error) => log.warn({ error: error.message }, 'the ticker lost its connection'))
      await sleep(ELECTION_MS, stopping.signal)
    }
  })()

  return {
    elected: () => elected,
    async stop() {
      stopping.abort()
      await loop
      await Promise.all(running.values())
    },
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
