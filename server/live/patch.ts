/**
 * The difference of two pages, as a client applies it: first take away `removes`, then put in the `upserts` in order,
 * each `index` true at its moment. Used by entry.ts; web/shared/live has the other half.
 *
 * The client's list is kept in mind while the upserts are made: comparing neighbours only would leave out a row whose
 * predecessor has moved.
 */
export interface Row {
  id: string
  text: string
  node: unknown
}
export interface BlockPatch {
  upserts: { index: number; node: unknown; text: string }[]
  removes: string[]
}

/** @returns what turns `previous` into `next`; null when they are the same. `text` decides whether a row changed. */
export function diffBlock(previous: readonly Row[], next: readonly Row[]): BlockPatch | null {
  const texts = new Map(previous.map(({ id, text }) => [id, text]))
  const keep = new Set(next.map(({ id }) => id))
  const removes = previous.filter(({ id }) => !keep.has(id)).map(({ id }) => id)
  const list = previous.filter(({ id }) => keep.has(id)).map(({ id }) => id)
  const upserts: BlockPatch['upserts'] = []
  next.forEach(({ id, text, node }, index) => {
    if (list[index] === id && texts.get(id) === text) return
    const at = list.indexOf(id, index)
    if (at >= 0) list.splice(at, 1)
    list.splice(index, 0, id)
    upserts.push({ index, node, text })
  })
  return upserts.length > 0 || removes.length > 0 ? { upserts, removes } : null
}
