/**
 * The table of errors is the whole truth: what SQL raises is in it, and a test names every code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ERRORS } from '../../server/errors.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const filesBelow = (folder: string, ending: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(ROOT, folder, name))
const codesIn = (files: string[]) => new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\bTM[A-Z]{3}\b/g) ?? []))

it('every code that SQL raises is in the table of server/errors.ts', () => {
  const raised = [...codesIn([...filesBelow('migrations/fixtures', '.sql'), ...filesBelow('migrations/setup', '.sql')])]

  expect(raised.filter((code) => !(code in ERRORS))).toEqual([])
})

it('every code is named by a test', () => {
  const tested = codesIn(filesBelow('test', '.test.ts').filter((file) => !file.endsWith('house/errors.test.ts')))

  expect(Object.keys(ERRORS).filter((code) => !tested.has(code))).toEqual([])
})

it('every error tells what to do', () => {
  expect(Object.entries(ERRORS).filter(([, { meaning, remedy }]) => !meaning || !remedy.endsWith('.'))).toEqual([])
})
