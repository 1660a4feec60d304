// The live rows of one relation for one view of it: a RowStore fed by one subscription per visible block, and the count.
// Called by relation-screen.tsx; writes nothing.
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { graphql, type ApiError } from '../../shared/api/request.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { useLive, useSubscription } from '../../shared/live/live-provider.tsx'
import { selection, variables } from './query.ts'
import { RowStore, type BlockPatch, type Row } from './row-store.ts'
import type { PlacedColumn, ViewConfig } from './view-config.ts'

/** PostgreSQL counts its way to an offset: beyond this many rows, rows near the end are asked for from the end first. */
const FAR = 20_000
const reversed = (term: string) => (term.endsWith('_DESC') ? term.replace(/_DESC$/, '_ASC') : term.replace(/_ASC$/, '_DESC'))

export interface Rows {
  store: RowStore
  /** null while nothing is known. */
  count: number | null
  exact: boolean
  ready: boolean
  error: ApiError | null
}

export function useRows(
  relation: Relation,
  columns: PlacedColumn[],
  config: ViewConfig,
  q: string,
  paused: boolean,
  wanted: boolean,
): Rows {
  const live = useLive()
  const workspace = useWorkspace()
  const [error, setError] = useState<ApiError | null>(null)
  const [ready, setReady] = useState(false)
  const api = relation.api!
  const visible = columns.filter((column) => !column.hidden)
  const fields = selection(relation, visible)
  // By its text: another object that asks the same must not ask again.
  const inputText = JSON.stringify(variables(relation, config, q))
  const input = useMemo(() => JSON.parse(inputText) as ReturnType<typeof variables>, [inputText])

  const document = useMemo(() => {
    const order = input.orderBy.length ? `, orderBy: [${input.orderBy.join(', ')}]` : ''
    const filter = input.filter ? ', filter: $filter' : ''
    const declared = input.filter ? `, $filter: ${api.type}Filter` : ''
    return {
      block: `subscription Block($first: Int!, $offset: Int!${declared}) { ${api.live}(first: $first, offset: $offset${order}${filter}) { nodes { ${fields} } } }`,
      count: `subscription Count${input.filter ? `($filter: ${api.type}Filter)` : ''} { ${api.live}(first: 1${filter}) { totalCount } }`,
      fromEnd: input.orderBy.length
        ? `query FromEnd($first: Int!, $offset: Int!${declared}) { ${api.list}(first: $first, offset: $offset, orderBy: [${input.orderBy.map(reversed).join(', ')}]${filter}) { nodes { ${fields} } } }`
        : null,
    }
  }, [api, fields, input])

  // One store for as long as the relation is shown: old rows stay on screen until the new ones are there.
  const [known, setKnown] = useState<{ count: number; exact: boolean } | null>(() =>
    input.filter !== null || relation.estimatedRows === null ? null : { count: relation.estimatedRows, exact: false },
  )
  const source = useRef({ workspace, live, api, keyed: relation.key !== null, document, filter: input.filter, wanted, known })
  source.current = { workspace, live, api, keyed: relation.key !== null, document, filter: input.filter, wanted, known }
  const [store] = useState(
    () =>
      new RowStore((first, count, sink) => {
        const { workspace, live, api, keyed, document, filter, wanted, known } = source.current
        if (!live || !wanted) return () => {}
        const fromEnd = known?.exact && keyed ? known.count - first - count : null
        if (document.fromEnd && fromEnd !== null && first > FAR && fromEnd < first / 4) {
          const size = Math.min(count, known!.count - first)
          graphql<Record<string, { nodes: Row[] }>>(workspace, document.fromEnd, {
            first: size,
            offset: Math.max(0, fromEnd),
            ...(filter ? { filter } : {}),
          }).then(
            (data) => sink.early(data[api.list]!.nodes.reverse()),
            () => {}, // the subscription says what is wrong
          )
        }
        return live.subscribe<Record<string, { nodes?: Row[] }>>(
          document.block,
          { first: count, offset: first, ...(filter ? { filter } : {}) },
          {
            next: ({ data, patch }) => {
              setError(null)
              const nodes = data?.[api.live]?.nodes
              if (nodes) sink.page(nodes)
              else if (patch) sink.patch(patch as BlockPatch)
            },
            error: setError,
          },
          { patch: true },
        )
      }),
  )
  useEffect(() => {
    store.onFirstRow = () => setReady(true)
    return () => {
      store.onFirstRow = () => {}
      store.close()
    }
  }, [store])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another document, or another filter in it, is another set of rows
  useEffect(() => {
    // Not before the person's own view is known: another one would be asked for at once.
    if (!live || !wanted) return
    setError(null)
    store.reset()
  }, [store, live, wanted, document])
  useEffect(() => store.setPaused(paused), [store, paused])

  const countError = useSubscription<Record<string, { totalCount: number | string }>>(
    paused ? null : document.count,
    useMemo(() => (input.filter ? { filter: input.filter } : {}), [input.filter]),
    ({ data }) => {
      const total = data?.[api.live]?.totalCount
      if (total !== undefined) setKnown({ count: Number(total), exact: true })
    },
  )
  useEffect(() => {
    if (known) store.setCount(known.count)
  }, [store, known])

  return { store, count: known?.count ?? null, exact: known?.exact ?? false, ready, error: error ?? countError }
}
