// rejects.ts: the bad records of on_error=skip, kept while the file goes by and written into <table>_rejects at its end, in the
// load's transaction. Called by load.ts (add) and finish.ts (write).

import type { PoolClient } from 'pg'
import { AppError } from '../errors.ts'
import { CopySink } from './copy.ts'
import { cut } from './names.ts'
import type { BadRecord } from './tap.ts'
import { relation, type Target } from './target.ts'

/** More than this is not a file with some bad rows. 100,000 records or 64 MB of their text. */
const MAX_COUNT = 100_000,
  MAX_TEXT = 64 << 20
const COLUMNS = ['upload_id', 'line', 'record', 'column', 'value', 'reason', 'text', 'loaded']

export class Rejects {
  readonly list: BadRecord[] = []
  private size = 0

  add(bad: BadRecord): void {
    this.list.push(bad)
    this.size += bad.text.length
    if (this.list.length > MAX_COUNT || this.size > MAX_TEXT)
      throw new AppError('TMCSV', `Line ${bad.line}: more than ${this.list.length - 1} bad records, nothing was loaded`, {
        hint: 'The file is probably read in a wrong way: see dialect in the preview (dry_run).',
        more: { line: bad.line, record: bad.record, reason: bad.reason },
      })
  }

  /** Returns the table's name, or null when there was nothing to write. */
  async write(
    client: PoolClient,
    find: (table: string) => Promise<Target>,
    schema: string,
    table: string,
    names: readonly string[],
    uploadId: string,
  ): Promise<string | null> {
    if (this.list.length === 0) return null
    let name = '',
      exists = false
    for (let k = 1; ; k++) {
      // somebody's own table of that name is left alone
      name = `${cut(table, 63 - 10)}_rejects${k === 1 ? '' : `_${k}`}`
      const there = await find(name)
      exists = there.exists
      if (!exists || (there.isTable && COLUMNS.every((c) => there.columns.some((x) => x.name === c)))) break
    }
    const at = relation(schema, name)
    if (!exists) {
      await client.query(`create table ${at} (row_id bigserial primary key, upload_id bigint not null, line bigint not null, record bigint not null,
        "column" text, value text, reason text not null, text text not null, loaded boolean not null)`)
      await client.query(
        `comment on table ${at} is 'Records of uploads that were not loaded as they stand. loaded: they were repaired and are in the table.'`,
      )
    }
    const sink = new CopySink(client)
    sink.open(at, COLUMNS, { delimiter: ',', quote: '"', forceNull: [] })
    const cell = (v: string | number | boolean | null): string =>
      v === null ? '' : `"${String(v).replaceAll('"', '""').replaceAll('\0', '')}"`
    let text = ''
    for (const b of this.list) {
      const column = b.column === null ? null : (names[b.column] ?? `field ${b.column + 1}`)
      text += [uploadId, b.line, b.record, column, b.value, b.reason, b.text, b.loaded].map(cell).join(',') + '\n'
      if (text.length > 1 << 20) {
        await sink.write(Buffer.from(text))
        text = ''
      }
    }
    await sink.write(Buffer.from(text))
    await sink.close()
    return name
  }
}
