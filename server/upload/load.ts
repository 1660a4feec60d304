// load.ts: one file into one table, in one transaction: sample → sniff → infer → plan → COPY (typed tap) → finish.
// Called by route.ts with a client whose transaction has begun in the caller's role; the caller commits or rolls back.
//
// A value that its column cannot take ends the COPY, adds an overflow column of a wider type (catalogue only) and goes on
// there; finish.ts merges the parts in one ALTER. So types hold for all rows, and the file is read once.

import { isUtf8 } from 'node:buffer'
import { escapeIdentifier as q } from 'pg'
import { AppError } from '../errors.ts'
import { CONFLICT, Columns, QUOTED_EMPTY } from './columns.ts'
import { CopySink } from './copy.ts'
import { Decoder } from './decode.ts'
import type { Dialect } from './dialect.ts'
import { dryRun } from './dry-run.ts'
import { addKey, merge, settleTypes, type Segment } from './finish.ts'
import { copyQuote, copyable, infer, report } from './infer.ts'
import type { LoadInput, LoadResult } from './job.ts'
import { Output } from './output.ts'
import { SKIPPED, makePlan, mapColumns, type Plan } from './plan.ts'
import { badRecord, refusal } from './problem.ts'
import { Rejects } from './rejects.ts'
import { sniffBytes } from './sniff.ts'
import { Tap } from './tap.ts'
import { lookUp, relation } from './target.ts'
import { makeTransform } from './transform.ts'
import { SQL, T } from './types.ts'
import { Windows } from './windows.ts'

const SAMPLE = 4 << 20,
  MAX_RECORD = 64 << 20,
  WINDOW = 384 << 10

