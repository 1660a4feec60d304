/**
 * The compiled loop (server/upload/wasm) against the patient reader and the recognisers: whatever it lets through, they read in the
 * same way; and scan.wasm is what its source compiles to. Its memory is used again, and that of the chunks is given back.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { Columns } from '../../../server/upload/columns.ts'
import { infer } from '../../../server/upload/infer.ts'
import { Intake } from '../../../server/upload/intake.ts'
import { Machine, Machines } from '../../../server/upload/machine.ts'
import { readOptions } from '../../../server/upload/options.ts'
import { RFC4180 } from '../../../server/upload/dialect.ts'
import { T } from '../../../server/upload/types.ts'
import { spelling } from '../../../server/upload/validators.ts'
import { sourceHash } from '../../../server/upload/wasm/source-hash.mjs'
import { readAll } from './read.ts'

const WASM = path.join(import.meta.dirname, '../../../server/upload/wasm/scan.wasm')

it('was compiled from the source that lies beside it', () => {
  const [hash] = WebAssembly.Module.customSections(new WebAssembly.Module(readFileSync(WASM)), 'source')

  expect(Buffer.from(hash!).toString()).toBe(sourceHash())
})

it('reads damaged files, cut anywhere, like the patient reader', () => {
  const piece = fc.constantFrom(
    '1',
    'x,',
    '"a ""b"" c",',
    '"',
    '""',
    '\n',
    '\n',
    '\r\n',
    '\r',
    '\\.',
    '\0',
    '\x1a',
    'é',
    '\u{1f600}',
    ',',
    ' ',
  )
  const file = fc.tuple(
    fc.constantFrom('a,b\n1,2\n', 'a;b\r\n1;2\r\n3;"4"\r\n', 'n\n1\n', 'a\tb\n1\t2\n'),
    fc.array(piece, { maxLength: 30 }),
  )
  fc.assert(
    fc.property(file, fc.array(fc.nat(80), { maxLength: 3 }), fc.boolean(), ([head, pieces], cuts, skip) => {
      const b = Buffer.concat([Buffer.from(head + pieces.join('')), Buffer.from(pieces.length % 5 === 0 ? [0xff, 10] : [])])
      const [fast, patient] = [true, false].map((fast) => {
        try {
          const { rows, records, bad } = readAll(b, { skip, cuts, fast })
          return { rows, records, bad }
        } catch (error) {
          return (error as { bad?: unknown }).bad ?? error
        }
      })
      expect(fast).toEqual(patient)
    }),
    { numRuns: 400, seed: 3 },
  )
})

it('accepts a value only in the spellings that the recognisers see in it', () => {
  const digits = (n: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${n}}$`))
  const value = fc.oneof(
    fc.constantFrom(
      '0',
      '-0',
      '-1',
      '007',
      '1.50',
      '-0.00',
      '0.00005',
      '.5',
      '1.',
      '1e5',
      '2147483648',
      '9223372036854775808',
      '1234567890123456',
    ),
    fc.constantFrom(
      '2024-02-29',
      '2023-02-29',
      '2024-04-31',
      '0000-01-01',
      '2024-13-01',
      '12:30',
      '12:30:60',
      '24:00',
      '12:30:00.50',
      '12:30:0',
    ),
    fc.constantFrom(
      '2024-01-01T10:00:00Z',
      '2024-01-01 10:00',
      '2024-01-01T10:00:00+02',
      '2024-01-01T10:00:00+15:00',
      '2024-01-01T10:00:00-00:00',
    ),
    fc.constantFrom('true', 'FALSE', 'True', 'tRUE', 'yes', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
    fc.constantFrom('a0eebc99-9C0b-4ef8-bb6d-6bb9bd380a11', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2024-01-01T10:00:00.123456+0000'),
    fc.tuple(digits(20), digits(12)).map(([a, b]) => `${a}.${b}`),
    digits(20),
  )
  const machine = new Machine(4096, 1)
  const types = [T.BOOL, T.INT4, T.INT8, T.NUM, T.FLOAT, T.DATE, T.TS, T.TSTZ, T.TIME, T.UUID]
  fc.assert(
    fc.property(value, fc.constantFrom(...types), fc.integer({ min: 0, max: 16 }), (text, type, bit) => {
      const b = Buffer.from(text)
      const seen = spelling(type, b, 0, b.length, false)
      const wanted = (1 << 30) | (1 << bit) // one spelling is left
      const columns = new Columns(1)
      const sample = machine.sample.subarray(0, machine.sample.write(`${text}\n`))
      let asked = false
      columns.types[0] = type
      columns.spell[0] = wanted
      columns.wide[0] = 1
      columns.value = () => {
        asked = true
        return 0
      }
      columns.refresh()
      infer(sample, 0, true, { ...RFC4180, delimiter: ';' }, columns, { machine })

      // asking is always right; not asking only when the recogniser would have changed nothing
      if (!asked) expect([text, type, seen & wanted]).toEqual([text, type, wanted])
    }),
    { numRuns: 4000, seed: 9 },
  )
})

it('is sure of the plain values that files are full of', () => {
  const machine = new Machine(4096, 1)
  const columns = new Columns(7)
  const row = '42,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,12.5,2024-05-31,2024-01-01T10:00:00Z,true,12:30\n'
  const sample = machine.sample.subarray(0, machine.sample.write(row.repeat(20)))
  const value = columns.value.bind(columns)
  let asked = 0
  columns.value = (...about) => {
    asked++
    return value(...about)
  }
  infer(sample, 0, true, RFC4180, columns, { machine })

  expect([...columns.types]).toEqual([T.INT4, T.UUID, T.NUM, T.DATE, T.TSTZ, T.BOOL, T.TIME])
  expect(asked).toBe(7)
})

it('gives the memory of a copied chunk back at once, but of no buffer that others share', async () => {
  const first = Buffer.alloc(10_000, 65) // is looked at for its kind
  const whole = Buffer.from(new ArrayBuffer(10_000)).fill(66)
  const end = Buffer.from(new ArrayBuffer(10_000)).fill(67)
  const shared = Buffer.from(new ArrayBuffer(10_000)).fill(68)
  const parts = [first, whole, end.subarray(1000), shared.subarray(0, 4000), shared.subarray(6000)]
  const source = (async function* () {
    yield* parts
  })()
  const input = { source, options: readOptions({ table: 't' }) } as unknown as ConstructorParameters<typeof Intake>[0]
  const b = Buffer.alloc(40_000)
  const filled = await new Intake(input, 16_384, { bytes: 0, rows: 0, rejected: 0 }).fill(b)

  expect(b.toString('latin1', 0, filled)).toBe(`${'A'.repeat(10_000)}${'B'.repeat(10_000)}${'C'.repeat(9000)}${'D'.repeat(8000)}`)
  expect([whole, end, shared].map((one) => one.buffer.byteLength)).toEqual([0, 0, 10_000])
})

it('keeps the memory of one load for the next, not for two at a time', () => {
  const machines = new Machines()
  const first = machines.take(4096, 1024)
  const second = machines.take(4096, 1024)
  machines.put(first)

  expect(second).not.toBe(first)
  expect([machines.take(4096, 1024), machines.take(4096, 1024)].map((one) => one === first)).toEqual([true, false])
})
