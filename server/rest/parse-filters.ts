/**
 * Filters: `column=operator.value` and the nested `or=(…)`, `and=(…)`. Called by parse-query.ts.
 */
import type { Condition, Field } from './ast.ts'
import { AppError } from '../errors.ts'
import { unreadable } from './errors.ts'
import { OPERATORS } from './operators.ts'
import { Scanner } from './scanner.ts'

/** In a logic tree a dot ends the column's name, as do the tree's own signs. */
const PLAIN = /(?:[^.,()":-]|-(?!>))+/y
const HEAD = /^(not\.)?([a-z]+)(?:\(([^()]*)\))?\.(.*)$/s
const MAX_DEPTH = 12

/** What follows the = of a column's filter. */
export function parseTest(field: Field, text: string): Condition {
  const [, not, operator, bracket, value] = HEAD.exec(text) ?? []
  if (operator === undefined || value === undefined || !(operator in OPERATORS))
    throw unreadable(
      `"failed to parse filter (${text.slice(0, 200)})" (column 1)`,
      `expected [not.]operator.value; operators: ${Object.keys(OPERATORS).join(', ')}`,
    )
  return test(field, not !== undefined, operator, bracket, value)
}

function test(field: Field, negate: boolean, operator: string, bracket: string | undefined, value: string): Condition {
  const { type, modifiers } = OPERATORS[operator]!
  const modifier = bracket === 'any' || bracket === 'all' ? bracket : null
  if (bracket !== undefined && !(type === 'search' || (modifier && modifiers)))
    throw unreadable(
      `"failed to parse filter (${operator}(${bracket.slice(0, 50)}))" (column 1)`,
      'expected (any) or (all) after a comparison, a language after fts',
    )
  return {
    kind: 'test',
    field,
    negate,
    operator,
    modifier: type === 'search' ? null : modifier,
    config: type === 'search' ? (bracket ?? null) : null,
    value,
  }
}

/** What follows the = of or, and, not.or, not.and. */
export function parseLogic(operator: 'and' | 'or', negate: boolean, text: string): Condition {
  const scanner = new Scanner(text, 'logic tree')
  const group = groupOf(scanner, operator, negate, 1)
  if (!scanner.done) throw scanner.fault('expected the end')
  return group
}

function groupOf(scanner: Scanner, operator: 'and' | 'or', negate: boolean, depth: number): Condition {
  if (depth > MAX_DEPTH) throw new AppError('TMLIM', `Conditions may be nested ${MAX_DEPTH} deep`)
  scanner.expect('(')
  const parts: Condition[] = []
  do {
    scanner.match(/\s*/y)
    const [, not, word] = /^(not\.)?(and|or)\($/.exec(scanner.match(/(?:not\.)?(?:and|or)\(/y)) ?? []
    if (word) {
      scanner.at-- // the bracket is the group's
      parts.push(groupOf(scanner, word as 'and' | 'or', not !== undefined, depth + 1))
    } else parts.push(leaf(scanner))
    scanner.match(/\s*/y)
  } while (scanner.eat(','))
  scanner.expect(')')
  return { kind: 'group', operator, negate, parts }
}

function leaf(scanner: Scanner): Condition {
  const field = scanner.field(PLAIN)
  scanner.expect('.')
  const head = scanner.match(/(?:not\.)?[a-z]+(?:\([^()]*\))?\./y)
  const [, not, operator, bracket] = HEAD.exec(head) ?? []
  if (operator === undefined || !(operator in OPERATORS)) throw scanner.fault('expected an operator')
  return test(field, not !== undefined, operator, bracket, readValue(scanner, operator))
}

/** Up to the next , or ) of the tree; lists, arrays and quotes may hold both. */
function readValue(scanner: Scanner, operator: string): string {
  if (scanner.looking('"')) return scanner.quoted()
  const list =
    operator === 'in'
      ? scanner.match(/\((?:"(?:[^"\\]|\\.)*"|[^"()])*\)/sy)
      : scanner.match(/\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}|[[(][^()[\]]*[)\]]/sy)
  return list || scanner.match(/[^,)]*/y)
}

/** The items of (a,"b,c") or {a,b}. A quote in the middle, or one that does not end the item, is a sign like others. */
export function parseItems(text: string, open: '(' | '{'): string[] {
  const scanner = new Scanner(text, 'list')
  scanner.expect(open)
  const close = open === '(' ? ')' : '}'
  const items: string[] = []
  if (scanner.eat(close)) return items
  const quoted = open === '(' ? /"(?:[^"\\]|\\.)*"(?=[,)])/sy : /"(?:[^"\\]|\\.)*"(?=[,}])/sy
  const plain = open === '(' ? /[^,)]*/y : /[^,}]*/y
  do {
    const item = scanner.match(quoted)
    items.push(item ? item.slice(1, -1).replace(/\\(.)/gs, '$1') : scanner.match(plain))
  } while (scanner.eat(','))
  scanner.expect(close)
  if (!scanner.done) throw scanner.fault('expected the end')
  return items
}
