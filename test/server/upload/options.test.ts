/**
 * The options of an upload: how they are read, and what is refused.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { startLab, type Lab } from './lab.ts'

/** What is guessed can be given, and what is given is kept. */
describe('options of an upload', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab()
  })
  afterAll(() => lab.close())

  it('previews without keeping anything', async () => {
    const { status, body } = await lab.send('a;b\n1;2020-01-01\nx;2020-01-02\n', { table: 'p', dry_run: 'true' })

    expect(status).toBe(200)
    expect(body).toMatchObject({
      dry_run: true,
      dialect: { delimiter: ';' },
      preview: {
        rows: [
          ['1', '2020-01-01'],
          ['x', '2020-01-02'],
        ],
      },
    })
    expect(body.columns.map((c: any) => [c.name, c.type])).toEqual([
      ['a', 'text'],
      ['b', 'date'],
    ])
    expect(await lab.db.sql(`select to_regclass('ws_main.p') as t, (select count(*)::int from app_public.uploads) as n`)).toEqual([
      { t: null, n: 0 },
    ])
  })

  it('renames and types columns', async () => {
    const { body } = await lab.send('zip,n,flag\n08001,1,yes\n,2,no\n', {
      table: 'o1',
      columns: '{"zip":{"name":"postcode","type":"text"},"n":"numeric","flag":"boolean"}',
    })

    expect(body.code).toBeUndefined()
    expect(await lab.types('o1')).toEqual({ row_id: 'bigint', postcode: 'text', n: 'numeric', flag: 'boolean' })
    expect(await lab.rows('o1')).toEqual([
      ['08001', '1', 'true'],
      [null, '2', 'false'],
    ])
  })

  it('leaves columns out', async () => {
    const { body } = await lab.send('a,b,c\n1,"x, y",2\n3,z,4\n', { table: 'o1b', columns: '{"b":{"skip":true},"c":{"name":"d"}}' })

    expect(body.columns.map((c: any) => c.name)).toEqual(['a', 'd'])
    expect(await lab.rows('o1b')).toEqual([
      ['1', '2'],
      ['3', '4'],
    ])
  })

  it('makes an empty table of an empty file when bad records are skipped, else says that it is empty [TMCSV]', async () => {
    const abort = await lab.send('', { table: 'void' })
    const skip = await lab.send('', { table: 'void', on_error: 'skip' })

    expect([abort.status, abort.body.code, skip.status, skip.body.rows]).toEqual([422, 'TMCSV', 201, 0])
  })

  it('names the line of bytes that are no text [TMENC]', async () => {
    const { status, body } = await lab.send(Buffer.from('a,b\n1,é\n2,x\0y\n'), { table: 'nul' })

    expect([status, body]).toEqual([422, expect.objectContaining({ code: 'TMENC', line: 3, column: 'b' })])
  })

  it('keeps every cell as it is written with types=text', async () => {
    await lab.send('a,b\n1.50,TRUE\n', { table: 'o2', types: 'text' })

    expect(await lab.rows('o2')).toEqual([['1.50', 'TRUE']])
  })

  it('reads null tokens, thousands and currency on request only', async () => {
    await lab.send('n,price\n1,"1.234,50 €"\nNA,"12,00 €"\n', { table: 'o3', nulls: 'NA', decimal: ',', thousands: '.', currency: 'true' })
    await lab.send('n,price\n1,"1,234"\nNA,"12"\n', { table: 'o4' })

    expect(await lab.rows('o3')).toEqual([
      ['1', '1234.50'],
      [null, '12.00'],
    ])
    expect(await lab.rows('o4')).toEqual([
      ['1', '1,234'],
      ['NA', '12'],
    ])
  })

  it.each([
    ['dmy', '2024-02-01'],
    ['mdy', '2024-01-02'],
  ])('takes the order of days and months from %s', async (order, want) => {
    await lab.send('d\n01/02/2024\n', { table: `d_${order}`, date_order: order })

    expect(await lab.rows(`d_${order}`)).toEqual([[want]])
  })

  it('does not guess an order that nothing proves', async () => {
    const { body } = await lab.send('d,e\n01/02/2024,x\n03/04/2024,y\n', { table: 'd3' })

    expect(body.columns[0]).toMatchObject({ type: 'text', note: expect.stringContaining('date_order') })
  })

  it('lets one column prove the order for another', async () => {
    const { body } = await lab.send('d,e\n01/02/2024,25/12/2023\n', { table: 'd4' })

    expect(body.columns.map((c: any) => c.type)).toEqual(['date', 'date'])
    expect(await lab.rows('d4')).toEqual([['2024-02-01', '2023-12-25']])
  })

  const odd: [string, Uint8Array | string, Record<string, string>][] = [
    ['gzip', gzipSync('a,b\n1,é\n'), {}],
    ['zstd', zstdCompressSync('a,b\n1,é\n'), {}],
    ['UTF-8 with BOM', '\ufeffa,b\n1,é\n', {}],
    ['UTF-16 with BOM', Buffer.from('\ufeffa,b\n1,é\n', 'utf16le'), {}],
    ['UTF-16 big endian', Buffer.from('\ufeffa,b\n1,é\n', 'utf16le').swap16(), {}],
    ['Windows-1252', Buffer.from('a,b\n1,é\n', 'latin1'), {}],
    ['a named encoding', Buffer.from('a,b\n1,é\n', 'latin1'), { encoding: 'latin1' }],
    ['tabs', 'a\tb\n1\té\n', {}],
    ['pipes and single quotes', "a|b\n1|'é'\n", {}],
    ['a delimiter of two characters', 'a||b\n1||é\n', {}],
    ['a given delimiter', 'a:b\n1:é\n', { delimiter: ':' }],
    ['mixed line ends and blank lines', 'a,b\r\n\n1,é\r\r\n', {}],
    ['a preamble', 'Report of 2024\n\na,b\n1,é\n', {}],
  ]
  it.each(odd)('reads %s', async (what, bytes, options) => {
    const table = `odd_${odd.findIndex((o) => o[0] === what)}`
    const { status, body } = await lab.send(bytes, { table, ...options })

    expect([status, body.columns?.map((c: any) => c.name)]).toEqual([201, ['a', 'b']])
    expect(await lab.rows(table)).toEqual([['1', 'é']])
  })

  it.each([
    [{ mode: 'sideways' }, 'mode'],
    [{ on_error: 'x' }, 'on_error'],
    [{ columns: '{' }, 'columns'],
    [{ columns: '{"a":"money"}' }, 'columns'],
    [{ dialect: '{"x":1}' }, 'dialect'],
    [{ delimiter: '"' }, 'delimiter'],
    [{ encoding: 'ebcdic' }, 'encoding'],
    [{ colour: 'red' }, 'colour'],
    [{ header: 'maybe' }, 'header'],
    [{ decimal: 'x' }, 'decimal'],
  ])('refuses %j [TMARG]', async (options, option) => {
    const { status, body } = await lab.send('a\n1\n', { table: 'never', ...options } as any)

    expect([status, body.code, body.option]).toEqual([400, 'TMARG', option])
  })

  it('refuses a name that is none [TMNAM]', async () => {
    expect((await lab.send('a\n1\n', { table: '_hidden' })).body.code).toBe('TMNAM')
  })

  it.each([
    [Buffer.from('PK\x03\x04 and more of it'), 'Excel'],
    [Buffer.from('PAR1 and more'), 'Parquet'],
  ])('says what to do with %s [TMMED]', async (bytes, what) => {
    const { status, body } = await lab.send(bytes, { table: 'never' })

    expect([status, body.code, body.message]).toEqual([415, 'TMMED', expect.stringContaining(what)])
  })

  it('cleans names: empty, doubled, reserved, too long', async () => {
    const long = 'ä'.repeat(40)
    const { body } = await lab.send(`a,,a,xmin,${long},${long}\n1,2,3,4,5,6\n`, { table: 'names' })

    expect(body.columns.map((c: any) => c.name)).toEqual(['a', 'column_2', 'a_2', 'xmin_', 'ä'.repeat(31), `${'ä'.repeat(30)}_2`])
  })

  it('takes the table name from the file', async () => {
    const form = new FormData()
    form.set('mode', 'create')
    form.set('file', new Blob(['a\n1\n']), 'My List (2).csv')
    const reply = await fetch(`${lab.url}/upload-file`, { method: 'POST', body: form })

    expect([reply.status, ((await reply.json()) as any).table]).toEqual([201, 'my_list_2'])
  })

  it('refuses a field after the file, and keeps nothing [TMARG]', async () => {
    const form = new FormData()
    form.set('file', new Blob(['a\n1\n']), 'late.csv')
    form.set('mode', 'create')
    const reply = await fetch(`${lab.url}/upload-file`, { method: 'POST', body: form })

    expect([reply.status, ((await reply.json()) as any).code]).toEqual([400, 'TMARG'])
    expect(await lab.db.sql(`select to_regclass('ws_main.late') as t`)).toEqual([{ t: null }])
  })
})
