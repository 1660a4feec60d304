// What it is for: the patches of one subscribed block (GraphQL extension live: "patch"): removes first, then upserts in
// order, each `index` true at its moment. Called by the grid's row store; the server's diff is the other half.
export interface Patch<N> {
  upserts: { index: number; node: N }[]
  removes: string[]
}

/** A new list: untouched nodes keep their identity, so that their rows are not drawn again. */
export function applyPatch<N>(nodes: readonly N[], { upserts, removes }: Patch<N>, idOf: (node: N) => string): N[] {
  const gone = new Set(removes)
  const next = nodes.filter((node) => !gone.has(idOf(node)))
  for (const { index, node } of upserts) {
    const at = next.findIndex((each) => idOf(each) === idOf(node))
    if (at >= 0) next.splice(at, 1)
    next.splice(index, 0, node)
  }
  return next
}
