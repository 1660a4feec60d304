/**
 * createMatview, previewMatview, alterMatview, refreshMatview: the mutations that run a person's SQL, and so cannot be SQL
 * functions on the API's pool. scheduleMatview, dropMatview and the rest are functions of app_public, exposed by PostGraphile.
 * Used by preset.ts; the work is done by the functions handed in (server/matviews).
 */
import { access, context, object, sideEffect } from 'postgraphile/grafast'
import { extendSchema } from 'postgraphile/utils'
import type { Caller } from '../auth/caller.ts'

/** What this room needs of server/matviews. */
export interface MatviewWork {
  create(caller: Caller, input: any): Promise<{ id: string }>
  preview(
    caller: Caller,
    input: any,
  ): Promise<{ columns: { name: string; type: string }[]; rows: Record<string, unknown>[]; more: boolean }>
  alter(caller: Caller, input: any): Promise<{ id: string }>
  refresh(caller: Caller, input: any): Promise<{ id: string; matview_id: string; event_id: string | null; status: string }>
}

const typeDefs = /* GraphQL */ `
  input CreateMatviewInput {
    clientMutationId: String
    "The relation's name in the workspace."
    name: String!
    "One SELECT over relations of the workspace."
    definition: String!
    "Columns that tell rows apart: never null, together unique. Without them a changed row is one that went and one that came."
    key: [String!]
    "Five cron fields in UTC, or 'N seconds' (1 to 59); null: refreshed by hand only."
    schedule: String
    "When a refresh is announced. NOT_EMPTY unless said otherwise; failures always are."
    notifyWhen: NotifyWhen
  }
  type CreateMatviewPayload { clientMutationId: String matview: Matview! query: Query }

  input PreviewMatviewInput {
    clientMutationId: String
    definition: String!
    "At most 50."
    first: Int
  }
  type PreviewMatviewPayload {
    clientMutationId: String
    columns: [PreviewColumn!]!
    "One object per row, by column name."
    rows: [JSON!]!
    "Whether there are more rows than shown."
    more: Boolean!
  }
  type PreviewColumn {
    name: String!
    "As PostgreSQL writes it: numeric(10,2), timestamp with time zone."
    type: String!
  }

  "What is left out stays as it is."
  input AlterMatviewInput {
    clientMutationId: String
    name: String!
    newName: String
    definition: String
    "[] takes the key away."
    key: [String!]
    notifyWhen: NotifyWhen
  }
  type AlterMatviewPayload { clientMutationId: String matview: Matview! query: Query }

  input RefreshMatviewInput { clientMutationId: String name: String! }
  type RefreshMatviewPayload {
    clientMutationId: String
    matview: Matview!
    "Null when the refresh was not announced (notifyWhen); it is in the runs all the same."
    event: MatviewRefreshEvent
    run: Run!
    query: Query
  }

  extend type Mutation {
    "Make a materialized view of one SELECT. It is checked, filled, and kept: with key, schedule and events."
    createMatview(input: CreateMatviewInput!): CreateMatviewPayload!
    "Run a definition without keeping anything: its columns and first rows."
    previewMatview(input: PreviewMatviewInput!): PreviewMatviewPayload!
    "Change the name, definition, key or announcement of a view. Its schedule and history stay."
    alterMatview(input: AlterMatviewInput!): AlterMatviewPayload!
    "Refresh a view now."
    refreshMatview(input: RefreshMatviewInput!): RefreshMatviewPayload!
  }
`

export const makeMatviewPlugin = (work: MatviewWork) =>
  extendSchema((build: any) => {
    const { matviews, matview_refresh_events: events, runs } = build.input.pgRegistry.pgResources
    /** The plan of a mutation: `run` gets the caller and the input. */
    const mutation = (run: (caller: Caller, input: any) => Promise<any>) => ({
      plan(_$root: any, args: any) {
        const $input = args.getRaw('input')
        const $result = sideEffect([(context() as any).get('caller'), $input] as any, ([caller, input]: any) =>
          run(caller, { ...input, notifyWhen: input.notifyWhen?.toLowerCase() }),
        )
        return object({ input: $input, result: $result } as any)
      },
    })
    const field = (name: string) => ($payload: any) => access($payload.get('result'), name)
    const clientMutationId = ($payload: any) => access($payload.get('input'), 'clientMutationId')
    const common = { clientMutationId, query: () => build.grafast.rootValue() }
    const matview = ($payload: any) => matviews.get({ id: field('id')($payload) })
    return {
      typeDefs: build.graphql.parse(typeDefs),
      objects: {
        Mutation: {
          plans: {
            createMatview: mutation(work.create),
            previewMatview: mutation(work.preview),
            alterMatview: mutation(work.alter),
            refreshMatview: mutation(work.refresh),
          },
        },
        CreateMatviewPayload: { plans: { ...common, matview } },
        AlterMatviewPayload: { plans: { ...common, matview } },
        PreviewMatviewPayload: { plans: { clientMutationId, columns: field('columns'), rows: field('rows'), more: field('more') } },
        RefreshMatviewPayload: {
          plans: {
            ...common,
            matview: ($payload: any) => matviews.get({ id: field('matview_id')($payload) }),
            event: ($payload: any) => events.find({ id: field('event_id')($payload) }).single(),
            run: ($payload: any) => runs.get({ id: field('id')($payload) }),
          },
        },
      },
    } as any
  }, 'MatviewPlugin')
