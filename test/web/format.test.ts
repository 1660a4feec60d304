/** Values as text: exact for every digit that PostgreSQL keeps. */
import { bytes, duration, formatText, relative, setLanguage, textMaker } from '../../web/shared/format/text.ts'
import { mayShowImage } from '../../web/shared/format/image-hosts.ts'
import { type FormatKind, FORMATS, isRightAligned, shortType } from '../../web/shared/format/kinds.ts'

describe('values as text', () => {
  beforeAll(() => setLanguage('en-GB'))

  it.each([
    ['12345678901234567890.123456789', { kind: 'number' }, 'numeric', '12,345,678,901,234,567,890.123456789'],
    ['9.50', { kind: 'auto' }, 'numeric', '9.50'],
    ['9007199254740993', { kind: 'auto' }, 'bigint', '9,007,199,254,740,993'],
    ['1234.5', { kind: 'currency', opt: { currency: 'EUR' } }, 'numeric', '€1,234.50'],
    ['1234.5', { kind: 'currency', opt: { currency: 'no such' } }, 'numeric', '1,234.5 no such'],
    ['0.125', { kind: 'percent' }, 'numeric', '12.5%'],
    ['NaN', { kind: 'number' }, 'numeric', 'NaN'],
    ['316.7600000000000000', { kind: 'auto' }, 'numeric', '316.76'],
    ['0.3333333333333333', { kind: 'auto' }, 'numeric', '0.3333333333333333'],
    ['2.0000000000000000', { kind: 'auto' }, 'numeric', '2.00'],
    [1e21, { kind: 'auto' }, 'double precision', '1,000,000,000,000,000,000,000'],
    [true, { kind: 'bool', opt: { yes: 'paid' } }, 'boolean', 'paid'],
    ['2026-01-02', { kind: 'auto' }, 'date', '2 Jan 2026'],
    ['2026-01-02T03:04:05.123456+00:00', { kind: 'date', opt: { style: 'iso' } }, 'timestamp with time zone', '2026-01-02 03:04:05Z'],
    ['2026-01-02 03:04:05.123456+00', { kind: 'date', opt: { time: false } }, 'timestamp with time zone', '2 Jan 2026'],
    ['infinity', { kind: 'date' }, 'timestamp with time zone', 'infinity'],
    [{ a: 1 }, { kind: 'json' }, 'jsonb', '{"a":1}'],
    [{ years: 0, months: 0, days: 1, hours: 2, minutes: 0, seconds: 0.5 }, { kind: 'auto' }, 'interval', '1 day 2 hours 0.5 seconds'],
    [{ start: { value: 1, inclusive: true }, end: null }, { kind: 'auto' }, 'int4range', '[1,)'],
    [{ x: 1, y: -2.5 }, { kind: 'auto' }, 'point', '(1,-2.5)'],
    ['1234.5678', { kind: 'number', opt: { decimals: 2 } }, 'numeric', '1,234.57'],
    ['20261122', { kind: 'auto', opt: { grouping: false } }, 'bigint', '20261122'],
    ['1234.5', { kind: 'currency', opt: { currency: 'JPY', decimals: 0 } }, 'numeric', 'JP¥1,235'],
    ['0.12345', { kind: 'percent', opt: { decimals: 2 } }, 'numeric', '12.35%'],
    ['1500000', { kind: 'bytes' }, 'bigint', '1.5 MB'],
    ['55.5', { kind: 'bar', opt: { max: 60 } }, 'numeric', '55.5'],
    ['f', { kind: 'bool', opt: { no: 'open' } }, 'text', 'open'],
    ['new', { kind: 'tag' }, 'text', 'new'],
    ['9007199254740993', { kind: 'text' }, 'bigint', '9007199254740993'],
    ['not a date', { kind: 'date' }, 'text', 'not a date'],
    ['yesterday', { kind: 'relative' }, 'text', 'yesterday'],
    [null, { kind: 'number' }, 'numeric', ''],
  ] as const)('%j as %j of type %s reads %s', (value, format, type, text) => {
    expect(formatText(value as never, format as never, type)).toBe(text)
    expect(textMaker(format as never, type)(value as never)).toBe(text)
  })

  it('every kind that is offered has its text', () => {
    const texts: Record<FormatKind, [value: unknown, type: string, text: string]> = {
      auto: ['9.50', 'numeric', '9.50'],
      text: ['1234.5', 'numeric', '1234.5'],
      number: ['1234.5', 'numeric', '1,234.5'],
      currency: ['3', 'integer', '€3.00'],
      percent: ['0.5', 'numeric', '50%'],
      bytes: ['1500', 'bigint', '1.5 kB'],
      date: ['2026-01-02', 'date', '2 Jan 2026'],
      relative: ['2020-01-02', 'date', relative('2020-01-02')],
      bool: [false, 'boolean', 'No'],
      json: [[1], 'jsonb', '[1]'],
      link: ['https://example.org', 'text', 'https://example.org'],
      image: ['https://example.org/a.png', 'text', 'https://example.org/a.png'],
      tag: ['open', 'text', 'open'],
      bar: ['12', 'integer', '12'],
    }
    for (const { kind } of FORMATS) {
      const [value, type, text] = texts[kind]
      expect([kind, formatText(value as never, { kind }, type)]).toEqual([kind, text])
    }
  })

  it.each([
    ['https://images.example.org/a.png', true],
    ['http://images.example.org/a.png', false],
    ['https://evil.example.net/a.png?who=ada', false],
    ['https://images.example.org.evil.net/a.png', false],
    ['https://eu.cdn.example.org/a.png', true],
    ['https://cdn.example.org/a.png', false],
    ['https://tidemark.example/logo.png', true],
    ['data:image/png;base64,iVBORw0KGgo=', true],
    ['data:text/html,<b>', false],
    ['javascript:alert(1)', false],
    ['no address', false],
  ])('a cell shows the picture at %s: %s', (url, shown) => {
    expect(mayShowImage(url, ['images.example.org', '*.cdn.example.org'], 'https://tidemark.example')).toBe(shown)
  })

  it('bytes, durations and times ago use the unit that a person would', () => {
    const now = Date.parse('2026-01-02T12:00:00Z')

    expect([bytes(999), bytes('1234567'), duration(12), duration(1234), duration(125_000)]).toEqual([
      '999 bytes',
      '1.2 MB',
      '12 ms',
      '1.2 s',
      '2 min 5 s',
    ])
    expect([relative('2026-01-02T11:59:57Z', now), relative('2026-01-02T11:55:00Z', now), relative('2026-01-01T12:00:00Z', now)]).toEqual([
      'now',
      '5 minutes ago',
      'yesterday',
    ])
  })

  it('numbers stand right, the type in a header is short', () => {
    expect([
      isRightAligned({ kind: 'auto' }, 'numeric'),
      isRightAligned({ kind: 'tag' }, 'numeric'),
      isRightAligned({ kind: 'auto' }, 'text'),
    ]).toEqual([true, false, false])
    expect(shortType('timestamp with time zone')).toBe('timestamptz')
  })
})
