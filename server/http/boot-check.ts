/**
 * Is this PostgreSQL fit for SQL of people? Called once by server.ts at start: names what is wrong in the log, and gives
 * the question that the matviews room asks before it runs people's SQL. Writes nothing.
 *
 * Two things are looked at: the server's version (holes of older ones can be reached by a plain SELECT) and migrations/lint.sql
 * (what PostgreSQL itself must refuse, in the database as it is). Everything else runs on; ALLOW_UNPATCHED_POSTGRES=1 lets
 * people's SQL run all the same, for who alone uses their server.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Pool } from 'pg'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'

/**
 * The first minor of each major without holes that plain SQL reaches. 15.20 is the one that we know; the minors of other majors
 * come out on the same days, so these are its companions. Older majors get no such fixes; newer ones begin with them.
 */
const PATCHED: Record<number, number> = { 15: 20, 16: 16, 17: 12, 18: 6 }
const NEWEST_KNOWN = 18

/** @param version server_version_num, e.g. 150020. @returns null when it is fit, else the version to update to. */
export function unpatched(version: number): string | null {
  const major = Math.floor(version / 10_000)
  if (major > NEWEST_KNOWN) return null
  const minor = PATCHED[major]
  if (minor === undefined) return `15.${PATCHED[15]}`
  return version % 10_000 >= minor ? null : `${major}.${minor}`
}

/** What to do about it, for the operator who has just started the server. */
export const wayOut = (version: string, better: string): string =>
  `People's SQL (views) is refused: PostgreSQL ${version} has known holes that plain SQL reaches. Two ways out:
  DATABASE_URL=postgres://…  npm start   on a PostgreSQL of your own, ${better} or newer
  ALLOW_UNPATCHED_POSTGRES=1 npm start   on a computer that only you use (SECURITY.md)
Files, tables and the APIs work meanwhile.`

/** The same where migrations/setup/80-harden.sql could not do its work, or was undone. */
const NOT_HARDENED = `People's SQL (views) is refused: this database is not hardened, which only a superuser can do. Two ways out:
  DATABASE_URL=postgres://…  npm start   with a superuser, who hardens it at the start
  ALLOW_UNPATCHED_POSTGRES=1 npm start   on a server that only you use (SECURITY.md)
Files, tables and the APIs work meanwhile.`

export interface BootCheck {
  /** What was found, for /healthz and the log; empty: all is well. */
  findings: string[]
  /** For the terminal, where people's SQL is refused; else null. */
  advice: string | null
  /** @throws AppError TMVER where people's SQL is refused. */
  allowed(): void
}

const LINT = path.join(import.meta.dirname, '../../migrations/lint.sql')

export async function bootCheck({ owner, allowUnpatched, log }: { owner: Pool; allowUnpatched: boolean; log: Log }): Promise<BootCheck> {
  const version = await owner.query(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as text`,
  )
  const better = unpatched(version.rows[0].number)
  const lint = await owner.query<{ finding: string; object: string }>(readFileSync(LINT, 'utf8'))
  const findings = [
    ...(better ? [`PostgreSQL ${version.rows[0].text} has known holes that plain SQL reaches: update to ${better} or newer`] : []),
    ...[...Map.groupBy(lint.rows, ({ finding }) => finding)].map(
      ([finding, rows]) =>
        `${finding}: ${rows
          .slice(0, 5)
          .map(({ object }) => object)
          .join(', ')}${rows.length > 5 ? ` and ${rows.length - 5} more` : ''}`,
    ),
  ]
  for (const finding of findings) log.warn({ finding }, 'security')
  // Other findings are faults of ours, which CI finds; these two are what people's SQL could use at once.
  const open = better !== null || lint.rows.some(({ finding }) => finding.startsWith('dangerous built-in'))
  const refused = open && !allowUnpatched
  if (open)
    log.warn(
      refused
        ? "people's SQL is refused until this is mended, or ALLOW_UNPATCHED_POSTGRES=1"
        : "people's SQL runs all the same: ALLOW_UNPATCHED_POSTGRES=1",
    )
  return {
    findings,
    advice: !refused ? null : better ? wayOut(version.rows[0].text, better) : NOT_HARDENED,
    allowed() {
      if (refused)
        throw new AppError(
          'TMVER',
          better ? undefined : 'The database is not hardened: SQL of people is refused',
          better ? {} : { hint: 'The operator starts Tidemark with a superuser in DATABASE_URL, which hardens it.' },
        )
    },
  }
}
