/**
 * What a bench program returns, and how all of them become one table. Called by scripts/bench.ts. Writes RESULTS.md beside this.
 *
 * The contract: a program is a file of this folder, listed in programs.ts, that exports one async function `bench…`. It takes
 * { databaseUrl, secret, psql, env, rows?, … } (what it does not know it ignores), makes what it needs in workspace main of that
 * database, and returns Figures. `value` is a number with its unit, as text or as { value, unit }; a ratio has no unit and its
 * `name` or `against` says to what. A goal begins with ≥, ≤, < or >, and is compared with the first number of the value.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Figure {
  name: string
  value: string | number
  unit?: string
  goal: string
  note: string
  /** What a user would use instead, when the value is not a ratio itself; and the ratio to it. */
  against?: string
  ratio?: number
}
export interface Row {
  figure: string
  value: string
  unit: string
  against: string
  ratio: string
  goal: string
  met: 'yes' | 'NO' | ''
}

const FILE = path.join(import.meta.dirname, 'RESULTS.md')
const HEAD = `# Results

Written by \`npm run bench\`; each section when its program last ran on its own line's machine. Ratios are medians of interleaved
runs and compare with what one would use instead, in the same minute on the same machine; plain milliseconds and rates belong to
that machine and its load. \`met\` is the goal's own number against the value, nothing rounded in our favour.
`

export function rowOf({ name, value, unit, goal, note, against, ratio }: Figure): Row {
  const [, number, rest] = /^(-?[\d.,]+)\s*(.*)$/s.exec(String(value)) ?? ['', String(value), '']
  const isRatio = !unit && rest === '' && ratio === undefined && /ratio|relative to| : |writers, |against/.test(name)
  return {
    figure: name,
    value: isRatio ? '' : (number ?? ''),
    unit: unit ?? rest ?? '',
    against: against ?? note,
    ratio: isRatio ? (number ?? '') : ratio === undefined ? '' : ratio.toFixed(2),
    goal: /\d/.test(goal) ? goal : '',
    met: verdict(goal, String(ratio ?? value)),
  }
}

/** '' where there is no goal, or none that a number can meet. `2000 / 0` and `50 / 250 ms` are judged number by number. */
export function verdict(goal: string, value: string): Row['met'] {
  const [, sign, text] = /^\s*([≥≤<>]?)\s*(\d.*)/s.exec(goal) ?? []
  if (text === undefined) return ''
  const numbers = (from: string) => [...from.replaceAll(',', '').matchAll(/(?<![a-z\d.])-?\d+(?:\.\d+)?/gi)].map(([one]) => Number(one))
  const found = numbers(value)
  const wanted = goal.includes('/') ? numbers(text) : numbers(text).slice(0, 1)
  if (found.length < wanted.length) return ''
  const met = (a: number, b: number) => ({ '≥': a >= b, '≤': a <= b, '<': a < b, '>': a > b, '': b === 0 ? a <= 0 : a >= b })[sign as '≥']
  return wanted.every((b, i) => met(found[i]!, b)) ? 'yes' : 'NO'
}

const COLUMNS = ['figure', 'value', 'unit', 'ratio', 'goal', 'met', 'against'] as const

/** For the terminal: columns that fit, notes last. */
export function asText(rows: Row[]): string {
  const width = (column: (typeof COLUMNS)[number]) => Math.max(column.length, ...rows.map((row) => [...row[column]].length))
  const widths = COLUMNS.map(width)
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell + ' '.repeat(widths[i]! - [...cell].length)))
      .join('  ')
      .trimEnd()
  return [line([...COLUMNS]), ...rows.map((row) => line(COLUMNS.map((column) => row[column])))].join('\n')
}

/** Replaces the program's section of RESULTS.md; the others stay as they were measured. */
export function writeSection(program: string, facts: string, rows: Row[], file = FILE): void {
  const old = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const sections = new Map(
    old
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')).trim(), text.slice(text.indexOf('\n')).trim()]),
  )
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  sections.set(
    program,
    [
      facts,
      '',
      `| ${COLUMNS.join(' | ')} |`,
      `|${COLUMNS.map(() => '---').join('|')}|`,
      ...rows.map((row) => `| ${COLUMNS.map((column) => cell(row[column])).join(' | ')} |`),
    ].join('\n'),
  )
  const all = [...sections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `## ${name}\n\n${text}\n`)
  writeFileSync(file, `${HEAD}\n${all.join('\n')}`)
}
