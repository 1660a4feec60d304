/**
 * The upload room alone, on a database of its own: the real router behind express, the real roles of PostgreSQL. Called by the
 * tests of this folder. `role: 'reader'` in a request acts as a reader.
 */
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import express from 'express'
import { roleOf, type Caller } from '../../../server/auth/caller.ts'
import { openDb, type Db } from '../../../server/db.ts'
import { answerErrors } from '../../../server/http/error-handler.ts'
import { makeLog } from '../../../server/log.ts'
import { uploadRoute, type UploadDependencies } from '../../../server/upload/route.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { describeNeeding } from '../../support/needs.ts'

export interface Lab {
  db: TestDatabase
  doors: Db
  url: string
  /** A raw body. */
  send(
    body: string | Uint8Array,
    options?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any }>
  /** The rows of a table of workspace main, in the order they came, without row_id; values as text. */
  rows(table: string): Promise<(string | null)[][]>
  types(table: string): Promise<Record<string, string>>
  close(): Promise<void>
}

export async function startLab(more: Partial<UploadDependencies> = {}): Promise<Lab> {
  const db = await createTestDatabase()
  const log = makeLog(process.env.TEST_LOG ?? 'silent')
  const doors = openDb({ databaseUrl: db.url, secret: db.secret, poolSize: 8 }, log)
  const app = express()
  const identify = async (req: { headers: Record<string, string | string[] | undefined> }): Promise<Caller> => {
    const memberRole = req.headers['x-test-role'] === 'reader' ? 'reader' : 'owner'
    return { accountId: null, workspace: 'main', memberRole, role: roleOf('main', memberRole), sessionId: null, tokenId: null }
  }
  app.use(uploadRoute({ db: doors, identify, log, ...more }))
  app.use(answerErrors(log))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((ok) => server.once('listening', ok))
  server.requestTimeout = 0
  server.keepAliveTimeout = 0 // a test that computes for long must not find its connection closed
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    db,
    doors,
    url,
    async send(body, options = {}, headers = {}) {
      const reply = await fetch(`${url}/upload-file?${new URLSearchParams(options)}`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv', ...headers },
        body: body as BodyInit,
      })
      return { status: reply.status, body: await reply.json() }
    },
    async rows(table) {
      const columns = (
        await db.sql(
          `select attname from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname <> 'row_id' order by attnum`,
          [`ws_main."${table}"`],
        )
      ).map((c) => c.attname as string)
      const list = columns.map((c) => `"${c.replaceAll('"', '""')}"::text`).join(', ')
      return (await db.admin.query({ text: `select ${list || 'null'} from ws_main."${table}" order by ctid`, rowMode: 'array' } as any))
        .rows as (string | null)[][]
    },
    async types(table) {
      const found = await db.sql(
        `select attname, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
        [`ws_main."${table}"`],
      )
      return Object.fromEntries(found.map((c) => [c.attname, c.type]))
    },
    async close() {
      server.closeAllConnections()
      await new Promise((ok) => server.close(ok))
      await doors.close()
      await db.drop()
    },
  }
}

/** The corpora lie beside the repository; without them a suite is skipped aloud, in CI it fails. */
export const corpora = path.resolve(import.meta.dirname, '../../../../shared/csv-corpora')
export const describeCorpora = (title: string, suite: () => void): void =>
  describeNeeding(
    { what: 'the collection of CSV files', present: existsSync(corpora), remedy: 'lay csv-corpora into ../shared, beside the checkout' },
    title,
    suite,
  )
