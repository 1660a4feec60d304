/**
 * Encodings, dialects, headers, preambles: how a file is understood.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { parse } from 'csv-parse/sync'
import { corpora, describeCorpora } from './lab.ts'
import { readAll } from './read.ts'

/** What the scanner lets through is what csv-parse reads, however the file is cut; what is odd is read once more, patiently. */
describe('reading records', () => {
  const piece = fc.constantFrom(
    '"',
    '"',
    ',',
    ',',
    '\n',
    '\r\n',
    '\\',
    '\\.',
    '\\.\n',
    '.',
    'a',
    '1',
    ' ',
    'é',
    '""',
    '"x"',
    ',"a\nb",',
    '-',
    '0',
    `"${'z'.repeat(130)}\n"`,
  )
  const soup = fc.array(piece, { maxLength: 14 }).map((p) => p.join(''))
  const good = fc.constantFrom('a', '1', '', '""', '"q""r"', '"a\nb"', '"\\."', 'é', '"x,y"')
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((n) =>
      fc
        .tuple(
          fc.array(fc.array(good, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 6 }),
          fc.constantFrom('\n', '\r\n'),
          fc.boolean(),
        )
        .map(([rows, nl, last]) => rows.map((r) => r.join(',')).join(nl) + (last ? nl : '')),
    )
  const known = { delimiter: ',', quote: '"', escape: 'doubled' as const, header: false, preamble: 0, encoding: 'utf-8' as const }
  const verdict = (text: string, cuts: number[], skip: boolean) => {
    try {
      const r = readAll(Buffer.from(text), { known, cuts, skip })
      return JSON.stringify([r.rows, r.records, r.lines, r.bad])
    } catch (e) {
      return `${(e as Error).message} ${JSON.stringify((e as any).bad)}`
    }
  }

  it('gives the same verdict wherever the chunks end', () => {
    fc.assert(
      fc.property(fc.oneof(soup, table), fc.array(fc.nat(120), { maxLength: 30 }), fc.boolean(), (text, cuts, skip) => {
        expect([text, verdict(text, cuts, skip)]).toEqual([text, verdict(text, [], skip)])
      }),
      { numRuns: 2000 },
    )
  })

  it('reads well-formed files as csv-parse does', () => {
    fc.assert(
      fc.property(table, (text) => {
        const want = (parse(text, { record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true }) as string[][]).filter(
          (r) => r.length > 1 || r[0] !== '',
        )
        const got = readAll(Buffer.from(text), { known }).rows.filter((r) => r.length > 1 || r[0] !== '')

        expect([text, got]).toEqual([text, want])
      }),
      { numRuns: 1500 },
    )
  })

  const word = fc.string({
    unit: fc.constantFrom('a', 'B', '7', ' ', ',', ';', '|', '\t', '"', "'", '\n', '\r\n', '\\', 'é', '漢', '.'),
    maxLength: 12,
  })
  const dialects = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '||', ', '),
    quote: fc.constantFrom('"', "'"),
    escape: fc.constantFrom('doubled' as const, 'backslash' as const),
    line_end: fc.constantFrom('\n' as const, '\r\n' as const, '\r' as const),
  })

  it('gives any table back from any dialect that is named', () => {
    fc.assert(
      fc.property(
        dialects,
        fc
          .integer({ min: 2, max: 5 })
          .chain((n) => fc.array(fc.array(word, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 8 })),
        fc.array(fc.nat(200), { maxLength: 10 }),
        (d, rows, cuts) => {
          const esc =
            d.escape === 'doubled'
              ? (v: string) => v.replaceAll(d.quote, d.quote + d.quote)
              : (v: string) => v.replaceAll('\\', '\\\\').replaceAll(d.quote, `\\${d.quote}`)
          const csv = rows.map((r) => r.map((v) => `${d.quote}${esc(v)}${d.quote}`).join(d.delimiter)).join(d.line_end) + d.line_end
          const got = readAll(Buffer.from(csv), { known: { ...d, header: false, preamble: 0, encoding: 'utf-8' }, cuts })

          expect([csv, got.rows]).toEqual([csv, rows])
        },
      ),
      { numRuns: 1000 },
    )
  })

  const names = ['id', 'name', 'city', 'amount', 'day', 'remark']
  const value = [
    fc.integer().map(String),
    fc.constantFrom('Ann', 'Bob', 'Zoë', 'Li Wei'),
    fc.constantFrom('Bern', 'New York', 'São Paulo'),
    fc.integer({ min: 0, max: 99999 }).map((n) => (n / 100).toFixed(2)),
    fc.integer({ min: 10, max: 28 }).map((d) => `2024-01-${d}`),
    fc.constantFrom('', 'fine', 'a, b; c', 'said "no"', 'two\nlines', "it's"),
  ] as const
  it('guesses dialect and header of a usual table without a hint', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.constantFrom('', '\ufeff'),
        fc.array(fc.tuple(...value), { minLength: 3, maxLength: 20 }),
        (d, nl, all, bom, rows) => {
          const esc = (v: string) => (all || v.includes(d) || /["\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v)
          const got = readAll(Buffer.from(bom + [names, ...rows].map((r) => r.map(esc).join(d)).join(nl) + nl))

          expect([got.sniffed.header, got.sniffed.dialect.delimiter, got.rows]).toEqual([names, d, rows])
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a quote inside an unquoted value', 'a,b\n5" pipe,1\n', [['5" pipe', '1']]],
    ['spaces around quotes', 'a,b\n "x, y" ,1\n', [['x, y', '1']]],
    ['a lone \\. line in one column', 'a\nx\n\\.\ny\n', [['x'], ['\\.'], ['y']]],
    [
      'mixed line ends',
      'a,b\r\n1,2\n3,4\r5,6\r\n',
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    [
      'blank lines and no last line end',
      'a,b\n\n1,2\n\n3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'quotes that nobody escaped',
      'a,b\nx,"He said "hi" to me"\ny,"b "c" d"\n',
      [
        ['x', 'He said "hi" to me'],
        ['y', 'b "c" d'],
      ],
    ],
    ['no rows', 'a,b\n', []],
  ])('reads %s', (_what, csv, want) => {
    expect(readAll(Buffer.from(csv)).rows).toEqual(want)
  })

  it.each([
    [
      'a short row of a wide table is filled',
      'a,b,c,d,e\n1,2,3,4,5\n1,2,3,4\n',
      [
        ['1', '2', '3', '4', '5'],
        ['1', '2', '3', '4', ''],
      ],
      1,
    ],
    [
      'an empty surplus is dropped',
      'a,b\n1,2\n3,4,,\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
      0,
    ],
    [
      'a stray quote costs nothing but itself',
      'a,b\n1,"x"y"\n2,z\n',
      [
        ['1', 'x"y'],
        ['2', 'z'],
      ],
      undefined,
    ],
    [
      'an open quote does not eat the file',
      'a,b\n1,"x\n2,y\n3,z\n',
      [
        ['1', '"x'],
        ['2', 'y'],
        ['3', 'z'],
      ],
      1,
    ],
    ['NUL bytes are left out', 'a,b\n1,x\0y\n', [['1', 'xy']], 1],
  ])('with on_error=skip %s', (_what, csv, want, listed) => {
    const got = readAll(Buffer.from(csv), { skip: true })

    expect(got.rows).toEqual(want)
    if (listed !== undefined) expect(got.bad).toHaveLength(listed)
  })
})

/** Papa Parse's own cases, where they are about options that we have. */
describeCorpora('the cases of Papa Parse', () => {
  const all = JSON.parse(readFileSync(path.join(corpora, 'papaparse/cases.json'), 'utf8'))
  const OURS = ['delimiter', 'quoteChar', 'newline', 'escapeChar']
  /** Why ours is another answer. */
  const REASONS: [RegExp, string][] = [
    [/comment/i, 'comments are not skipped'],
    [/delimiter/i, 'Papa Parse has its own rules for unusual delimiters'],
    [/empty|blank|whitespace|newline|trailing|only/i, 'blank lines are dropped, and spaces around quotes'],
    [/quote|malformed|unterminated|escape/i, 'broken quoting is an error here (abort), or read in another way'],
    [/row|field|column|ragged|parse/i, 'a record with another number of fields is an error here'],
    [/./, 'a single line of data'],
  ]
  const cases = [...all.CORE_PARSER_TESTS, ...all.PARSE_TESTS].filter(
    (c: any) =>
      Object.keys(c.config ?? {}).every((k) => OURS.includes(k)) && typeof c.input === 'string' && Array.isArray(c.expected?.data),
  )

  it('agrees with them, or has a reason', () => {
    let same = 0
    const other: string[] = []
    for (const c of cases) {
      const { delimiter, quoteChar, escapeChar } = c.config ?? {}
      let got: unknown
      try {
        got = readAll(Buffer.from(c.input), {
          known: {
            header: false,
            preamble: 0,
            encoding: 'utf-8',
            delimiter: typeof delimiter === 'string' && delimiter ? delimiter : ',',
            quote: quoteChar ?? '"',
            escape: escapeChar === '\\' ? 'backslash' : 'doubled',
          },
        }).rows
      } catch (e) {
        got = (e as Error).message
      }
      if (JSON.stringify(got) === JSON.stringify(c.expected.data)) same++
      else
        other.push(
          `${c.description}: ${REASONS.find(([re]) => re.test(c.description))![1]} (${JSON.stringify(got).slice(0, 100)} for ${JSON.stringify(c.expected.data).slice(0, 100)})`,
        )
    }
    if (process.env.SHOW) console.log(same, other.join('\n'))

    expect(same).toBeGreaterThan(cases.length * 0.5)
  })
})
