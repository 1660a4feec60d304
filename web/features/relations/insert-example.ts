// An INSERT line to copy for an empty table: its own columns with values of their types.
import type { Relation } from '../../shared/api/catalog.ts'
import { isDate, isNumber } from '../../shared/format/kinds.ts'

export function insertExample(workspace: string, relation: Relation): string {
  const name = (text: string) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`)
  const columns = relation.columns.filter((column) => !column.hasDefault && !column.generated).slice(0, 8)
  const value = (base: string) =>
    isNumber(base)
      ? '1'
      : base === 'date'
        ? 'current_date'
        : isDate(base)
          ? 'now()'
          : base === 'boolean'
            ? 'true'
            : base === 'uuid'
              ? 'gen_random_uuid()'
              : /json/.test(base)
                ? "'{}'"
                : "'hello'"
  if (!columns.length) return `insert into ws_${workspace}.${name(relation.name)} default values;`
  return `insert into ws_${workspace}.${name(relation.name)} (${columns.map((column) => name(column.name)).join(', ')})\nvalues (${columns.map((column) => value(column.base)).join(', ')});`
}
