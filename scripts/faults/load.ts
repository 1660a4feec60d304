/**
 * What goes on while faults strike: uploads of new tables and into an old one, single rows by REST, refreshes of two views. Keeps
 * book of what was acknowledged. Called by kills.ts. Writes tables up_* and appended, base, views by_group and marks_all of
 * workspace main.
 */
import { type Chance, sleep } from './random.ts'
import type { World } from './world.ts'

export interface Upload {
  name: string
  rows: number
  /** 'unknown': no answer came, or one that says nothing about a COMMIT. */
  answer: 'acknowledged' | 'refused' | 'unknown'
  /** After how many kills it was looked for. */
  looks: number
}
export interface Book {
  tables: Upload[]
  batches: Upload[]
  /** Keys of rows that REST has acknowledged. */
  rows: number[]
  /** Ids of events that a refresh has answered with. */
  events: string[]
  sent: { uploads: number; rows: number; refreshes: number }
  /** Acknowledged uploads that were there after LOOKS kills, and have been deleted since. */
  retired: number
}

const BATCH = 400
/** What has survived so many kills makes room: else each look takes longer than the one before. */
const LOOKS = 4

export async function prepareLoad(world: World, hookUrl: string): Promise<void> {
  await world.sql(`set role ws_main; set search_path = ws_main;
    create table base (id int primary key, grp int, note text);
    insert into base select g, g % 40, 'row ' || g from generate_series(1, 2000) g;
    create table appended (batch int, n int, filler text);
    reset role; reset search_path`)
  const create = `mutation ($name: String!, $definition: String!, $key: [String!], $schedule: String) {
    createMatview(input: { name: $name, definition: $definition, key: $key, schedule: $schedule, notifyWhen: CHANGED }) { matview { id } } }`
  // md5 of a million rows keeps the refresh busy for as long as aiming takes
  await world.graphql(create, {
    name: 'by_group',
    key: ['grp'],
    definition: `select grp, count(*) as n, max(id) as newest, (select count(md5(g::text)) from generate_series(1, 100000) g) as ballast from base group by grp`,
    schedule: '3 seconds',
  })
  await world.graphql(create, { name: 'marks_all', key: null, definition: 'select grp, id % 7 as part, note from base where id > 1900' })
  await world.graphql('mutation ($url: String!) { createWebhook(input: { url: $url }) { newWebhook { id } } }', { url: hookUrl })
}

/** Deletes the uploads that were looked for often enough. Called while no upload is under way. */
export async function retire(world: World, book: Book): Promise<void> {
  const old = (list: Upload[]) => list.filter(({ looks }) => looks >= LOOKS)
  const tables = old(book.tables)
  if (tables.length > 0) await world.sql(tables.map(({ name }) => `drop table if exists ws_main.${name}`).join('; '))
  await world.sql('delete from ws_main.appended where batch = any ($1::int[])', [old(book.batches).map(({ name }) => name)])
  book.retired += [...tables, ...old(book.batches)].filter(({ answer }) => answer === 'acknowledged').length
  for (const list of [book.tables, book.batches]) list.splice(0, list.length, ...list.filter(({ looks }) => looks < LOOKS))
}

/** A gate: closed, the actors end what they do and wait. */
export function startLoad(world: World, chance: Chance) {
  const book: Book = { tables: [], batches: [], rows: [], events: [], sent: { uploads: 0, rows: 0, refreshes: 0 }, retired: 0 }
  let open = false
  let stopped = false
  let busy = 0
  let tables = 0
  let batches = 0
  let nextId = 100_000
  const actor = async (work: () => Promise<void>, pauseMs: number) => {
    while (!stopped) {
      if (!open) {
        await sleep(10)
        continue
      }
      busy++
      await work().catch(() => {})
      busy--
      await sleep(pauseMs)
    }
  }

  /** Sends in parts, so that a kill finds it in the middle. */
  async function upload(path: string, header: string, rows: number, row: (i: number) => string, entry: Upload, list: Upload[]) {
    book.sent.uploads++
    list.push(entry)
    const parts = chance.int(1, 6)
    const body = async function* () {
      yield Buffer.from(`${header}\n`)
      for (let part = 0; part < parts; part++) {
        const [from, to] = [Math.floor((rows * part) / parts), Math.floor((rows * (part + 1)) / parts)]
        yield Buffer.from(Array.from({ length: to - from }, (_, i) => `${row(from + i)}\n`).join(''))
        if (parts > 1) await sleep(8)
      }
    }
    const reply = await world.request(path, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: body() as never,
      duplex: 'half',
    })
    const answer = (await reply.json()) as { rows?: number }
    if (reply.status === 201 && answer.rows === rows) entry.answer = 'acknowledged'
    else if (reply.status >= 400 && reply.status < 500) entry.answer = 'refused'
  }

  const actors = [
    actor(async () => {
      const name = `up_${++tables}`
      const rows = chance.int(1, 12) * 1000
      const filler = 'x'.repeat(chance.int(1, 200))
      await upload(
        `/upload-file?table=${name}&key=n`,
        'n,filler,even',
        rows,
        (i) => `${i},${filler},${i % 2 === 0}`,
        { name, rows, answer: 'unknown', looks: 0 },
        book.tables,
      )
    }, 10),
    actor(async () => {
      const name = String(++batches)
      await upload(
        '/upload-file?table=appended&mode=append',
        'batch,n,filler',
        BATCH,
        (i) => `${name},${i},text`,
        { name, rows: BATCH, answer: 'unknown', looks: 0 },
        book.batches,
      )
    }, 20),
    actor(async () => {
      const id = nextId++
      book.sent.rows++
      const reply = await world.request('/rest/base', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, grp: id % 40, note: `written ${id}` }),
      })
      if (reply.status === 201) book.rows.push(id)
    }, 15),
    ...['by_group', 'marks_all'].map((name) =>
      actor(async () => {
        book.sent.refreshes++
        const { refreshMatview } = await world.graphql(
          'mutation ($name: String!) { refreshMatview(input: { name: $name }) { event { id } } }',
          { name },
        )
        if (refreshMatview.event) book.events.push(refreshMatview.event.id)
      }, 60),
    ),
  ]
  return {
    book,
    open: () => void (open = true),
    /** No new work; waits for what is under way. */
    async close() {
      open = false
      for (let waited = 0; busy > 0 && waited < 30_000; waited += 10) await sleep(10)
    },
    async stop() {
      stopped = true
      await Promise.all(actors)
    },
  }
}
