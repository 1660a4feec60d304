/**
 * renameTable, dropTable, renameColumn, retypeColumn, dropColumn. Used by preset.ts; the work is done by server/tables.
 */
import { access, context, object, sideEffect } from 'postgraphile/grafast'
import { extendSchema } from 'postgraphile/utils'
import type { Caller } from '../auth/caller.ts'

/** What this room needs of server/tables. */
export type TableWork = Record<
  'renameTable' | 'dropTable' | 'renameColumn' | 'retypeColumn' | 'dropColumn',
  (caller: Caller, input: any) => Promise<{ table: string; dependents: unknown[] }>
>

const CHOICE = `
  "REFUSE (unless said otherwise): nothing happens if a view or foreign key depends on it; the error names them."
  dependents: DependentsChoice
  "Views that may be lost if they can no longer be made, foreign keys (table.constraint) that may be dropped."
  leaveOut: [String!]
`
const input = (name: string, fields: string) =>
  `input ${name}Input { clientMutationId: String "The table's name in the workspace." table: String! ${fields} }`

const typeDefs = `
  enum DependentsChoice {
    REFUSE
    "Drop what depends on it, change, and make it again in the same transaction: definition, key, schedule, grants and history stay."
    RECREATE
  }
  enum DependentOutcome { KEPT RECREATED LEFT_OUT }
  "A view, materialized view or foreign key that depends on what was changed."
  type Dependent { name: String! kind: String! outcome: DependentOutcome! }
  type TableChangePayload { clientMutationId: String table: String! dependents: [Dependent!]! query: Query }
  ${input('RenameTable', 'name: String!')}
  ${input('DropTable', CHOICE)}
  ${input('RenameColumn', 'column: String! name: String!')}
  ${input('RetypeColumn', `column: String! "integer, numeric(12,2), text, date, timestamptz, boolean, …" type: String! ${CHOICE}`)}
  ${input('DropColumn', `column: String! ${CHOICE}`)}
  extend type Mutation {
    renameTable(input: RenameTableInput!): TableChangePayload!
    dropTable(input: DropTableInput!): TableChangePayload!
    renameColumn(input: RenameColumnInput!): TableChangePayload!
    retypeColumn(input: RetypeColumnInput!): TableChangePayload!
    dropColumn(input: DropColumnInput!): TableChangePayload!
  }
`

export const makeTablesPlugin = (work: TableWork) =>
  extendSchema((build: any) => {
    const names = Object.keys({ renameTable: 0, dropTable: 0, renameColumn: 0, retypeColumn: 0, dropColumn: 0 }) as (keyof TableWork)[]
    const field = (name: string) => ($payload: any) => access($payload.get('result'), name)
    return {
      typeDefs: build.graphql.parse(typeDefs),
      objects: {
        Mutation: {
          plans: Object.fromEntries(
            names.map((name) => [
              name,
              {
                plan(_$root: any, args: any) {
                  const $input = args.getRaw('input')
                  return object({
                    input: $input,
                    result: sideEffect([(context() as any).get('caller'), $input] as any, ([caller, one]: any) => work[name](caller, one)),
                  } as any)
                },
              },
            ]),
          ),
        },
        TableChangePayload: {
          plans: {
            clientMutationId: ($payload: any) => access($payload.get('input'), 'clientMutationId'),
            table: field('table'),
            dependents: field('dependents'),
            query: () => build.grafast.rootValue(),
          },
        },
      },
    } as any
  }, 'TablesPlugin')
