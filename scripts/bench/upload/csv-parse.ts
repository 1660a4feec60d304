/**
 * A rival in the bench of uploads: every record through csv-parse, written anew, into COPY. Run by ways.ts as a process of its
 * own: node csv-parse.ts URL FILE HEADER. Writes into ws_main.bench_rival, which is there.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { parse } from 'csv-parse'
import pg from 'pg'
import { from } from 'pg-copy-streams'

const [url, file, header] = process.argv.slice(2) as [string, string, string]
const client = new pg.Client({ connectionString: url })
await client.connect()
const cell = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
await pipeline(
  createReadStream(file, { highWaterMark: 1 << 20 }),
  parse({ from_line: 2 }),
  async function* encode(records: AsyncIterable<string[]>) {
    let part = ''
    for await (const record of records) {
      part += `${record.map(cell).join(',')}\n`
      if (part.length > 1 << 16) {
        yield part
        part = ''
      }
    }
    yield part
  },
  client.query(from(`copy ws_main.bench_rival (${header}) from stdin (format csv)`)),
)
await client.end()
