// export.ts: GET /export/<relation>: any table or view as CSV (RFC 4180), streamed from COPY. Mounted by route.ts.
//
// It is the way back: NULL is an unquoted empty field and '' is "", booleans are true and false, times are ISO in UTC. What CSV
// cannot say (a bigint whose values are small, a double without fraction) is in the header Tidemark-Columns, which can be sent
// back as the option `columns`. For browsers, text that a spreadsheet would run as a formula gets a ' in front; raw=1 leaves it.

import type { Request, RequestHandler, Response } from 'express'
import { escapeIdentifier as q, escapeLiteral as literal } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { pgSettings } from '../auth/caller.ts'
import { AppError } from '../errors.ts'
import type { UploadDependencies } from './route.ts'
import { lookUp, relation, type TargetColumn } from './target.ts'

const LIMIT_MS = 30 * 60_000

export function exportRoute({ db, identify, log }: Pick<UploadDependencies, 'db' | 'identify' | 'log'>): RequestHandler {
  return async (req, res, next) => {
    const client = await db.api.connect().catch(next)
    if (!client) return
    let broken: Error | boolean = false
    try {
      const text = (k: string): string | undefined => (typeof req.query[k] === 'string' ? req.query[k] : undefined)
      const caller = await identify(req, { workspace: text('workspace') })
      const schema = `ws_${caller.workspace}`,
        name = String(req.params.relation).replace(/\.csv$/i, '')
      await client.query('begin read only')
      const found = name.startsWith('_') ? null : await lookUp(client, schema, name)
      if (!found?.exists) throw new AppError('TMNOF', `There is no table or view "${name.slice(0, 100)}"`)
      const columns = found.columns
      const settings = Object.entries({ ...pgSettings(caller, LIMIT_MS), datestyle: 'ISO, YMD', timezone: 'UTC' })
      await client.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as s (name, value)', [
        settings.map(([n]) => n),
        settings.map(([, v]) => v),
      ])
      const guard = text('raw') === undefined ? browser(req) : !/^(|1|true)$/.test(text('raw')!)
      const list = columns.map((c) => expression(c, guard, columns.length === 1)).join(', ')
      const stream = client.query(
        copyTo(`copy (select ${list} from ${relation(schema, name)}) to stdout (format csv, header, encoding 'UTF8')`, {
          highWaterMark: 256 << 10,
        }),
      )
      broken = true // until the last row is out the connection is in the middle of a COPY
      res.on('close', () => {
        if (!res.writableFinished) stream.destroy()
      })
      let first = true
      for await (const chunk of stream) {
        if (first) head(res, name, columns, guard)
        first = false
        if (!res.write(chunk)) await drained(res)
        if (res.destroyed) throw new AppError('TMCAN', 'The client went away')
      }
      if (first) head(res, name, columns, guard)
      broken = false
      await client.query('commit')
      res.end()
    } catch (error) {
      if (!broken)
        await client.query('rollback').catch(() => {
          broken = true
        })
      if (res.headersSent) {
        log.info({ id: req.id, error: (error as Error).message }, 'an export ended early')
        res.destroy()
      } else next(error)
    } finally {
      client.release(broken)
    }
  }
}

/** The client took what was written, or is gone. */
function drained(res: Response): Promise<void> {
  return new Promise((ok) => {
    const done = (): void => {
      res.off('drain', done)
      res.off('close', done)
      ok()
    }
    res.once('drain', done)
    res.once('close', done)
  })
}

/** A page that is opened, not a program: those get the formula guard. */
function browser(req: Request): boolean {
  return req.headers['sec-fetch-site'] !== undefined || /text\/html/.test(String(req.headers.accept ?? ''))
}

function expression(c: TargetColumn, guard: boolean, alone: boolean): string {
  const name = q(c.name)
  if (c.sql === 'boolean') return `case ${name} when true then 'true' when false then 'false' end as ${name}`
  if (guard && /^(text|character|citext|name|unknown)/.test(c.sql))
    return `case when ${name} ~ '^[-=+@\\t\\r]' then ${literal("'")} || ${name} else ${name} end as ${name}`
  // a lone column's NULL would be an empty line; "" is NULL again in a column that is not text
  return alone && !/^(text|character)/.test(c.sql) ? `coalesce(${name}::text, '') as ${name}` : name
}

function head(res: Parameters<RequestHandler>[1], name: string, columns: readonly TargetColumn[], guard: boolean): void {
  const types = JSON.stringify(Object.fromEntries(columns.map((c) => [c.name, c.sql])))
  res.set({
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}.csv`,
    'Cache-Control': 'no-store',
    'Tidemark-Formula-Guard': guard ? 'on' : 'off',
    // only ASCII may be in a header; a header of more than 8 kB would be refused by proxies
    ...(types.length < 6000
      ? { 'Tidemark-Columns': types.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) }
      : {}),
  })
}
