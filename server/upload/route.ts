// route.ts: POST /upload-file and GET /export/<relation>. Mounted by app.ts before any body parser.
// One upload: who asks → options → uploads row → transaction in the caller's role → load → finish_upload → COMMIT → answer.
// Whatever goes wrong, the transaction is rolled back, the row says why, and the client gets the one error body.

import { Router, type NextFunction, type Request, type Response } from 'express'
import type { PoolClient } from 'pg'
import { escapeIdentifier as q } from 'pg'
import { pgSettings, type Caller, type Identify } from '../auth/caller.ts'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import { exportRoute } from './export.ts'
import type { LoadResult, Progress } from './job.ts'
import { load } from './load.ts'
import { Machines } from './machine.ts'
import { JsonLines, ndjsonToCsv } from './ndjson.ts'
import { tableName } from './names.ts'
import { readOptions, type UploadOptions } from './options.ts'
import { openRecord } from './progress.ts'
import { discardRest, receive, type Received } from './receive.ts'
import { relation } from './target.ts'

export interface UploadDependencies {
  db: Db
  identify: Identify
  log: Log
  maxBytes?: number | null // of one file, after decompression
  uploaded?: (end: { mode: string; bytes: number; rows: number }) => void // after COMMIT
  idleMs?: number
  sampleBytes?: number
}

const UNREADABLE: Record<string, string> = {
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'an Excel file',
  'application/vnd.ms-excel.sheet.macroenabled.12': 'an Excel file',
  'application/vnd.apache.parquet': 'a Parquet file',
  'application/pdf': 'a PDF',
  'application/zip': 'a zip archive',
  'application/json': 'one JSON document',
  'application/vnd.oasis.opendocument.spreadsheet': 'a LibreOffice file',
}

export function uploadRoute(deps: UploadDependencies): Router {
  const router = Router()
  const sweep = (): void => {
    deps.db.owner
      .query('select app_private.fail_stale_uploads()')
      .catch((e: Error) => deps.log.warn({ error: e.message }, 'stale uploads could not be closed'))
  }
  sweep()
  setInterval(sweep, 60_000).unref()
  const machines = new Machines()
  router.post('/upload-file', (req, res, next) => {
    upload(deps, machines, req, res).catch((e: unknown) => answerError(req, res, next, e))
  })
  router.get('/export/:relation', exportRoute(deps))
  return router
}

/** A client that is gone gets no answer. */
function answerError(req: Request, res: Response, next: NextFunction, error: unknown): void {
  if (res.destroyed || res.writableEnded) return
  discardRest(req)
  next(error)
}

async function upload(deps: UploadDependencies, machines: Machines, req: Request, res: Response): Promise<void> {
  const { db, identify, log } = deps
  const received = await receive(req)
  let stopIdle = (): void => {}
  try {
    const options = readOptions(received.fields)
    const fileName = options.fileName ?? received.fileName
    const caller = await identify(req, { workspace: options.workspace })
    if (UNREADABLE[received.contentType])
      throw new AppError('TMMED', `This is ${UNREADABLE[received.contentType]}`, {
        hint:
          received.contentType === 'application/json'
            ? 'Send one JSON object per line (application/x-ndjson), or CSV.'
            : 'Save it as CSV (UTF-8) and send that.',
      })
    const table = options.table ?? (fileName ? tableName(fileName) : null)
    if (!table)
      throw new AppError('TMARG', 'The table has no name', {
        hint: 'Send the option table, for example /upload-file?table=people.',
        more: { option: 'table' },
      })
    if (/tab-separated|\/tsv/.test(received.contentType) && options.dialect.delimiter === undefined) options.dialect.delimiter = '\t'
    const result = await run(deps, machines, req, received, options, caller, table, fileName, (stop) => {
      stopIdle = stop
    })
    res.status(options.dryRun ? 200 : 201).json(result)
  } catch (error) {
    const cause = req.destroyed && !req.complete && !(error instanceof AppError) ? new AppError('TMCAN', 'The client went away') : error
    if (cause !== error) log.info({ id: req.id }, 'an upload ended: the client went away')
    throw cause
  } finally {
    stopIdle()
  }
}

