/**
 * Append, replace and upsert into a table that is there.
 */
import { startLab, type Lab } from './lab.ts'

/** append, replace and upsert: same table, by name, nothing narrowed. */
describe('a file into a table that is there', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())
  const make = async (table: string, csv = 'id,name,born\n1,a,2000-01-01\n2,b,2001-01-01\n', more = {}) => {
    const { status, body } = await lab.send(csv, { table, ...more })
    expect([status, body.code]).toEqual([201, undefined])
    return body
  }

  it('appends by name, whatever the order, with null for what is missing', async () => {
    await make('a1')
    const { status, body } = await lab.send('name,ID\nc,3\n', { table: 'a1', mode: 'append' })

    expect([status, body.rows, body.mode]).toEqual([201, 1, 'append'])
    expect(await lab.rows('a1')).toEqual([
      ['1', 'a', '2000-01-01'],
      ['2', 'b', '2001-01-01'],
      ['3', 'c', null],
    ])
  })

  it('appends by place when there is no header', async () => {
    await make('a2')
    const { status } = await lab.send('3,c,2002-01-01\n', { table: 'a2', mode: 'append', header: 'false' })

    expect(status).toBe(201)
    expect((await lab.rows('a2'))[2]).toEqual(['3', 'c', '2002-01-01'])
  })

  it('refuses new columns, or adds them on request [TMCOL]', async () => {
    await make('a3')
    const refused = await lab.send('id,size\n3,7.5\n', { table: 'a3', mode: 'append' })
    const added = await lab.send('id,size\n3,7.5\n', { table: 'a3', mode: 'append', add_columns: 'true' })

    expect([refused.status, refused.body.code, refused.body.columns]).toEqual([422, 'TMCOL', ['size']])
    expect(added.status).toBe(201)
    expect((await lab.types('a3')).size).toBe('numeric')
  })

  it('refuses a value that does not fit, or widens the column on request [TMTYP]', async () => {
    await make('a4')
    const refused = await lab.send('id,name\n3,c\nx4,d\n', { table: 'a4', mode: 'append' })
    const widened = await lab.send('id,name\n3,c\nx4,d\n', { table: 'a4', mode: 'append', widen: 'true' })

    expect([refused.status, refused.body]).toEqual([
      422,
      expect.objectContaining({ code: 'TMTYP', line: 3, record: 2, column: 'id', value: 'x4', reason: 'not an integer' }),
    ])
    expect([widened.status, widened.body.code]).toEqual([201, undefined])
    expect((await lab.rows('a4')).map((r) => r[0])).toEqual(['1', '2', '3', 'x4'])
  })

  it('skips what does not fit into <table>_rejects, with line, text and reason', async () => {
    await make('a5')
    const { body } = await lab.send('id,name\n3,c\nx4,d\n5\n6,f\n', { table: 'a5', mode: 'append', on_error: 'skip' })

    expect(body).toMatchObject({ rows: 2, rejected: 2, rejects: 'a5_rejects' })
    expect(
      await lab.db.sql(`select line::int, record::int, "column", value, reason, text, loaded from ws_main.a5_rejects order by row_id`),
    ).toEqual([
      { line: 3, record: 2, column: 'id', value: 'x4', reason: 'not an integer', text: 'x4,d', loaded: false },
      { line: 4, record: 3, column: null, value: null, reason: 'expected 2 fields, found 1', text: '5', loaded: false },
    ])
  })

  it('skips what the table itself refuses: enums, domains, lengths, checks, foreign keys, keys', async () => {
    await lab.db.sql(`create type ws_main.mood as enum ('glad', 'sad'); create domain ws_main.rate as integer check (value < 6)`)
    await lab.db.sql('create table ws_main.depts (id integer primary key); insert into ws_main.depts values (1)')
    await lab.db.sql(
      'create table ws_main.judge (id integer primary key, mood ws_main.mood, rate ws_main.rate, short varchar(3), n numeric(4,1) check (n > 0), dept integer references ws_main.depts)',
    )
    for (const t of ['depts', 'judge']) await lab.db.sql(`alter table ws_main.${t} owner to ws_main`)
    await lab.db.sql('alter type ws_main.mood owner to ws_main; alter domain ws_main.rate owner to ws_main')
    const good = (id: number) => `${id},glad,5,"a""b",1.25,1`
    const bad = ['50,cross,1,a,1,1', '51,sad,7,a,1,1', '52,sad,1,"lo\nng",1,1', '53,sad,1,a,99999,1', '54,sad,1,a,-1,1', '55,sad,1,a,1,2']
    const lines = [
      'id,mood,rate,short,n,dept',
      good(1),
      ...bad.slice(0, 3),
      good(2),
      ...bad.slice(3),
      good(1),
      ',,,,,',
      good(3),
      'q,,,,,',
      '4,,,,,',
    ]
    const { status, body } = await lab.send(lines.join('\n'), { table: 'judge', mode: 'append', on_error: 'skip' })

    expect([status, body]).toEqual([201, expect.objectContaining({ rows: 4, rejected: 9, rejects: 'judge_rejects' })])
    expect(await lab.rows('judge')).toEqual([
      ...[1, 2, 3].map((id) => [String(id), 'glad', '5', 'a"b', '1.3', '1']),
      ['4', null, null, null, null, null],
    ])
    expect(await lab.db.sql(`select line::int, record::int, "column", value, reason from ws_main.judge_rejects order by row_id`)).toEqual([
      { line: 3, record: 2, column: 'mood', value: 'cross', reason: 'not one of glad, sad' },
      { line: 4, record: 3, column: 'rate', value: '7', reason: expect.stringContaining('rate_check') },
      { line: 5, record: 4, column: 'short', value: 'lo\nng', reason: expect.stringContaining('too long') },
      { line: 8, record: 6, column: 'n', value: '99999', reason: expect.stringContaining('overflow') },
      { line: 9, record: 7, column: null, value: null, reason: expect.stringContaining('judge_n_check') },
      { line: 10, record: 8, column: 'dept', value: '2', reason: expect.stringContaining('not present in table "depts"') },
      { line: 11, record: 9, column: 'id', value: '1', reason: expect.stringContaining('already exists') },
      { line: 12, record: 10, column: 'id', value: null, reason: expect.stringContaining('not-null') },
      { line: 14, record: 12, column: 'id', value: 'q', reason: 'not an integer' },
    ])
  })

  it('upserts past what the table refuses, and counts what came and what changed', async () => {
    await lab.db.sql(
      'create table ws_main.picky (id integer primary key, n integer check (n > 0)); insert into ws_main.picky values (1, 1)',
    )
    await lab.db.sql('alter table ws_main.picky owner to ws_main')
    const { body } = await lab.send('id,n\n1,5\n2,-2\n3,3\n', { table: 'picky', mode: 'upsert', on_error: 'skip' })

    expect(body).toMatchObject({ rows: 2, rejected: 1, inserted: 1, updated: 1 })
    expect((await lab.rows('picky')).sort()).toEqual([
      ['1', '5'],
      ['3', '3'],
    ])
  })

  it('replaces the rows and keeps table and views', async () => {
    await make('r1')
    await lab.db.sql('create view ws_main.r1_view as select count(*) from ws_main.r1')
    const { status } = await lab.send('id,name,born\n9,z,2009-09-09\n', { table: 'r1', mode: 'replace' })

    expect(status).toBe(201)
    expect(await lab.rows('r1')).toEqual([['9', 'z', '2009-09-09']])
    expect(await lab.db.sql('select count::int from ws_main.r1_view')).toEqual([{ count: 1 }])
  })

  it('keeps the old rows when a replacement fails [TMCSV]', async () => {
    await make('r2')
    const { status, body } = await lab.send('id,name,born\n9,z\n', { table: 'r2', mode: 'replace' })

    expect([status, body.code]).toEqual([422, 'TMCSV'])
    expect(await lab.rows('r2')).toHaveLength(2)
  })

  it('upserts by key; of two records with one key the last one wins', async () => {
    await make('u1', undefined, { key: 'id' })
    const { status, body } = await lab.send('id,name\n2,B\n3,c\n3,C\n', { table: 'u1', mode: 'upsert' })

    expect([status, body]).toEqual([201, expect.objectContaining({ inserted: 1, updated: 1, key: ['id'] })])
    expect((await lab.rows('u1')).sort()).toEqual([
      ['1', 'a', '2000-01-01'],
      ['2', 'B', '2001-01-01'],
      ['3', 'C', null],
    ])
  })

  it('says when the key is not unique [TMKEY]', async () => {
    const { status, body } = await lab.send('id\n1\n1\n', { table: 'k1', key: 'id' })

    expect([status, body.code]).toEqual([422, 'TMKEY'])
  })

  it('does not append to what is not there [TMNOF]', async () => {
    const { status, body } = await lab.send('id\n1\n', { table: 'nothing', mode: 'append' })

    expect([status, body.code]).toEqual([404, 'TMNOF'])
  })

  it('numbers on from where the load ended', async () => {
    await make('n1')
    await lab.db.sql(`insert into ws_main.n1 (name) values ('more')`)

    expect(await lab.db.sql('select max(row_id)::int as id from ws_main.n1')).toEqual([{ id: 3 }])
  })

  it('says that the same file came before', async () => {
    const first = await make('s1', 'q\n77\n')
    const again = await make('s2', 'q\n77\n')

    expect([first.same_as, again.same_as]).toEqual([null, first.id])
  })
})
