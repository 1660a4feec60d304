/**
 * The elected pump: one of all servers, whoever holds the advisory lock. It gives watched tables their capture triggers, takes
 * what they wrote, and sends it on as few NOTIFYs on table_change_channel. Started by live.ts, as app_scheduler, on a connection of
 * its own (no transaction pooler).
 *
 * A table's life here:
 * - watched, not attached: tried every ROUND; until it works, "anything may have changed" is said every POLL_MS, so that live
 *   queries are late but right. A lock is waited for LOCK_MS at most, now and then longer: only that interrupts an autovacuum.
 * - attached: CREATE TRIGGER has waited for the writers before it; one "anything" hint tells what they did; then keys. Whether the
 *   triggers are still there is asked with the watches: a table may be dropped and made again under its name.
 * - no longer watched: kept for KEEP_MS, then detached, as soon as nobody reads at that moment.
 *
 * Delete-returning needs no cursor: what commits late comes in a later round; taking and sending commit together. An idle round
 * is one statement for all workspaces; when nobody watches anything, one in WATCH_MS. Rounds come closer while there are changes.
 * What is taken leaves dead rows that every round would pass again, so the pump vacuums by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { batches, type Change, flat, gather, type Hint, takeStatement } from './hints.ts'

const LOCK = 7467
const ROUND_MS = 40
const BUSY_ROUND_MS = 15
/** A round is busy that long after the last change; not in a flood, which costs less in larger portions. */
const BUSY_MS = 1000
const FLOOD_ROWS = 50
/** Taken rows after which the table of changes is vacuumed. */
const VACUUM_ROWS = 20_000
const WATCH_MS = 250
const POLL_MS = 1000
const ELECTION_MS = 500
/** After a lost connection, the first tries come sooner: 50 ms, 100, 200, … */
const FIRST_RETRY_MS = 50
const KEEP_MS = 120_000
const LOCK_MS = 150
const LONG_LOCK_MS = 1500

interface Table {
  attached: boolean
  tries: number
  seenAt: number
  toldAt: number
}
interface Pump {
  poke(): void
  elected(): boolean
  stop(): Promise<void>
}

