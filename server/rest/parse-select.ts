/**
 * `select=`: alias:column->path::cast, aggregates, embedded relations to any depth. Called by parse-query.ts.
 */
import type { Embed, SelectItem } from './ast.ts'
import { emptyQuery } from './ast.ts'
import { AppError } from '../errors.ts'
import { Scanner } from './scanner.ts'

/** Up to what ends a name here; `-` is part of one unless it begins an arrow. */
const PLAIN = /(?:[^,()!:"-]|-(?!>))+/y
const AGGREGATE = /^(?:(.*)\.)?(sum|avg|min|max|count)$/s
/** Joins that PostgreSQL can still plan in reasonable time. */
const MAX_EMBEDS = 20

export function parseSelect(text: string): SelectItem[] {
  const scanner = new Scanner(text, 'select parameter')
  if (text.trim() === '') return [{ kind: 'star' }]
  const items = list(scanner, { embeds: 0 })
  if (!scanner.done) throw scanner.fault('expected "," or the end')
  return items
}

function list(scanner: Scanner, count: { embeds: number }): SelectItem[] {
  const items: SelectItem[] = []
  do {
    scanner.match(/\s*/y)
    items.push(item(scanner, count))
    scanner.match(/\s*/y)
  } while (scanner.eat(','))
  return items
}

function item(scanner: Scanner, count: { embeds: number }): SelectItem {
  const spread = scanner.eat('...')
  let name = scanner.name(PLAIN)
  let alias: string | null = null
  if (scanner.looking(':') && !scanner.looking('::')) {
    scanner.eat(':')
    alias = name.text
    name = scanner.name(PLAIN)
  }
  if (spread || scanner.looking('!') || (scanner.looking('(') && !scanner.looking('()')))
    return embed(scanner, name.text, alias, spread, count)

  const path = scanner.path(PLAIN)
  let cast = scanner.eat('::') ? scanner.name(PLAIN).text : null
  if (!scanner.looking('()')) {
    if (name.text === '*' && !name.quoted && !alias && !cast && path.length === 0) return { kind: 'star' }
    return { kind: 'field', field: { name: name.text, path }, alias, cast }
  }

  // The last word carries the aggregate: amount.sum(), data->a.sum(), amount::int.sum(); count() alone counts rows.
  const last = cast ?? path.at(-1)?.key ?? name.text
  const [, rest, aggregate] = AGGREGATE.exec(last) ?? []
  if (!aggregate) return embed(scanner, name.text, alias, false, count)
  scanner.expect('()')
  const as = scanner.eat('::') ? scanner.name(PLAIN).text : null
  if (rest === undefined) {
    if (aggregate !== 'count' || cast !== null || path.length > 0) throw scanner.fault('expected a column before the aggregate')
    return { kind: 'aggregate', field: null, cast: null, aggregate, alias, as }
  }
  if (cast !== null) cast = rest
  else if (path.length > 0) path.at(-1)!.key = rest
  return { kind: 'aggregate', field: { name: cast !== null || path.length > 0 ? name.text : rest, path }, cast, aggregate, alias, as }
}

function embed(scanner: Scanner, relation: string, alias: string | null, spread: boolean, count: { embeds: number }): Embed {
  if (++count.embeds > MAX_EMBEDS) throw new AppError('TMLIM', `A request may embed ${MAX_EMBEDS} relations`)
  let hint: string | null = null
  let inner = false
  while (scanner.eat('!')) {
    const word = scanner.name(PLAIN).text
    if (word === 'inner') inner = true
    else if (word !== 'left') hint = word
  }
  scanner.expect('(')
  const select = scanner.looking(')') ? [] : list(scanner, count)
  scanner.expect(')')
  return { kind: 'embed', relation, alias, hint, inner, spread, query: emptyQuery(select) }
}
