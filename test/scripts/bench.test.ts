/**
 * The table of `npm run bench`: that a goal that is missed is said, and that one program's run leaves the others' results.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { asText, rowOf, verdict, writeSection } from '../../scripts/bench/report.ts'

describe('A figure of the bench', () => {
  it.each([
    ['≥ 0.9', '0.90', 'yes'],
    ['≥ 0.9', '0.89', 'NO'],
    ['≤ 80 ms', '80 ms', 'yes'],
    ['< 50 kB', '50 kB each', 'NO'],
    ['0.80', '0.79', 'NO'],
    ['≤ 200 MB', '1,200 MB', 'NO'],
    ['< 1000', 'p50 1140 ms, p99 1900 ms', 'NO'],
    ['< 50 / 250 ms', '43.3 / 300.5 ms', 'NO'],
    ['2000 / 0', '2000 / 0', 'yes'],
    ['0', '0.0', 'yes'],
    ['-', '12', ''],
    ['≥ 0.9', 'not measured', ''],
  ])('with the goal %p and the value %p is judged %p', (goal, value, met) => {
    expect(verdict(goal, value)).toBe(met)
  })

  it('without a unit, relative to something, is a ratio; others keep value and unit', () => {
    const figures = [
      { name: 'upload, speed relative to psql \\copy', value: '0.93', goal: '≥ 0.9', note: '7 pairs' },
      { name: 'p50', value: '81 ms', goal: '≤ 80 ms', note: 'of 1,000' },
      { name: 'rows kept', value: 5, goal: '', note: '', against: 'polling', ratio: 0.25 },
    ]

    expect(figures.map(rowOf)).toMatchObject([
      { value: '', ratio: '0.93', unit: '', met: 'yes', against: '7 pairs' },
      { value: '81', unit: 'ms', ratio: '', met: 'NO' },
      { value: '5', ratio: '0.25', against: 'polling', met: '' },
    ])
  })
})

describe('RESULTS.md', () => {
  it('keeps the sections of programs that did not run, and replaces those that did', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-results-'))
    const file = path.join(folder, 'RESULTS.md')
    const row = (value: string) => [rowOf({ name: 'a | b', value, goal: '', note: '' })]

    writeSection('upload', 'first', row('1 s'), file)
    writeSection('live', 'second', row('2 s'), file)
    writeSection('upload', 'third', row('3 s'), file)

    const text = readFileSync(file, 'utf8')
    expect(text.match(/^## .*$/gm)).toEqual(['## live', '## upload'])
    expect(text).toContain('second')
    expect(text).not.toContain('first')
    expect(text).toContain('| a \\| b | 3 | s |')
    expect(asText(row('3 s'))).toMatch(/^figure +value.*\na \| b +3/)
    rmSync(folder, { recursive: true })
  })
})