export function startPump(login: pg.ClientConfig, log: Log): Pump {
  let stopped = false,
    elected = false,
    lookAt = 0
  let db: pg.Client
  let wasElected = false

  async function life() {
    db = new pg.Client({ ...login, application_name: 'tidemark pump' })
    let lost = false
    db.on('error', () => {
      lost = true
    })
    db.on('end', () => {
      lost = true
    })
    try {
      await db.connect()
      while (!stopped && !lost && !(await db.query('select pg_try_advisory_lock($1) as mine', [LOCK])).rows[0].mine)
        await sleep(ELECTION_MS)
      if (stopped || lost) return
      elected = wasElected = true
      log.debug('this server pumps the changes of watched tables')
      await db.query('set synchronous_commit = off') // nothing durable here, and no fsync while holding the NOTIFY lock
      await db
        .query('select app_private.watch_platform_tables()')
        .catch((error) => log.warn({ error: error.message }, 'platform tables are not watched yet'))
      const tables = new Map<string, Table>(),
        prepared = new Set<string>()
      const dead = new Map<string, number>()
      let busyUntil = 0
      while (!stopped && !lost) {
        const hints: Hint[] = []
        if (performance.now() >= lookAt) {
          lookAt = performance.now() + WATCH_MS
          await look(tables, prepared, hints)
        }
        const taken = await round(tables, hints, dead)
        if (taken > 0) busyUntil = taken > FLOOD_ROWS ? 0 : performance.now() + BUSY_MS
        await tidy(dead)
        await sleep(tables.size === 0 ? WATCH_MS : performance.now() < busyUntil ? BUSY_ROUND_MS : ROUND_MS)
      }
    } finally {
      elected = false
      await db.end().catch(() => {})
    }
  }

  /** Follows the watches: attaches, polls where that did not work yet, detaches. */
  async function look(tables: Map<string, Table>, prepared: Set<string>, hints: Hint[]) {
    const now = performance.now()
    const { rows } = await db.query<{ schema: string; rel: string; bare: boolean }>(
      'select schema, rel, bare from app_private.live_watched()',
    )
    for (const { schema, rel, bare } of rows) {
      const name = `${schema}.${rel}`
      let table = tables.get(name)
      if (!table) tables.set(name, (table = { attached: false, tries: 0, seenAt: 0, toldAt: 0 }))
      table.seenAt = now
      if (table.attached && !bare) continue
      table.attached = false
      try {
        table.attached = await attach(schema, rel, prepared, table.tries++ % 8 === 7 ? LONG_LOCK_MS : LOCK_MS)
        hints.push({ r: name })
      } catch (error) {
        if ((error as pg.DatabaseError).code !== '55P03')
          log.warn({ error: (error as Error).message, relation: name }, 'changes of a table cannot be captured yet')
        if (now - table.toldAt > POLL_MS) {
          table.toldAt = now
          hints.push({ r: name })
        }
      }
    }
    for (const [name, table] of tables) {
      if (now - table.seenAt < KEEP_MS) continue
      const [schema, rel] = split(name)
      if (schema !== 'app_public') {
        try {
          await within(LOCK_MS, `select app_private.detach_capture(to_regclass($1))`, [quoted(schema, rel)])
        } catch (error) {
          if ((error as pg.DatabaseError).code === '55P03') {
            table.seenAt = now - KEEP_MS / 2
            continue
          } // somebody reads: later
        }
      }
      tables.delete(name)
    }
  }

  /** @returns true once there is nothing more to attach: triggers are there, or it is no table that can have any. */
  async function attach(schema: string, rel: string, prepared: Set<string>, waitMs: number): Promise<boolean> {
    if (schema === 'app_public') return true // its triggers stay, see watch_platform_tables()
    const {
      rows: [found],
    } = await db.query('select c.relkind from pg_class c where c.oid = to_regclass($1)', [quoted(schema, rel)])
    if (!found || !['r', 'p'].includes(found.relkind)) return true
    if (!prepared.has(schema)) {
      // At top level and not in a function: on Citus such a table would be none of the workspace's
      await db.query(
        `create unlogged table if not exists ${pg.escapeIdentifier(schema)}._live_changes (rel text not null, op "char" not null, keys text[], old_keys text[])`,
      )
      prepared.add(schema)
    }
    await within(waitMs, 'select app_private.attach_capture(to_regclass($1))', [quoted(schema, rel)])
    return true
  }

  async function within(waitMs: number, text: string, values: unknown[]) {
    await db.query('begin')
    try {
      await db.query(`set local lock_timeout = '${waitMs}ms'`)
      await db.query(text, values)
      await db.query('commit')
    } catch (error) {
      await db.query('rollback')
      throw error
    }
  }

  /** Takes what was written and sends it. @returns how many rows there were. */
  async function round(tables: Map<string, Table>, hints: Hint[], dead: Map<string, number>): Promise<number> {
    const schemas = await written(new Set([...tables].filter(([, { attached }]) => attached).map(([name]) => split(name)[0])))
    if (schemas.length === 0 && hints.length === 0) return 0
    let sum = 0
    await db.query('begin')
    try {
      for (const schema of schemas) {
        const { rows } = await db.query<Change>(takeStatement(schema)).catch(async (error) => {
          if (error.code !== '42P01') throw error
          // The workspace has gone, or has no table that can be captured
          await db.query('rollback; begin')
          return { rows: [] as Change[] }
        })
        hints.push(
          ...gather(
            schema,
            rows.map((row) => ({ ...row, keys: flat(row.keys) })),
          ),
        )
        const taken = rows.reduce((all, row) => all + row.taken, 0)
        dead.set(schema, (dead.get(schema) ?? 0) + taken)
        sum += taken
      }
      // One message with the end of the transaction: a NOTIFY holds a lock of the whole cluster until then
      const notifies = [...batches(hints)].map((batch) => `select pg_notify('table_change_channel', ${pg.escapeLiteral(batch)}); `)
      await db.query(`${notifies.join('')}commit`)
    } catch (error) {
      await db.query('rollback').catch(() => {})
      throw error
    }
    return sum
  }

  /** Which of the schemas have changes to take; all of them if one cannot be asked. */
  async function written(schemas: Set<string>): Promise<string[]> {
    if (schemas.size === 0) return []
    const asked = [...schemas].map((schema) => {
      const has = schema === 'app_public' ? 'app_private.has_platform_changes()' : `exists (select from ${quoted(schema, '_live_changes')})`
      return `select ${pg.escapeLiteral(schema)} where ${has}`
    })
    try {
      const { rows } = await db.query({ text: asked.join(' union all '), rowMode: 'array' })
      return rows.map(([schema]) => schema)
    } catch (error) {
      if ((error as pg.DatabaseError).code !== '42P01') throw error
      return [...schemas]
    }
  }

  /** Rows that were taken stay in the way of the next rounds until they are vacuumed. */
  async function tidy(dead: Map<string, number>) {
    for (const [schema, rows] of dead) {
      if (rows < VACUUM_ROWS || schema === 'app_public') continue
      dead.delete(schema)
      await db.query(`vacuum (skip_locked) ${quoted(schema, '_live_changes')}`).catch(() => {}) // autovacuum will
    }
  }

  const loop = (async () => {
    for (let wait = FIRST_RETRY_MS; !stopped; wait = Math.min(ELECTION_MS, wait * 2)) {
      await life().catch((error) => {
        if (!stopped) log.warn({ error: error.message }, 'the pump starts over')
      })
      if (wasElected) wait = FIRST_RETRY_MS
      wasElected = false
      if (!stopped) await sleep(wait)
    }
  })()

  return {
    /** Somebody watches something new: look now. */
    poke: () => {
      lookAt = 0
    },
    elected: () => elected,
    async stop() {
      stopped = true
      await loop
    },
  }
}

const split = (name: string): [string, string] => [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)]
const quoted = (schema: string, rel: string) => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(rel)}`
