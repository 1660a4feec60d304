/**
 * Committed migrations as text: taken back into their parts, and compared with the fixtures.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkFixtures, uncommit } from '../../scripts/migrate/parts.mjs'

const COMMITTED = `--! Previous: -
--! Hash: sha1:0
--! Message: foundation

--! split: 10-core.sql
create table a (id int);
--! Included functions/f.sql
create function f() returns int language sql as 'select 1';
--! EndIncluded functions/f.sql

--! split: 20-more.sql
-- a comment that stays
create table b (id int);
`
let folder: string
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-parts-'))
  for (const name of ['committed', 'current', 'fixtures/functions']) mkdirSync(path.join(folder, name), { recursive: true })
  write('committed/000001-foundation.sql', COMMITTED)
  write('current/1-current.sql', '-- Enter migration here\n')
  write('fixtures/functions/f.sql', "create function f() returns int language sql as 'select 1';\n")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('taking a committed migration back', () => {
  it('restores its parts under their names, with their includes', () => {
    expect(uncommit(folder)).toBe('foundation')

    expect(readdirSync(path.join(folder, 'current')).sort()).toEqual(['10-core.sql', '20-more.sql'])
    expect(read('current/10-core.sql')).toBe('create table a (id int);\n--!include functions/f.sql\n')
    expect(read('current/20-more.sql')).toBe('-- a comment that stays\ncreate table b (id int);\n')
    expect(readdirSync(path.join(folder, 'committed'))).toEqual([])
  })

  it('keeps the parts that are being written', () => {
    write('current/30-new.sql', 'create table c (id int);\n')

    uncommit(folder)

    expect(readdirSync(path.join(folder, 'current')).sort()).toEqual(['10-core.sql', '20-more.sql', '30-new.sql'])
  })

  it('refuses a part whose number is taken, and changes nothing', () => {
    write('current/20-other.sql', 'create table c (id int);\n')

    expect(() => uncommit(folder)).toThrow('20-more.sql of 000001-foundation.sql and current/20-other.sql have the same number.')
    expect(readdirSync(path.join(folder, 'committed'))).toEqual(['000001-foundation.sql'])
  })
})

describe('the check of the fixtures', () => {
  it('is content when each says what its newest migration says', () => {
    expect(checkFixtures(folder)).toEqual([])
  })

  it('finds one that was edited and not included again', () => {
    write('fixtures/functions/f.sql', "create function f() returns int language sql as 'select 2';\n")

    expect(checkFixtures(folder)).toEqual([expect.stringMatching(/functions\/f\.sql: edited since 000001-foundation\.sql/)])

    write('current/30-f.sql', '--!include functions/f.sql\n')
    expect(checkFixtures(folder)).toEqual([])
  })

  it('finds one that no migration includes, and one that is gone', () => {
    rmSync(path.join(folder, 'fixtures/functions/f.sql'))
    write('fixtures/functions/g.sql', 'select 1;\n')

    expect(checkFixtures(folder)).toEqual([
      'migrations/fixtures/functions/g.sql: no migration includes it',
      'migrations/fixtures/functions/f.sql: included by a migration, but gone',
    ])
  })
})
