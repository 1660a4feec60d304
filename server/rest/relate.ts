/**
 * Which foreign key leads from one relation to another. Called by build-read.ts for every embedded relation.
 */
import type { Catalog, Link, Relation } from '../catalog/read.ts'
import { RestError } from './errors.ts'

export interface Path {
  constraint: string
  target: Relation
  /** At most one row at the other end. */
  one: boolean
  /** Pairs of columns: ours, theirs. With a junction: ours, its. */
  on: [string, string][]
  /** Many to many: the table between, and its columns with theirs. */
  via?: { table: Relation; constraint: string; on: [string, string][] }
}

const pairs = (left: string[], right: string[]): [string, string][] => left.map((name, i) => [name, right[i]!])
const linksTo = (from: Relation, to: Relation): Link[] => from.links.filter((link) => link.to === to.name && from.schema === to.schema)

/** @throws RestError PGRST200 when there is none (or no such relation: the same answer), PGRST201 when several fit. */
export function relate(catalog: Catalog, source: { name: string; schema: string; links: Link[] }, name: string, hint: string | null): Path {
  const from = source as Relation
  const paths = pathsTo(catalog, from, name)
  const found = hint === null ? paths : paths.filter((path) => hinted(path, hint))
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new RestError(
      'PGRST200',
      `Could not find a relationship between '${from.name}' and '${name.slice(0, 200)}' in the schema cache`,
      {
        details: `Searched for a foreign key relationship between '${from.name}' and '${name.slice(0, 200)}'${hint === null ? '' : ` using the hint '${hint.slice(0, 200)}'`} in the workspace, but no matches were found.`,
      },
    )
  throw new RestError('PGRST201', `Could not embed because more than one relationship was found for '${from.name}' and '${name}'`, {
    details: found
      .map(
        (path) =>
          `${path.constraint}: (${path.on.map(([a]) => a).join(', ')}) with ${path.target.name}${path.via ? ` through ${path.via.table.name}` : ''}`,
      )
      .join('; '),
    hint: `Try changing '${name}' to one of the following: ${found.map((path) => `'${name}!${path.via?.table.name ?? path.constraint}'`).join(', ')}.`,
  })
}

function pathsTo(catalog: Catalog, from: Relation, name: string): Path[] {
  const paths: Path[] = []
  const target = catalog.relations.get(name)
  if (target && target.schema === from.schema) {
    // A table that refers to itself is by its name the children; the parent is named by the column: manager_id(*)
    if (target.name !== from.name)
      for (const link of linksTo(from, target))
        paths.push({ constraint: link.constraint, target, one: true, on: pairs(link.columns, link.toColumns) })
    for (const link of linksTo(target, from))
      paths.push({ constraint: link.constraint, target, one: link.unique, on: pairs(link.toColumns, link.columns) })
    for (const table of catalog.relations.values()) {
      if (table.name === from.name || table === target || table.links.length < 2) continue
      // As PostgREST: a junction's key holds both references.
      for (const near of linksTo(table, from))
        for (const far of linksTo(table, target))
          if (near !== far && [...near.columns, ...far.columns].every((column) => table.key.includes(column)))
            paths.push({
              constraint: near.constraint,
              target,
              one: false,
              on: pairs(near.toColumns, near.columns),
              via: { table, constraint: far.constraint, on: pairs(far.columns, far.toColumns) },
            })
    }
  }
  // customer_id(*) and orders_customer_fkey(*): the column or the constraint names the link.
  for (const link of from.links) {
    const to = catalog.relations.get(link.to)
    if (
      to &&
      to.schema === from.schema &&
      to !== target &&
      (link.constraint === name || (link.columns.length === 1 && link.columns[0] === name))
    )
      paths.push({ constraint: link.constraint, target: to, one: true, on: pairs(link.columns, link.toColumns) })
  }
  return paths
}

function hinted(path: Path, hint: string): boolean {
  if (path.via) return path.via.table.name === hint || path.constraint === hint || path.via.constraint === hint
  return path.constraint === hint || path.on.some(([ours, theirs]) => ours === hint || theirs === hint)
}
