/**
 * The whole query string as one Query with its embedded ones. Called by route.ts for reads, writes and functions.
 */
import { type Embed, emptyQuery, type Field, type Order, type Query } from './ast.ts'
import { RestError, unreadable } from './errors.ts'
import { parseLogic, parseTest } from './parse-filters.ts'
import { parseSelect } from './parse-select.ts'
import { Scanner } from './scanner.ts'

export interface ParsedQuery {
  query: Query
  /** columns= and on_conflict= of writes. */
  columns: string[] | null
  onConflict: string[] | null
  /** Somebody said limit, so the standard page does not apply. */
  limited: boolean
}

type Pair = [key: string, value: string]

const NAME = /(?:[^,()":-]|-(?!>))+/y
const SEGMENT = /(?:[^.,()":-]|-(?!>))+/y
const LOGIC = /^(not\.)?(and|or)$/

/** @param isColumn whether the relation has a column of exactly that name: then dots in it are part of it. */
export function parseQuery(pairs: Iterable<Pair>, isColumn: (name: string) => boolean): ParsedQuery {
  const all = [...pairs]
  const one = (key: string) => all.find(([name]) => name === key)?.[1] ?? null
  const query = emptyQuery(parseSelect(one('select') ?? '*'))
  const parsed: ParsedQuery = {
    query,
    columns: names(one('columns'), 'columns'),
    onConflict: names(one('on_conflict'), 'on_conflict'),
    limited: one('limit') !== null,
  }
  for (const [key, value] of all) {
    // PostgreSQL knows no NUL, and an alias is the one word of a request that becomes part of a statement's text.
    if (key.includes('\0') || value.includes('\0')) throw unreadable('A query string has no NUL characters')
    if (key === 'select' || key === 'columns' || key === 'on_conflict') continue
    if (!applyWord(query, key, value)) applyFilter(query, key, value, isColumn)
  }
  return parsed
}

/** order, limit, offset, and, or. @returns whether the word was one of them */
function applyWord(query: Query, word: string, value: string): boolean {
  const [, not, logic] = LOGIC.exec(word) ?? []
  if (logic) query.where.push(parseLogic(logic as 'and' | 'or', not !== undefined, value))
  else if (word === 'order') query.order.push(...parseOrder(value))
  else if (word === 'limit') query.limit = whole(value, word)
  else if (word === 'offset') query.offset = whole(value, word) ?? 0
  else return false
  return true
}

function applyFilter(query: Query, key: string, value: string, isColumn: (name: string) => boolean): void {
  if (isColumn(key)) return void query.where.push(parseTest({ name: key, path: [] }, value))
  const scanner = new Scanner(key, 'filter')
  const way: Field[] = []
  do way.push(scanner.field(SEGMENT))
  while (scanner.eat('.'))
  if (!scanner.done) throw scanner.fault('expected the end of the name')
  const last = way.pop()!
  let word = last.name
  if (way.at(-1)?.name === 'not' && LOGIC.test(word)) {
    way.pop()
    word = `not.${word}`
  }
  const target = way.reduce((inside, { name }) => embedded(inside, name).query, query)
  if (way.length > 0 && last.path.length === 0 && applyWord(target, word, value)) return
  target.where.push(parseTest(last, value))
}

function embedded(query: Query, name: string): Embed {
  const found = query.select.find((item) => item.kind === 'embed' && (item.alias ?? item.relation) === name)
  if (!found)
    throw new RestError('PGRST108', `'${name}' is not an embedded resource in this request`, {
      hint: `Verify that '${name}' is included in the 'select' query parameter.`,
    })
  return found as Embed
}

function parseOrder(text: string): Order[] {
  if (text.trim() === '') return []
  const scanner = new Scanner(text, 'order')
  const items: Order[] = []
  do {
    scanner.match(/\s*/y)
    const first = scanner.name(NAME)
    let words: string
    let field: Field
    let relation: string | null = null
    if (scanner.eat('(')) {
      relation = first.text
      field = scanner.field(NAME)
      scanner.expect(')')
      words = scanner.match(/[.a-z]*/y)
    } else {
      field = { name: first.text, path: scanner.path(NAME) }
      // The direction is at the end of whichever word came last, unless that was in quotes: then it follows.
      words = scanner.match(/[.a-z]+/y)
      const last = field.path.at(-1)
      const [rest, found] = split(last?.key ?? field.name)
      if (!words && !(first.quoted && !last)) {
        words = found
        if (last) last.key = rest
        else field.name = rest
      }
    }
    const [, direction, nulls] = /^(?:\.(asc|desc))?(?:\.nulls(first|last))?$/.exec(words) ?? [null]
    if (direction === null) throw scanner.fault('expected asc, desc, nullsfirst or nullslast')
    items.push({ relation, field, descending: direction === 'desc', nulls: (nulls as 'first' | 'last' | undefined) ?? null })
    scanner.match(/\s*/y)
  } while (scanner.eat(','))
  if (!scanner.done) throw scanner.fault('expected "," or the end')
  return items
}

/** "a.desc" -> ["a", ".desc"] */
function split(text: string): [string, string] {
  const [, rest, words] = /^(.+?)((?:\.(?:asc|desc))?(?:\.nulls(?:first|last))?)$/s.exec(text) ?? [null, text, '']
  return [rest!, words!]
}

function names(text: string | null, what: string): string[] | null {
  if (text === null) return null
  const scanner = new Scanner(text, `${what} parameter`)
  const found: string[] = []
  if (text.trim() === '') return found
  do found.push(scanner.name(/[^,"]+/y).text)
  while (scanner.eat(','))
  if (!scanner.done) throw scanner.fault('expected "," or the end')
  return found
}

/** @returns null for the empty word: no limit was meant */
function whole(text: string, what: string): number | null {
  if (text === '') return null
  if (!/^-?\d{1,15}$/.test(text)) throw unreadable(`${what} must be a whole number`)
  if (text.startsWith('-')) throw new RestError('PGRST103', 'Requested range not satisfiable', { details: `${what} must not be negative.` })
  return Number(text)
}
