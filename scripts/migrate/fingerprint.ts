/**
 * What a prepared database was prepared from, as one hash: files, server, database, secret. Called by migrate.ts,
 * which skips everything when it is unchanged. Written to app_private.preparation (one row).
 */
import { createHash, createHmac } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type pg from 'pg'
import type { Server } from './checks.ts'

/** All .sql files below a folder, in the order of their names. */
export function sqlFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => path.join(folder, name))
}

export function fingerprintOf(folders: string[], server: Server, secret: string): string {
  const hash = createHash('sha256')
  const code = [import.meta.filename, path.join(import.meta.dirname, '../migrate.ts')]
  const lock = path.join(import.meta.dirname, '../../package.json') // another graphile-worker brings another schema
  for (const file of [...folders.flatMap(sqlFiles), ...code, lock])
    hash.update(path.basename(file)).update('\0').update(readFileSync(file)).update('\0')
  hash.update(JSON.stringify([server.version, server.database, server.superuser, server.cron]))
  hash.update(createHmac('sha256', secret).update('fingerprint').digest())
  return hash.digest('hex')
}

export async function readFingerprint(admin: pg.Client): Promise<string | null> {
  const { rows: tables } = await admin.query(`select to_regclass('app_private.preparation') as found`)
  if (!tables[0].found) return null
  const { rows } = await admin.query('select fingerprint from app_private.preparation')
  return rows[0]?.fingerprint ?? null
}

/** @param owner a connection of app_owner's */
export async function writeFingerprint(owner: pg.Client, fingerprint: string): Promise<void> {
  await owner.query('create schema if not exists app_private')
  await owner.query(
    'create table if not exists app_private.preparation (one boolean primary key default true check (one), fingerprint text not null, at timestamptz not null)',
  )
  await owner.query('alter table app_private.preparation enable row level security')
  await owner.query(
    `comment on table app_private.preparation is 'What this database was last prepared from: scripts/migrate.ts skips its work while it is unchanged.'`,
  )
  await owner.query(
    'insert into app_private.preparation (fingerprint, at) values ($1, now()) on conflict (one) do update set fingerprint = excluded.fingerprint, at = excluded.at',
    [fingerprint],
  )
}
