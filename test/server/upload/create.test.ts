/**
 * A file becomes a new table: types, names, keys, and errors with their line.
 */
import { startLab, type Lab } from './lab.ts'

/** The first promise: a file becomes a typed table, all or nothing. */
describe('a new table from a file', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())

  it('types the sample of the seed', async () => {
    const { status, body } = await lab.send('AColumnOfNumbers\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n', { table: 'sample' })

    if (status !== 201) console.error(body)
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({ workspace: 'main', table: 'sample', mode: 'create', rows: 10, rejected: 0, key: ['row_id'] }),
    ])
    expect(body.columns).toEqual([{ name: 'AColumnOfNumbers', type: 'integer', nullable: true }])
    expect(body.dialect).toMatchObject({ delimiter: ',', quote: '"', encoding: 'utf-8', header: true })
    expect(await lab.types('sample')).toEqual({ row_id: 'bigint', AColumnOfNumbers: 'integer' })
    expect(await lab.rows('sample')).toEqual(Array.from({ length: 10 }, (_, i) => [String(i)]))
    const [owner] = await lab.db.sql(`select tableowner from pg_tables where schemaname = 'ws_main' and tablename = 'sample'`)
    expect(owner.tableowner).toBe('ws_main')
    const [upload] = await lab.db.sql(`select state, rows::int, table_name, sha256 from app_public.uploads where id = $1`, [body.id])
    expect(upload).toEqual({ state: 'done', rows: 10, table_name: 'sample', sha256: body.sha256 })
  })

  it('knows every type, and leaves what only looks like one as text', async () => {
    const head = 'bool,int,big,num,dbl,day,dmy,ts,tstz,time,uuid,json,zip,phone,name'
    const line = (n: number): string =>
      [
        n % 2 ? 'true' : 'false',
        n,
        3e9 + n,
        `${n}.50`,
        `${n}.5e-07`,
        `2024-02-${10 + n}`,
        `${13 + n}/01/2024`,
        `2024-01-01 10:00:0${n}`,
        `2024-01-01T10:00:0${n}Z`,
        `10:00:0${n}`,
        `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1${n}`,
        `"{""a"": ${n}}"`,
        `0${n}123`,
        `+4179123456${n}`,
        `n${n}`,
      ].join(',')
    const { status, body } = await lab.send([head, line(1), line(2), line(3), ''].join('\r\n'), { table: 'types' })

    expect([status, body.code]).toEqual([201, undefined])
    expect(Object.values(await lab.types('types')).slice(1)).toEqual([
      'boolean',
      'integer',
      'bigint',
      'numeric',
      'double precision',
      'date',
      'date',
      'timestamp without time zone',
      'timestamp with time zone',
      'time without time zone',
      'uuid',
      'jsonb',
      'text',
      'text',
      'text',
    ])
    expect(body.columns.find((c: any) => c.name === 'dmy')).toMatchObject({ type: 'date', format: 'DD/MM/YYYY' })
    expect((await lab.rows('types'))[0]!.slice(5, 7)).toEqual(['2024-02-11', '2024-01-14'])
  })

  it('keeps empty and quoted-empty apart in text', async () => {
    await lab.send('a,b\nx,\ny,""\n', { table: 'empties' })

    expect(await lab.rows('empties')).toEqual([
      ['x', null],
      ['y', ''],
    ])
  })

  it('answers with line, record, column, value and reason, and leaves nothing [TMCSV]', async () => {
    const { status, body } = await lab.send('a,b\n1,"x\ny"\n2\n', { table: 'broken' })

    expect(status).toBe(422)
    expect(body).toMatchObject({ code: 'TMCSV', line: 4, record: 2, reason: 'expected 2 fields, found 1', detail: '2' })
    expect(await lab.db.sql(`select to_regclass('ws_main.broken') as t`)).toEqual([{ t: null }])
    expect(await lab.db.sql(`select state, error_code, error_line::int from app_public.uploads order by id desc limit 1`)).toEqual([
      { state: 'failed', error_code: 'TMCSV', error_line: 4 },
    ])
  })

  it('refuses a name that is taken [TMEXI]', async () => {
    const { status, body } = await lab.send('a\n1\n', { table: 'sample' })

    expect([status, body.code]).toEqual([409, 'TMEXI'])
  })

  it('refuses a reader [TMPER]', async () => {
    const { status, body } = await lab.send('a\n1\n', { table: 'reader' }, { 'x-test-role': 'reader' })

    expect([status, body.code]).toEqual([403, 'TMPER'])
  })
})