async function run(
  deps: UploadDependencies,
  machines: Machines,
  req: Request,
  received: Received,
  options: UploadOptions,
  caller: Caller,
  table: string,
  fileName: string | null,
  idle: (stop: () => void) => void,
): Promise<Record<string, unknown>> {
  const { db, log } = deps
  const began = Date.now()
  const length = Number(req.headers['content-length'])
  const total = Number.isFinite(length) && length > 0 && !req.is('multipart/form-data') ? length : null
  const client = await db.api.connect()
  let broken: Error | undefined
  let record: Awaited<ReturnType<typeof openRecord>> | null = null
  const schema = `ws_${caller.workspace}`
  const begin = async (): Promise<void> => {
    await client.query('begin')
    const settings = Object.entries(pgSettings(caller, 0))
    await client.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as s (name, value)', [
      settings.map(([n]) => n),
      settings.map(([, v]) => v),
    ])
  }
  const asServer = async <X>(work: () => Promise<X>): Promise<X> => {
    await client.query('set local role none')
    const x = await work()
    await client.query(`set local role ${q(caller.role)}`)
    return x
  }
  try {
    await begin()
    const room = await prepare(client, db, caller, schema, deps.maxBytes ?? null)
    if (!options.dryRun)
      record = await openRecord(db.owner, log, caller, { fileName, mode: options.mode ?? 'create', onError: options.onError, table, total })
    const abort = record?.abort ?? new AbortController()
    const progress = record?.progress ?? { bytes: 0, rows: 0, rejected: 0 }
    req.once('aborted', () => abort.abort(new AppError('TMCAN', 'The client went away')))
    idle(watchSilence(progress, deps.idleMs ?? 60_000, abort))
    // returning early must not close the socket: the answer has to go out on it
    const bytes = received.file.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
    const ndjson = /ndjson|jsonl|json-lines/.test(received.contentType) || /\.(ndjson|jsonl)(\.gz|\.zst)?$/i.test(fileName ?? '')
    const lines = new JsonLines()
    let result: LoadResult
    try {
      result = await load({
        client,
        asServer,
        source: bytes,
        options,
        ...(ndjson
          ? { convert: (text: AsyncIterable<Buffer>) => ndjsonToCsv(text, options, lines), lineOf: (record: number) => lines.of(record) }
          : {}),
        schema,
        table,
        uploadId: record?.id ?? '0',
        signal: abort.signal,
        progress,
        machines,
        ...(Number.isFinite(room.bytes) ? { maxBytes: room.bytes } : {}),
        ...(deps.sampleBytes ? { sampleBytes: deps.sampleBytes } : {}),
      })
    } catch (error) {
      if (!(error instanceof AppError) && req.destroyed && !req.complete)
        throw new AppError('TMCAN', 'The client went away', { cause: error })
      throw abort.signal.aborted && !(error instanceof AppError && error.code !== 'TMCAN') ? abort.signal.reason : error
    }
    if (options.dryRun) {
      discardRest(req)
      await client.query('rollback')
      return { workspace: caller.workspace, dry_run: true, ...result }
    }
    await received.done // no COMMIT before the form has been read to its end
    await checkQuota(client, schema, table, room)
    const { rows } = await client.query<{ same: string | null }>('select app_hidden.finish_upload($1, $2) as same', [
      record!.id,
      JSON.stringify(result),
    ])
    record!.stop()
    abort.signal.throwIfAborted()
    await client.query('commit')
    deps.uploaded?.(result)
    analyze(client, begin, schema, table, log)
    return {
      id: record!.id,
      workspace: caller.workspace,
      ...result,
      same_as: rows[0]!.same,
      duration_ms: Date.now() - began,
    }
  } catch (error) {
    await client.query('rollback').catch((e: Error) => {
      broken = e
    })
    await record?.failed(error)
    throw error
  } finally {
    if (broken || !pending.has(client)) client.release(broken)
  }
}

/** Gives up when the load has waited for the sender's next byte for too long. (A busy database is not the sender's silence.) */
function watchSilence(progress: Progress, idleMs: number, abort: AbortController): () => void {
  const timer = setInterval(
    () => {
      const since = progress.waitingSince?.() ?? null
      if (since !== null && Date.now() - since > idleMs)
        abort.abort(new AppError('TMTIM', `No data came for ${Math.round(idleMs / 1000)} seconds`, { hint: 'Send the file again.' }))
    },
    Math.min(idleMs / 4, 5000),
  )
  timer.unref()
  return () => clearInterval(timer)
}

/** Clients on which ANALYZE still runs after the answer. */
const pending = new WeakSet<PoolClient>()

/** Fresh statistics after the answer: the first query over a new table must not guess. */
function analyze(client: PoolClient, begin: () => Promise<void>, schema: string, table: string, log: Log): void {
  pending.add(client)
  begin()
    .then(() => client.query(`analyze ${relation(schema, table)}`))
    .then(() => client.query('commit'))
    .then(
      () => client.release(),
      (e: Error) => {
        log.warn({ table, error: e.message }, 'analyze after an upload failed')
        client.release(e)
      },
    )
    .finally(() => pending.delete(client))
}

interface Room {
  bytes: number
  quota: number
  used: number
}

/** What a reader may not do PostgreSQL refuses here, before a byte was read; and how much room the workspace has left. */
async function prepare(client: PoolClient, db: Db, caller: Caller, schema: string, maxBytes: number | null): Promise<Room> {
  const {
    rows: [may],
  } = await client.query<{ create: boolean }>(`select coalesce(has_schema_privilege(to_regnamespace($1), 'create'), false) as create`, [
    schema,
  ])
  if (!may?.create) throw new AppError('TMPER', 'You may read this workspace, but not load files into it')
  const {
    rows: [w],
  } = await db.owner.query<{ quota: string; used: string; archived: boolean }>(
    'select storage_quota_bytes as quota, app_private.workspace_bytes(id) as used, archived_at is not null as archived from app_public.workspaces where id = $1',
    [caller.workspace],
  )
  const quota = Number(w?.quota ?? Infinity),
    used = Number(w?.used ?? 0)
  if (w?.archived) throw new AppError('TMPER', 'The workspace is archived: nothing can be loaded into it')
  if (used >= quota) throw new AppError('TMQUO')
  return { bytes: Math.min(maxBytes ?? Infinity, (quota - used) * 4), quota, used }
}

async function checkQuota(client: PoolClient, schema: string, table: string, room: Room): Promise<void> {
  if (!Number.isFinite(room.quota)) return
  const {
    rows: [r],
  } = await client.query<{ size: string }>('select pg_total_relation_size(to_regclass($1)) as size', [relation(schema, table)])
  if (Number(r?.size ?? 0) + room.used > room.quota)
    throw new AppError('TMQUO', `The table needs ${r!.size} bytes; the workspace has ${room.quota - room.used} left`)
}
