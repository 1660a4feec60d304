/**
 * Committed migrations as text: back into the parts they were made of, and compared with the fixtures. Called by
 * db-commit.mjs and check.mjs. No database; graphile-migrate's own `uncommit` needs one, and an empty current/.
 */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Problem } from '../postgres/problem.mjs'

const sqlIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.sql'))
        .sort()
    : []
const isBlank = (sql) => sql.replace(/^--(?!! ?include).*$/gm, '').trim() === ''

export const committedIn = (migrations) => sqlIn(path.join(migrations, 'committed')).filter((name) => /^\d{6}/.test(name))
export const currentIn = (migrations) =>
  sqlIn(path.join(migrations, 'current')).filter((name) => !isBlank(readFileSync(path.join(migrations, 'current', name), 'utf8')))

const withIncludes = (sql) => sql.replace(/^--! Included (\S+)$[\s\S]*?^--! EndIncluded \1$/gm, '--!include $1')

/**
 * The parts of a committed migration, with their names (`--! split:` marks) and their `--!include` lines.
 * @returns {{ message: string | null, parts: { name: string, sql: string }[] }}
 */
function partsOf(text) {
  const end = text.indexOf('\n\n')
  const message = /^--! Message: (.*)$/m.exec(text.slice(0, end))?.[1] ?? null
  const body = withIncludes(text.slice(end))
  const pieces = body.split(/^--! split: ([0-9]+(?:-[-_a-zA-Z0-9]+)?\.sql)$/m)
  const parts = []
  if (pieces[0].trim()) parts.push({ name: '1-current.sql', sql: `${pieces[0].trim()}\n` })
  for (let at = 1; at < pieces.length; at += 2) parts.push({ name: pieces[at], sql: `${pieces[at + 1].trim()}\n` })
  return { message, parts }
}

/** Takes the last committed migration back into current/. @returns {string | null} its message */
export function uncommit(migrations) {
  const name = committedIn(migrations).at(-1)
  if (!name) throw new Problem('there is no committed migration to take back.')
  const file = path.join(migrations, 'committed', name)
  const { message, parts } = partsOf(readFileSync(file, 'utf8'))
  const current = path.join(migrations, 'current')
  const taken = new Map(currentIn(migrations).map((part) => [Number.parseInt(part, 10), part]))
  for (const part of parts) {
    const clash = taken.get(Number.parseInt(part.name, 10))
    if (clash)
      throw new Problem(`${part.name} of ${name} and current/${clash} have the same number.`, `give current/${clash} a number of its own.`)
  }
  for (const part of sqlIn(current)) if (!currentIn(migrations).includes(part)) rmSync(path.join(current, part))
  for (const part of parts) writeFileSync(path.join(current, part.name), part.sql)
  rmSync(file)
  return message
}

/**
 * Every fixture must be, word for word, what the newest migration that includes it says, or be included in current/.
 * @returns {string[]} what is wrong
 */
export function checkFixtures(migrations) {
  const read = (...parts) => readFileSync(path.join(migrations, ...parts), 'utf8')
  const newest = new Map()
  for (const file of committedIn(migrations))
    for (const [, name, body] of read('committed', file).matchAll(/^--! Included (\S+)\n([\s\S]*?)\n--! EndIncluded \1$/gm))
      newest.set(name, { file, body: withIncludes(body) })
  const fixtures = sqlIn(path.join(migrations, 'fixtures'))
  const sources = [
    ...sqlIn(path.join(migrations, 'current')).map((name) => read('current', name)),
    ...fixtures.map((name) => read('fixtures', name)),
  ]
  const included = new Set([...sources.join('\n').matchAll(/^--![ \t]*include[ \t]+(.*\.sql)[ \t]*$/gm)].map((match) => match[1]))

  const problems = []
  for (const name of fixtures) {
    if (included.has(name)) continue
    const last = newest.get(name)
    if (!last) problems.push(`migrations/fixtures/${name}: no migration includes it`)
    else if (last.body !== read('fixtures', name).trim())
      problems.push(`migrations/fixtures/${name}: edited since ${last.file}; include it in migrations/current, then npm run db:commit`)
  }
  for (const name of [...newest.keys(), ...included])
    if (!existsSync(path.join(migrations, 'fixtures', name)))
      problems.push(`migrations/fixtures/${name}: included by a migration, but gone`)
  return problems
}
