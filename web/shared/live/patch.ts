/**
 * What a client does with the results of a live query: the whole protocol in one function. Used by client.ts; documented in
 * README.md for who writes a client of their own.
 *
 * The test is one word: a result whose connection has `nodes` is the whole page (the first result, and a resync), and replaces
 * what was there. One without `nodes` is a patch: take away `removes`, then put in `upserts` in their order, each `index` true at its
 * moment. A node that did not change keeps its identity, so that nothing is drawn anew for it.
 */
export interface LiveNode {
  nodeId: string
  [column: string]: unknown
}
export interface LivePatch<N extends LiveNode = LiveNode> {
  /** Counts the changes of the page on the server. */
  revision: number
  upserts: { index: number; node: N }[]
  removes: string[]
  /** Null unless the query asks for totalCount. */
  totalCount: number | null
}
export interface LiveResult<N extends LiveNode = LiveNode> {
  data?: Record<string, { nodes?: N[]; [more: string]: unknown } | null> | null
  errors?: { message: string; extensions?: Record<string, unknown> }[]
  extensions?: { patch?: LivePatch<N> }
}

/** @returns the page after `result`; `nodes` itself when the result says nothing about it. */
export function applyResult<N extends LiveNode>(nodes: N[], result: LiveResult<N>): N[] {
  const connection = Object.values(result.data ?? {})[0]
  if (connection?.nodes) return connection.nodes
  return result.extensions?.patch ? applyPatch(nodes, result.extensions.patch) : nodes
}

export function applyPatch<N extends LiveNode>(nodes: readonly N[], { upserts, removes }: Pick<LivePatch<N>, 'upserts' | 'removes'>): N[] {
  const gone = new Set(removes)
  const next = nodes.filter((node) => !gone.has(node.nodeId))
  for (const { index, node } of upserts) {
    const at = next.findIndex((one) => one.nodeId === node.nodeId)
    if (at >= 0) next.splice(at, 1)
    next.splice(index, 0, node)
  }
  return next
}