export async function load(input: LoadInput): Promise<LoadResult> {
  const { client, options: o, schema, table } = input
  const decoder = new Decoder(input.source, o.dialect.encoding, input.maxBytes, input.convert)
  const size = Math.min(WINDOW, input.sampleBytes ?? WINDOW)
  const chunks = decoder.chunks(size)
  const progress = input.progress ?? { bytes: 0, rows: 0, rejected: 0 }
  progress.waitingSince = () => decoder.waitingSince
  let last = false
  // Not Promise.race with one long-lived promise: that keeps every chunk until the end
  let giveUp: (why: unknown) => void = () => {}
  input.signal?.addEventListener('abort', () => giveUp(input.signal!.reason), { once: true })
  const chunk = (): Promise<IteratorResult<Buffer>> =>
    new Promise((ok, no) => {
      giveUp = no
      chunks.next().then(ok, no)
    })
  const next = async (): Promise<Buffer | null> => {
    input.signal?.throwIfAborted()
    const x = await chunk()
    progress.bytes = decoder.bytes
    if (x.done) {
      last = true
      return null
    }
    return x.value
  }
  const sink = new CopySink(client)
  let recordsBefore = 0
  let plan: Plan | null = null
  try {
    const target = await input.asServer(() => lookUp(client, schema, table))
    if (target.exists && (o.mode === null || o.mode === 'create'))
      throw new AppError('TMEXI', `There is a ${target.isTable ? 'table' : 'view'} "${table}" already`, {
        hint: target.isTable ? 'Send mode=append, replace or upsert, or another table name.' : 'Send another table name.',
      })
    if (target.exists && !target.isTable) throw new AppError('TMEXI', `"${table}" is a view; a file can only go into a table`)
    if (!target.exists && (o.mode === 'append' || o.mode === 'upsert') && !o.dryRun)
      throw new AppError('TMNOF', `There is no table "${table}" to ${o.mode} to`, { hint: 'Send mode=create first.' })
    await client.query("set local statement_timeout = 0; set local timezone = 'UTC'")

    // 1. the sample: a file that ends inside it is typed exactly before CREATE TABLE
    const head: Buffer[] = []
    let seen = 0
    while (seen < (input.sampleBytes ?? SAMPLE)) {
      const c = await next()
      if (!c) break
      head.push(c)
      seen += c.length
    }
    let d: Buffer = head.length === 1 ? head[0]! : Buffer.concat(head)
    const sniffed = sniffBytes(d, last, o.dialect)
    const dialect: Dialect = { ...sniffed.dialect, encoding: decoder.encoding }
    if (sniffed.names.length === 0 && (o.onError === 'abort' || o.dryRun))
      throw new AppError('TMCSV', 'The file is empty', {
        hint: 'Send a file with at least a header.',
        more: { line: 1, record: null, column: null, value: null, reason: 'no record' },
      })

    // 2. names, types, plan
    const { names, fixed } = mapColumns(sniffed.header, sniffed.names, o, target)
    const columns = new Columns(names.length)
    for (const [i, t] of fixed) {
      columns.fixed[i] = 1
      columns.types[i] = t
    }
    columns.refresh()
    const kept = names.flatMap((n, i) => (n === SKIPPED ? [] : [i])),
      all = kept.length === names.length
    const transform = makeTransform(o) ?? (all ? null : (v: Uint8Array) => v) // leaving fields out means writing records anew
    const learned = infer(d, sniffed.dataStart, last, dialect, columns, { transform, ragged: o.ragged, isUtf8, lines: sniffed.dataLine })
    plan = makePlan(schema, table, names, columns, o, target, input.uploadId)
    if (o.dryRun) return dryRun(d, sniffed, dialect, plan, columns, learned, decoder, o)

    // 3. the table, the COPY
    await client.query(`set local datestyle = 'ISO, ${plan.order.toUpperCase()}'`)
    for (const sql of plan.before) await client.query(sql)
    const sequence =
      plan.rowId === 'none'
        ? null
        : (await client.query<{ s: string }>('select pg_get_serial_sequence($1, $2) as s', [relation(schema, table), 'row_id'])).rows[0]!.s
    // big files: ten thousand numbers at a time (a sequence costs as much per row as parsing it)
    const cached = sequence !== null && plan.rowId === 'added' && !last
    if (cached) await client.query(`alter sequence ${sequence} cache 10000`)
    columns.settled = true
    columns.refresh()

    const chains: Segment[][] = names.map((c, i) => [
      { column: c, stored: columns.stored[i] === 1, type: columns.types[i]!, spell: 0, sql: plan!.copySql[i]! },
    ])
    const rejects = new Rejects()
    const scannable = new Tap({ dialect, columns, onBad: () => {} }).scanner.fast && !transform
    const quote = scannable ? copyQuote(dialect) : 34,
      delimiter = scannable ? dialect.delimiter : ','
    const out = new Output(delimiter.charCodeAt(0), quote, dialect.line_end, all ? null : kept)
    const tap = new Tap({
      dialect,
      columns,
      copyQuote: quote,
      skip: o.onError === 'skip',
      ragged: o.ragged,
      transform,
      lines: sniffed.dataLine,
      isUtf8,
      out,
      onBad: (bad) => {
        if (o.onError === 'abort') throw badRecord(bad, names)
        rejects.add(bad)
      },
    })
    const open = (): void => {
      if (kept.length === 0) return // an empty file with on_error=skip: an empty table
      const target = kept.map((i) => chains[i]![0]!)
      sink.open(
        plan!.into,
        target.map((s) => s.column),
        {
          delimiter,
          quote: String.fromCharCode(quote),
          forceNull: target.filter((s) => s.stored && !/^(character|text|citext)/.test(s.sql)).map((s) => s.column),
        },
      )
    }
    let loaded = 0
    const close = async (): Promise<void> => {
      // the safety net: did COPY see the records that we saw?
      if (kept.length > 0) loaded += await sink.close()
      if (kept.length > 0 && loaded !== tap.records)
        throw new AppError('TMOOP', `COPY read ${loaded} records where the scanner read ${tap.records}`)
      recordsBefore = loaded
    }
    const send = async (): Promise<void> => {
      for (const b of out.take()) await sink.write(b)
    }
    /** A conflict: go on in an overflow column. The other conflicts of this window go into the same ALTER. */
    const widen = async (): Promise<void> => {
      await close()
      const was = columns.clone(),
        ahead = columns.clone()
      ahead.stored.fill(0)
      ahead.settled = true
      infer(d, 0, last, dialect, ahead, { transform, ragged: o.ragged, isUtf8 })
      const add: string[] = [],
        after: string[] = []
      for (let i = 0; i < columns.n; i++) {
        if (was.stored[i] === 0 || columns.fixed[i] === 1) continue
        if (ahead.types[i] === was.types[i] && ahead.invertible(i)) continue
        const before = chains[i]![0]!
        before.type = was.types[i]!
        before.spell = was.spell[i]!
        columns.types[i] = ahead.types[i]!
        columns.spell[i] = ahead.spell[i]!
        columns.empties[i] = ahead.empties[i]!
        columns.wide[i] = ahead.wide[i]!
        const stored = ahead.invertible(i) && ahead.types[i] !== T.TEXT && copyable(ahead.types[i]!, ahead.spell[i]!, plan!.order)
        columns.stored[i] = stored ? 1 : 0
        const column = `__w${i}_${chains[i]!.length}`
        const sql = stored ? SQL[ahead.types[i]!]! : 'text'
        // rows so far whose empty values were all "": told apart from later NULLs by a default that only they get (catalogue only)
        const marks = !stored && was.empties[i] === QUOTED_EMPTY
        chains[i]!.unshift({ column, stored, type: ahead.types[i]!, spell: 0, sql, marks })
        add.push(`add column ${q(column)} ${sql}${marks ? " default ''" : ''}`)
        if (marks) after.push(`alter column ${q(column)} drop default`)
      }
      columns.refresh()
      if (add.length === 0) throw new AppError('TMOOP', `a conflict in column ${names[columns.culprit]} that is none`)
      await client.query(`alter table ${plan!.into} ${add.join(', ')}`)
      if (after.length > 0) await client.query(`alter table ${plan!.into} ${after.join(', ')}`)
      open()
    }

    open()
    const windows = new Windows(size, () => sink.left)
    let window: Buffer | null = null,
      more: Buffer | null = null
    let pos = sniffed.dataStart
    const maxRecord = input.maxRecordBytes ?? MAX_RECORD
    for (;;) {
      const why = tap.step(d, pos, last)
      await send()
      progress.rows = tap.records
      progress.rejected = tap.rejected
      const consumed = tap.pos - pos
      d = d.subarray(tap.pos)
      pos = 0
      if (why === CONFLICT) {
        await widen()
        continue
      }
      if (last) break
      if (d.length > maxRecord)
        throw new AppError('TMCSV', `Line ${tap.lines + 1}: a record of more than ${maxRecord} bytes (a quote that is never closed?)`, {
          more: {
            line: tap.lines + 1,
            record: tap.records + tap.rejected + 1,
            column: null,
            value: null,
            reason: 'the record is too long',
          },
        })
      // no complete record: read as much again before looking again, or long records cost n²
      const target = Math.max(size, consumed > 0 ? d.length + (size >> 1) : d.length * 2)
      const b = windows.take(target)
      let n = d.copy(b)
      if (window) windows.release(window, sink.written)
      window = b
      while (n < target) {
        if (more === null && (more = await next()) === null) break
        const k = more.copy(b, n)
        n += k
        more = k < more.length ? more.subarray(k) : null
      }
      d = b.subarray(0, n)
    }
    await close()

    // 4. types, key, merge, rejects
    for (let i = 0; i < columns.n; i++) {
      const s = chains[i]![0]!
      s.type = columns.types[i]!
      s.spell = columns.spell[i]!
    }
    const done = await settleTypes(client, plan, columns, chains, o.dateOrder)
    const merged = plan.into !== relation(schema, table) ? await merge(client, plan) : null
    await addKey(client, plan, cached || plan.rowId === 'file' ? sequence : null, tap.records)
    const rejectsTable = await rejects.write(
      client,
      (name) => input.asServer(() => lookUp(client, schema, name)),
      schema,
      table,
      names,
      input.uploadId,
    )
    const reports = kept
      .map((i) => [names[i]!, i] as const)
      .map(([n, i]) => ({ ...report(n, done.types[i]!.type, done.types[i]!.spell, done.types[i]!.open), nullable: !plan!.key.includes(n) }))
    for (const r of reports) {
      const there = target.columns.find((c) => c.name === r.name)
      if (there && !o.widen) r.type = there.sql
    }
    return {
      table,
      mode: plan.mode,
      rows: tap.records,
      ...(merged ?? {}),
      rejected: tap.rejected,
      repaired: tap.repaired,
      rejects: rejectsTable,
      key: plan.key,
      bytes: decoder.bytes,
      sha256: decoder.sha256(),
      columns: reports,
      dialect: { ...dialect, encoding: decoder.encoding },
    }
  } catch (error) {
    await sink.abort(error as Error)
    throw refusal(error, { recordsBefore, names: plan?.names ?? [], key: plan?.key ?? [] })
  } finally {
    chunks.return(undefined).catch(() => {}) // not awaited: it waits for a read that may never come
  }
}
