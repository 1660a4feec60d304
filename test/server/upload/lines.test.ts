/**
 * Where it went wrong: line, record and column of every answer that concerns a place in the file. Lines count from 1 with the
 * header; records from 1 without it; a record of several lines is named by its first.
 */
import { startLab, type Lab } from './lab.ts'

interface Place {
  what: string
  body: string | Uint8Array
  options?: Record<string, string>
  headers?: Record<string, string>
  answer: { status: number; code: string; line: number | null; record: number | null; column: string | null }
}
const NDJSON = { 'content-type': 'application/x-ndjson' }
const latin = (text: string) => Buffer.from(text, 'latin1')

const wide = (cell: (i: number) => string) => Array.from({ length: 1500 }, (_, i) => cell(i)).join(',')

const PLACES: Place[] = [
  {
    what: 'a record with too many fields [TMCSV]',
    body: 'a,b\n1,2\n3,4,5\n',
    answer: { status: 422, code: 'TMCSV', line: 3, record: 2, column: null },
  },
  {
    what: 'one with too few, after a text of three lines and a blank line [TMCSV]',
    body: 'a,b,c\n1,"x\ny\nz",2\n\n3,4\n',
    answer: { status: 422, code: 'TMCSV', line: 6, record: 2, column: null },
  },
  {
    what: 'a quote that is never closed, by the line where it opens [TMCSV]',
    body: 'a,b\n1,2\n3,"x\n4,5\n6,7\n',
    answer: { status: 422, code: 'TMCSV', line: 3, record: 2, column: 'b' },
  },
  {
    what: 'a record behind a preamble and Windows line ends [TMCSV]',
    body: 'Report\r\n\r\na,b,c\r\n1,2,3\r\n4,5,6\r\n7\r\n',
    options: { preamble: '2' },
    answer: { status: 422, code: 'TMCSV', line: 6, record: 3, column: null },
  },
  {
    what: 'a file with nothing in it [TMCSV]',
    body: '',
    answer: { status: 422, code: 'TMCSV', line: 1, record: null, column: null },
  },
  {
    what: 'a value that is not of the type that was asked for [TMTYP]',
    body: 'a,b\n1,2\n3,x\n',
    options: { columns: '{"b":"integer"}' },
    answer: { status: 422, code: 'TMTYP', line: 3, record: 2, column: 'b' },
  },
  {
    what: 'one that does not fit the column of a table that is there, after a value with a line end [TMTYP]',
    body: 'n,id\n1,1\n2,"2\n"\n3,x\n',
    options: { table: 'there', mode: 'append' },
    answer: { status: 422, code: 'TMTYP', line: 5, record: 3, column: 'id' },
  },
  {
    what: 'one that only PostgreSQL finds wrong [TMTYP]',
    body: 'id,short\n1,abc\n2,abc\n3,abcd\n',
    options: { table: 'there', mode: 'append' },
    answer: { status: 422, code: 'TMTYP', line: 4, record: 3, column: 'short' },
  },
  {
    what: 'a missing value where the table wants one [TMKEY]',
    body: 'id,n\n1,1\n2,2\n,3\n',
    options: { table: 'there', mode: 'append' },
    answer: { status: 422, code: 'TMKEY', line: 4, record: 3, column: null },
  },
  {
    what: 'a key that is twice in a new file [TMKEY]',
    body: 'id,n\n1,1\n2,1\n3,1\n2,1\n1,1\n',
    options: { key: 'id' },
    answer: { status: 422, code: 'TMKEY', line: 5, record: 4, column: 'id' },
  },
  {
    what: 'one that is in the table already [TMKEY]',
    body: 'id,n\n11,1\n10,1\n',
    options: { table: 'keyed', mode: 'append' },
    answer: { status: 422, code: 'TMKEY', line: 3, record: 2, column: null },
  },
  {
    what: 'a word that an enum does not know, with its column [TMTYP]',
    body: 'id,mood\n11,glad\n12,cross\n',
    options: { table: 'keyed', mode: 'append' },
    answer: { status: 422, code: 'TMTYP', line: 3, record: 2, column: 'mood' },
  },
  {
    what: 'a row that a check of the table refuses [TMTYP]',
    body: 'id,n\n11,1\n12,-1\n',
    options: { table: 'keyed', mode: 'append' },
    answer: { status: 422, code: 'TMTYP', line: 3, record: 2, column: null },
  },
  {
    what: 'a row wider than a page [TMBIG]',
    body: `${wide((i) => `c${i}`)}\n${wide(() => 'x')}\n${wide(() => '123456789012')}\n`,
    answer: { status: 413, code: 'TMBIG', line: 3, record: 2, column: null },
  },
  {
    what: 'the record with which there are too many bad ones [TMCSV]',
    body: `a,b\n${'1,2\n'.repeat(500)}${'x\n'.repeat(100_001)}`,
    options: { on_error: 'skip' },
    answer: { status: 422, code: 'TMCSV', line: 100_502, record: 100_501, column: null },
  },
  {
    what: 'bytes that are no UTF-8 [TMENC]',
    body: latin('a,b\n1,x\n2,\xe9\n'),
    options: { encoding: 'utf-8' },
    answer: { status: 422, code: 'TMENC', line: 3, record: 2, column: 'b' },
  },
  {
    what: 'a NUL byte [TMENC]',
    body: 'a,b\n1,x\n2,y\n3,z\0z\n',
    answer: { status: 422, code: 'TMENC', line: 4, record: 3, column: 'b' },
  },
  {
    what: 'a line of NDJSON that is none, after text with line ends and a blank line [TMCSV]',
    body: '{"a":"x\\ny\\nz","b":1}\n\n{"a":"u\\r\\nv","b":2}\n{"a":\n',
    headers: NDJSON,
    answer: { status: 422, code: 'TMCSV', line: 4, record: 3, column: null },
  },
  {
    what: 'a value of NDJSON that is not of its type, after text with line ends [TMTYP]',
    body: '{"a":"x\\ny\\nz","b":1}\n\n{"a":"u\\nv","b":2}\n{"a":"w","b":"n/a"}\n',
    options: { columns: '{"b":"integer"}' },
    headers: NDJSON,
    answer: { status: 422, code: 'TMTYP', line: 4, record: 3, column: 'b' },
  },
]

