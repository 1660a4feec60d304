/**
 * The line of a record that PostgreSQL refuses: types that only it can judge.
 */
import { Places } from '../../../server/upload/places.ts'
import { startLab, type Lab } from './lab.ts'

describe('a type that only PostgreSQL can judge', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({ sampleBytes: 4096 })
    await lab.db.sql(`create type ws_main.mood as enum ('sad', 'ok')`)
    await lab.db.sql('create table ws_main.moods (id integer, mood ws_main.mood, code varchar(3))')
    await lab.db.sql('alter table ws_main.moods owner to ws_main; alter type ws_main.mood owner to ws_main')
  })
  afterAll(() => lab.close())
  const file = (bad: number, row: string) =>
    `id,mood,code\n${Array.from({ length: 3000 }, (_, i) => (i + 1 === bad ? row : `${i},ok,abc`)).join('\n')}\n`

  it('answers with the line of the misfit, early and late in the file [TMTYP]', async () => {
    for (const bad of [1, 2, 1700, 3000]) {
      const { status, body } = await lab.send(file(bad, '1,glad,abc'), { table: 'moods', mode: 'append' })

      expect([status, body]).toMatchObject([422, { code: 'TMTYP', line: bad + 1, record: bad, column: 'mood' }])
    }
    const several = `0,ok,"a\nb"\n`
    const behind = await lab.send(`id,mood,code\n${several.repeat(20)}${file(2500, '1,glad,abc').slice(13)}`, {
      table: 'moods',
      mode: 'append',
    })
    expect([behind.status, behind.body]).toMatchObject([422, { code: 'TMTYP', line: null, record: null, column: 'mood' }])
    const long = await lab.send(file(2500, '1,ok,abcd'), { table: 'moods', mode: 'append' })
    expect([long.status, long.body]).toMatchObject([422, { code: 'TMTYP', line: 2501 }])
  })
})

it('names no place behind records of several lines, in this COPY; the next one counts anew', () => {
  const places = new Places()
  places.opened(0, 1)
  places.note(10, 11)
  places.note(20, 25)
  const now = { records: 30, lines: 35 }

  expect(places.of(3, now)).toEqual({ record: 3, line: 4 })
  expect(places.of(15, now)).toBeNull()
  expect(places.of(30, now)).toBeNull()

  places.opened(30, 35)
  expect(places.of(2, { records: 40, lines: 45 })).toEqual({ record: 32, line: 37 })
})
