/**
 * A subscription to a live field, made a live query: the document as a query, its identity (what may share an execution), and
 * how to run it. Used by socket.ts.
 *
 * `subscription { ordersLive(first: 50) { nodes { id } } }` becomes `query { ordersLive: orders(first: 50) { nodes { id
 * _liveKey: nodeId } } }`. The node id says which rows the page holds; it is taken out again before anything is sent, or stays
 * as `nodeId` where patches are asked for.
 */
import { execute } from 'postgraphile/grafast'
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'postgraphile/graphql'
import type { Caller } from '../auth/caller.ts'
import { AppError } from '../errors.ts'
import { makeMaskError } from './errors.ts'
import type { Contexts, Statement } from './execute.ts'
import { type LiveField, liveFieldsOf } from './live-fields.ts'
import { LIVE_PAGE_CAP } from './page-cap.ts'
import type { Schemas, WorkspaceSchema } from './schemas.ts'
import type { Log } from '../log.ts'

const KEY = '_liveKey'
const REBUILD_MS = 3000
/** No such column, no such relation. */
const OUTDATED = new Set(['42703', '42P01'])
/** The database was away, or had no connection free. */
const PASSING = new Set(['TMDBN', 'TMCON'])

/** As server/live/engine.ts takes it. */
export interface LiveRequest {
  identity: string
  workspace: string
  relation: string
  row: string[] | null
  field: string
  patches: boolean
  isCounting: boolean
  isBackwards: boolean
  caller: Caller
  key: { column: string; type: string }[] | null
  run(): Promise<{ result: any; nodes: { id: string; key: string[]; node: unknown }[] | null; statements: Statement[] }>
}

interface Prepared {
  document: DocumentNode
  field: LiveField
  response: string
  arguments: readonly ArgumentNode[]
  selected: Set<string>
  text: string
}

/** The one root field of a live subscription; null for any other operation. */
export function liveFieldOf(schema: WorkspaceSchema, document: DocumentNode, operationName: string | null | undefined): LiveField | null {
  const operation = operationOf(document, operationName)
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return null
  const root = rootField(operation.selectionSet, document)
  return (root && liveFieldsOf(schema.schema).get(root.name.value)) ?? null
}

export function makeLiveOperations({
  schemas,
  contexts,
  personal,
  log,
}: {
  schemas: Schemas
  contexts: Contexts
  personal: (relation: string) => Promise<boolean>
  log: Log
}) {
  const prepared = new WeakMap<DocumentNode, Map<string, Prepared>>()
  const mask = makeMaskError(log)

  function prepare({ schema }: WorkspaceSchema, document: DocumentNode, operationName: string | undefined): Prepared {
    let known = prepared.get(document)
    if (!known) prepared.set(document, (known = new Map()))
    let found = known.get(operationName ?? '')
    if (!found) known.set(operationName ?? '', (found = transform(document, operationName, liveFieldsOf(schema), schema)))
    return found
  }

  return async function liveRequest(
    caller: Caller,
    current: WorkspaceSchema,
    source: string,
    operationName: string | undefined,
    variables: Record<string, unknown>,
    patches: boolean,
  ): Promise<LiveRequest> {
    const { document: parsed } = current.parseAndValidate(source)
    const first = prepare(current, parsed!, operationName)
    const { field, selected } = first
    const relation = `${field.schema}.${field.relation}`
    const isPersonal = await personal(relation)
    const argument = (name: string) => literal(first.arguments.find((one) => one.name.value === name)?.value, variables)
    return {
      identity: JSON.stringify([
        caller.workspace,
        caller.role,
        isPersonal ? [caller.accountId, caller.memberRole] : null,
        first.text,
        sorted(variables),
        patches,
      ]),
      workspace: caller.workspace,
      relation,
      row: field.rowArgument ? [String(argument(field.rowArgument))] : null,
      field: first.response,
      patches,
      isCounting:
        selected.has('totalCount') ||
        selected.has('pageInfo') ||
        [...selected].some((name) => !['nodes', 'edges', '__typename'].includes(name)),
      isBackwards: argument('last') != null || argument('before') != null,
      caller,
      key: field.key,
      async run() {
        const first = await runOnce()
        if (!first.outdated) return first
        // The statement names what is gone, but the schema does not know it yet: it will in a moment
        await schemas.newerThan(caller.workspace, first.version, REBUILD_MS)
        return runOnce()
      },
    }

    async function runOnce() {
      const now = await schemas.get(caller.workspace)
      const { document: valid, errors } = now.parseAndValidate(source)
      const base = { nodes: null, statements: [] as Statement[], version: now.version, outdated: false }
      if (errors) return { ...base, result: { errors } }
      const { document, response } = prepare(now, valid, operationName)
      const { statements } = base
      const contextValue = contexts.contextFor(caller, { pageCap: LIVE_PAGE_CAP, record: (statement) => statements.push(statement) })
      const result: any = await execute({ schema: now.schema, document, contextValue, variableValues: variables } as any)
      if (!result.errors) return { ...base, result, nodes: takeKeys(result.data?.[response], patches) }
      const outdated = result.errors.some((error: any) => OUTDATED.has(error.originalError?.code))
      const shown = result.errors.map(mask)
      // No result of the query, and nothing would run it again: thrown, it is tried anew, and its subscribers keep their page
      const passing = shown.find(({ extensions }: GraphQLError) => PASSING.has(String(extensions.code)))
      if (passing) throw passing
      return { ...base, outdated, result: { ...result, errors: shown } }
    }
  }
}