let lab: Lab
beforeAll(async () => {
  lab = await startLab()
  await lab.db.sql('create table ws_main.there (id integer not null, n integer, short varchar(3))')
  await lab.db.sql('alter table ws_main.there owner to ws_main')
  await lab.db.sql(`create type ws_main.mood as enum ('glad', 'sad')`)
  await lab.db.sql('create table ws_main.keyed (id integer primary key, n integer check (n > 0), mood ws_main.mood)')
  await lab.db.sql('alter table ws_main.keyed owner to ws_main; insert into ws_main.keyed values (10)')
})
afterAll(() => lab?.close())

it.each(PLACES.map((place) => [place.what, place] as const))('names the place of %s', async (_, { body, options, headers, answer }) => {
  const reply = await lab.send(body, { table: 'nowhere', ...options }, headers)

  const { code, line, record = null, column = null, message } = reply.body
  expect([{ status: reply.status, code, line, record, column }, message]).toEqual([answer, expect.any(String)])
  if (line !== null && body.length > 0) expect(message).toContain(`ine ${line}`)
})

it('names the line of a key that comes too late in NDJSON [TMCOL]', async () => {
  const early = `{"a":"${'line\\n'.repeat(100)}"}\n`.repeat(2500) // more than the megabyte in which keys are found
  const { status, body } = await lab.send(`${early}{"a":"x","new":1}\n`, { table: 'nowhere' }, NDJSON)

  expect([status, body]).toMatchObject([422, { code: 'TMCOL', line: 2501, record: 2501, column: 'new' }])
})

it('names the line where a record begins that has no end [TMCSV]', async () => {
  const { status, body } = await lab.send(`a,b\n1,2\n3,"${'x'.repeat(65 << 20)}`, { table: 'nowhere' })

  expect([status, body]).toMatchObject([422, { code: 'TMCSV', line: 3, record: 2 }])
}, 60_000)

describe('with on_error=skip', () => {
  it('keeps line, record and column of every reject', async () => {
    const { status, body } = await lab.send('a,b\n1,"x\ny"\n2,3,4\n\nq\n5,6\n', {
      table: 'skips',
      on_error: 'skip',
      columns: '{"a":"integer"}',
    })
    const rejects = await lab.db.sql('select line::int, record::int, loaded from ws_main.skips_rejects order by line')

    expect([status, body.rows]).toEqual([201, 2])
    expect(rejects).toEqual([
      { line: 4, record: 2, loaded: false },
      { line: 6, record: 3, loaded: false },
    ])
  })
})

/** A type that holds for the whole sample, and for a hundred thousand rows. */
describe.each([
  ['at row 100,000', 100_000],
  ['at the last row', 100_002],
])('a value that breaks its type first %s', (_, at) => {
  const file = (value: string) =>
    `id,day,amount,note\n${Array.from({ length: 100_002 }, (_, i) =>
      i + 1 === at ? `${i + 1},${value}` : `${i + 1},2024-01-${String(1 + (i % 28)).padStart(2, '0')},${i}.50,some words to fill the line`,
    ).join('\n')}\n`

  it('makes the column text, and every value stays as it was written', async () => {
    const table = `broken_${at}`
    const { status, body } = await lab.send(file('soon,n/a,x'), { table })
    const types = await lab.types(table)
    const [first] = await lab.db.sql(
      `select count(*)::int as rows, count(*) filter (where day !~ '^2024-01-\\d\\d$' or amount <> (id - 1) || '.50')::int as others from ws_main.${table}`,
    )
    const [one] = await lab.db.sql(`select day, amount from ws_main.${table} where id = $1`, [at])

    expect([status, body.rows]).toEqual([201, 100_002])
    expect(types).toMatchObject({ id: 'integer', day: 'text', amount: 'text', note: 'text' })
    expect([first, one]).toEqual([
      { rows: 100_002, others: 1 },
      { day: 'soon', amount: 'n/a' },
    ]) // prettier-ignore
  }, 60_000)

  it('is named by its line where the type was asked for [TMTYP]', async () => {
    const { status, body } = await lab.send(file('soon,1.50,x'), { table: 'nowhere', columns: '{"day":"date"}' })

    expect([status, body]).toMatchObject([422, { code: 'TMTYP', line: at + 1, record: at, column: 'day', value: 'soon' }])
  }, 60_000)
})
