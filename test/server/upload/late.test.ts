/**
 * Types of all rows: a value late in the file widens its column, and no character is lost.
 */
import { startLab, type Lab } from './lab.ts'

/**
 * Late conflicts: the sample is 2 kB here (four chunks of 512 bytes), so that what happens to a file of gigabytes happens to a small one. Each file is also
 * loaded with types=text; whatever type a column got, its values must be those of the text, and text must be text to the letter.
 */
describe('types of all rows, not of a sample', () => {
  let lab: Lab
  let n = 0
  beforeAll(async () => {
    lab = await startLab({ sampleBytes: 512 })
  })
  afterAll(() => lab.close())

  async function load(
    columns: Record<string, (i: number) => string>,
    rows = 400,
  ): Promise<{ types: Record<string, string>; table: string }> {
    const names = Object.keys(columns)
    const csv = `${names.join(',')}\n${Array.from({ length: rows }, (_, i) => names.map((c) => columns[c]!(i)).join(',')).join('\n')}\n`
    const table = `late_${n++}`
    const typed = await lab.send(csv, { table })
    const text = await lab.send(csv, { table: `${table}_text`, types: 'text' })
    expect([typed.status, typed.body.code, typed.body.message, text.status]).toEqual([201, undefined, undefined, 201])
    const types = await lab.types(table)
    for (const c of names) {
      const [r] =
        await lab.db.sql(`select count(*)::int as wrong, min(t.row_id)::int as first, min(t."${c}"::text) as got, min(o."${c}") as want from ws_main.${table} t join ws_main.${table}_text o using (row_id)
        where t."${c}" is distinct from ${types[c] === 'text' ? `o."${c}"` : read(types[c]!, `nullif(o."${c}", '')`)}`)
      expect([c, types[c], r]).toEqual([c, types[c], { wrong: 0, first: null, got: null, want: null }])
    }
    const left = await lab.db.sql(
      `select attname from pg_attribute where attrelid = 'ws_main.${table}'::regclass and attnum > 0 and not attisdropped and attname like '\\_\\_w%'`,
    )
    expect(left).toEqual([])
    return { types, table }
  }
  const read = (type: string, c: string) =>
    type === 'date' ? `(case when ${c} ~ '^\\d{4}' then ${c}::date else to_date(${c}, 'DD/MM/YYYY') end)` : `${c}::${type}`
  const from = (k: number, early: (i: number) => string, late: (i: number) => string) => (i: number) => (i < k ? early(i) : late(i))
  const two = (i: number) => String(i).padStart(2, '0')

  it('widens numbers', async () => {
    const { types } = await load({
      int_big: from(300, String, (i) => String(3e9 + i)),
      int_num: from(300, String, (i) => `${i}.25`),
      int_text: from(300, String, (i) => (i === 390 ? 'n/a' : String(i))),
      num_text: from(
        399,
        (i) => `${i}.50`,
        () => 'x',
      ),
      num_float: from(
        350,
        (i) => `${i}.5`,
        (i) => `${i}.5e-07`,
      ),
      big_float: from(
        350,
        (i) => String(9007199254740993n + BigInt(i)),
        (i) => `${i}.5e-07`,
      ),
      float_num: from(
        350,
        (i) => `${1 + (i % 9)}.5e-07`,
        () => '12345678901234567890.123',
      ),
      float_text: from(
        350,
        (i) => `${1 + (i % 9)}.5e-07`,
        () => '-',
      ),
      zero_text: from(
        350,
        (i) => (i % 3 ? `${i}` : '-0.00'),
        () => '007',
      ),
    })

    expect(types).toMatchObject({
      int_big: 'bigint',
      int_num: 'numeric',
      int_text: 'text',
      num_text: 'text',
      big_float: 'numeric',
      float_num: 'numeric',
      float_text: 'text',
      zero_text: 'text',
    })
  })

  it('gives text back to the letter, whatever it was taken for', async () => {
    const { types } = await load({
      bool: from(
        390,
        (i) => (i % 2 ? 'TRUE' : 'FALSE'),
        () => 'perhaps',
      ),
      title: from(
        390,
        (i) => (i % 2 ? 'True' : 'False'),
        () => 'perhaps',
      ),
      mixed: from(
        390,
        (i) => (i % 2 ? 'True' : 'false'),
        () => 'perhaps',
      ),
      uuid: from(
        390,
        (i) => `A0EEBC99-9C0B-4EF8-BB6D-6BB9BD38${String(i).padStart(4, '0')}`,
        () => '?',
      ),
      day: from(
        390,
        (i) => `2024-01-${two(1 + (i % 28))}`,
        () => 'soon',
      ),
      dmy: from(
        390,
        (i) => `${two(1 + (i % 28))}/01/2024`,
        () => 'soon',
      ),
      dmy_short: from(
        390,
        (i) => `${1 + (i % 28)}.1.2024`,
        () => 'soon',
      ),
      ts_t: from(
        390,
        (i) => `2024-01-01T10:00:${two(i % 60)}.${String(i % 1000).padStart(3, '0')}`,
        () => 'soon',
      ),
      ts_min: from(
        390,
        (i) => `2024-01-01 10:${two(i % 60)}`,
        () => 'soon',
      ),
      ts_py: from(
        390,
        (i) => `2024-01-01 10:00:${two(i % 60)}${i % 2 ? '.5' : ''}`,
        () => 'soon',
      ),
      tz_z: from(
        390,
        (i) => `2024-01-01T10:00:${two(i % 60)}Z`,
        () => 'soon',
      ),
      tz_off: from(
        390,
        (i) => `2024-01-01 10:00:${two(i % 60)}+0${i % 3}:00`,
        () => 'soon',
      ),
      time: from(
        390,
        (i) => `10:${two(i % 60)}`,
        () => 'soon',
      ),
      time_s: from(
        390,
        (i) => `10:00:${two(i % 60)}.50`,
        () => 'soon',
      ),
      json: from(
        390,
        (i) => `"{""b"": ${i},  ""a"": 1}"`,
        () => 'none',
      ),
      null_q: from(
        390,
        (i) => (i % 2 ? '""' : String(i)),
        () => 'x',
      ),
      null_u: from(
        390,
        (i) => (i % 2 ? '' : String(i)),
        () => 'x',
      ),
      null_turn: (i) => (i === 395 ? 'x' : i % 3 === 0 ? String(i) : i < 250 ? '""' : i % 3 === 1 ? '""' : ''),
      null_both: from(
        390,
        (i) => (i % 3 ? (i > 200 && i % 2 ? '""' : '') : String(i)),
        () => 'x',
      ),
    })

    expect(
      Object.values(types)
        .slice(1)
        .every((t) => t === 'text'),
    ).toBe(true)
  })

  it('types what the sample could not know', async () => {
    const { types } = await load({
      pad: (i) => `padding ${i}`,
      late_int: from(300, () => '', String),
      late_int_q: from(300, () => '""', String),
      late_date: from(
        300,
        () => '',
        () => '2024-02-29',
      ),
      order: from(
        300,
        (i) => `01/0${1 + (i % 9)}/2024`,
        () => '25/12/2024',
      ),
      tz: (i) => `2024-01-01 10:00:${two(i % 60)}+0${i % 3}:00`,
      json: (i) => `"{""b"": ${i},  ""a"": 1}"`,
      day_ts: from(
        300,
        () => '2024-01-01',
        () => '2024-01-01 10:00:00',
      ),
      mixed: (i) => (i % 2 ? 'True' : 'false'),
      sci: (i) => `${i}.50e+3`,
    })

    expect(types).toMatchObject({
      late_int: 'integer',
      late_int_q: 'integer',
      late_date: 'date',
      order: 'date',
      tz: 'timestamp with time zone',
      json: 'jsonb',
      day_ts: 'timestamp without time zone',
      mixed: 'boolean',
      sci: 'double precision',
    })
  })

  it('goes through several conflicts of one column', async () => {
    const { types } = await load(
      {
        c: (i) => (i < 200 ? String(i) : i < 260 ? String(5e9 + i) : i < 330 ? `${i}.5` : i < 395 ? `${i}` : 'end'),
        d: (i) => (i < 250 ? '' : i < 300 ? '2024-01-01' : i < 350 ? '2024-01-01T00:00:00' : 'x'),
      },
      3000,
    )

    expect(types).toMatchObject({ c: 'text', d: 'text' })
  })

  it.each([0, 2500, 4999])('finds the first row that breaks a given type at %i [TMTYP]', async (at) => {
    const csv = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i === at ? 'x' : i},"two\nlines"`).join('\n')}\n`
    const { status, body } = await lab.send(csv, { table: 'breaks', columns: '{"a":"integer"}' })

    expect([status, body]).toEqual([
      422,
      expect.objectContaining({ code: 'TMTYP', line: 2 + 2 * at, record: at + 1, column: 'a', value: 'x', reason: 'not an integer' }),
    ])
  })

  it('widens a column of a file that is written anew, record by record', async () => {
    const csv = `n;v\n${Array.from({ length: 400 }, (_, i) => `${i};${i < 300 ? i : i === 350 ? 'NA' : 'late'}`).join('\n')}\n`
    const { status, body } = await lab.send(csv, { table: 'anew', nulls: 'NA' })

    expect([status, body.rows, await lab.types('anew')]).toEqual([201, 400, { row_id: 'bigint', n: 'integer', v: 'text' }])
    expect((await lab.rows('anew')).slice(349, 352)).toEqual([
      ['349', 'late'],
      ['350', null],
      ['351', 'late'],
    ])
  })

  it('changes the type of a column that a view uses only when the view is gone [TMTYP]', async () => {
    await lab.send('a\n1\n', { table: 'viewed' })
    await lab.db.sql('create view ws_main.viewer as select a from ws_main.viewed')
    const { status, body } = await lab.send('a\nx\n', { table: 'viewed', mode: 'append', widen: 'true' })

    expect([status, body.code]).toEqual([422, 'TMTYP'])
  })
})