function transform(document: DocumentNode, operationName: string | undefined, fields: Map<string, LiveField>, schema: any): Prepared {
  const operation = operationOf(document, operationName)!
  const root = rootField(operation.selectionSet, document)!
  const field = fields.get(root.name.value)
  if (!field)
    throw new GraphQLError(`There is no live field ${root.name.value} any more`, {
      originalError: new AppError('TMNOF', 'The relation of this live query is gone'),
    })
  const response = root.alias?.value ?? root.name.value
  const selected = new Set<string>()
  const returned = (schema.getQueryType().getFields()[field.query] as any).type
  const nodeType = returned.getFields?.().nodes?.type.ofType?.ofType ?? returned.getFields?.().nodes?.type.ofType
  const hasNodeId = !!nodeType?.getFields?.().nodeId
  const keyed = (set: SelectionSetNode): SelectionSetNode =>
    hasNodeId
      ? {
          ...set,
          selections: [
            ...set.selections,
            { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: KEY }, name: { kind: Kind.NAME, value: 'nodeId' } },
          ],
        }
      : set
  const inner = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: flat(set, document).map((selection): SelectionNode => {
      selected.add(selection.name.value)
      if (selection.name.value === 'nodes') return { ...selection, selectionSet: keyed(selection.selectionSet!) }
      if (selection.name.value !== 'edges') return selection
      return {
        ...selection,
        selectionSet: {
          ...selection.selectionSet!,
          selections: flat(selection.selectionSet!, document).map((edge) =>
            edge.name.value === 'node' ? { ...edge, selectionSet: keyed(edge.selectionSet!) } : edge,
          ),
        },
      }
    }),
  })
  const query: FieldNode = {
    ...root,
    alias: { kind: Kind.NAME, value: response },
    name: { kind: Kind.NAME, value: field.query },
    ...(root.selectionSet && !field.rowArgument ? { selectionSet: inner(root.selectionSet) } : {}),
  }
  const changed: OperationDefinitionNode = {
    ...operation,
    operation: OperationTypeNode.QUERY,
    selectionSet: { kind: Kind.SELECTION_SET, selections: [query] },
  }
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const whole: DocumentNode = { kind: Kind.DOCUMENT, definitions: [changed, ...fragments] }
  return { document: whole, field, response, arguments: root.arguments ?? [], selected, text: print(whole) }
}

function operationOf(document: DocumentNode, name: string | null | undefined): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )
  return name ? operations.find((operation) => operation.name?.value === name) : operations[0]
}

const rootField = (set: SelectionSetNode, document: DocumentNode): FieldNode | undefined => flat(set, document)[0]

/** The fields of a selection, those of its fragments among them: a connection has one type, so no condition can fail. */
function flat(set: SelectionSetNode, document: DocumentNode): FieldNode[] {
  return set.selections.flatMap((selection): FieldNode[] => {
    if (selection.kind === Kind.FIELD) return [selection]
    const inner =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection.selectionSet
        : (
            document.definitions.find(
              (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
            ) as any
          )?.selectionSet
    if (!inner) return []
    const directives = selection.directives ?? []
    return flat(inner, document).map((field) =>
      directives.length ? { ...field, directives: [...(field.directives ?? []), ...directives] } : field,
    )
  })
}

function literal(node: ValueNode | undefined, variables: Record<string, unknown>): unknown {
  if (!node || node.kind === Kind.NULL) return null
  if (node.kind === Kind.VARIABLE) return variables[node.name.value] ?? null
  return 'value' in node ? node.value : node
}

/** Takes the keys out of a page. With patches a node says its nodeId, asked for or not: `removes` names it. */
function takeKeys(connection: any, patches: boolean): { id: string; key: string[]; node: unknown }[] | null {
  for (const edge of connection?.edges ?? []) if (edge?.node) edge[KEY] = take(edge.node)
  const nodes = connection?.nodes ?? (patches ? null : connection?.edges?.map((edge: any) => edge.node))
  const ids: (string | undefined)[] = connection?.nodes
    ? connection.nodes.map(take)
    : (connection?.edges ?? []).map((edge: any) => edge[KEY])
  for (const edge of connection?.edges ?? []) delete edge[KEY]
  if (!nodes || ids.some((id) => !id)) return null
  if (patches)
    nodes.forEach((node: any, i: number) => {
      node.nodeId ??= ids[i]
    })
  return nodes.map((node: any, i: number) => ({ id: ids[i]!, key: keyOf(ids[i]!), node }))
}

function take(node: any): string | undefined {
  const id = node?.[KEY]
  if (node) delete node[KEY]
  return id
}

/** The key's values: a node id is base64 of ["Type", ...values]. */
const keyOf = (nodeId: string): string[] => (JSON.parse(Buffer.from(nodeId, 'base64').toString('utf8')) as unknown[]).slice(1).map(String)

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
      : value
