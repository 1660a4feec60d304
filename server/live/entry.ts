/**
 * One live query with all who subscribe to it: its page as last sent, and what turned the page before into it.
 * Made by engine.ts for each distinct (workspace, role, claims that matter, document, variables).
 *
 * States of an entry, in the order in which it lives:
 * - starting: the first run is going on; subscribers wait.
 * - resting: the page is known and nothing has happened since. Costs nothing.
 * - pending: something changed. `keys` (rows that may matter) or `whole` (anything may have changed) say what.
 *   Left at the next round (rounds.ts), for
 * - busy: tested against its window, then resting again or executed. Changes that come meanwhile make it pending again.
 * - ended: no subscriber is left (after a short while: a page that is opened again at once finds it here).
 */
import { clausesOf, type Clauses } from './clauses.ts'
import { diffBlock, type Row } from './patch.ts'
import { makePayload, type Payload } from './payload.ts'
import { makeSubscriber, type Subscriber } from './subscriber.ts'

export interface Statement {
  text: string
  values: unknown[]
}

/** What one run of the query gave. */
export interface Page {
  /** The GraphQL result to send as a whole. */
  result: { data?: Record<string, any> | null; errors?: readonly unknown[] }
  /** The nodes of the page with their keys; null when the document asks for none, or the relation has no key. */
  nodes: { id: string; key: string[]; node: unknown }[] | null
  statements: Statement[]
}

export interface LiveQuery {
  /** Equal for what may share an execution. */
  identity: string
  workspace: string
  /** `ws_main.orders` */
  relation: string
  /** The key of the one row that it shows (uploadProgress); null: it shows a page. */
  row: string[] | null
  /** Response name of the one root field. */
  field: string
  patches: boolean
  /** totalCount, pageInfo: what depends on rows outside the page too. */
  isCounting: boolean
  /** `last`, `before`: the window is not the beginning of the order. */
  isBackwards: boolean
  run(): Promise<Page>
}

export interface Entry {
  query: LiveQuery
  keys: Map<string, string[]>
  /** An update of rows that stay where they are in their key's order is known as such ('u' only). */
  onlyUpdates: boolean
  whole: boolean
  /** It is tested or run. */
  busy: boolean
  ended: boolean
  /** It rests until then. */
  notBefore: number
  /** The base relations that it reads; set after the first run. */
  reads: Set<string>
  window: { clauses: Clauses; values: unknown[]; isFull: boolean } | null
  lastKey: string[] | null
  has(key: string): boolean
  apply(page: Page): boolean
  subscribe(onEmpty: () => void): Subscriber
  resync(): void
  end(): void
  readonly subscribers: number
}

export const keyText = (key: readonly unknown[]) => JSON.stringify(key.map(String))

/** @param onCut a subscriber was too slow and gets the whole page instead of what waited */
export function makeEntry(query: LiveQuery, onCut: () => void = () => {}): Entry {
  const subscribers = new Set<Subscriber>()
  const clauses = new Map<string, Clauses | null>()
  let page: Page | null = null
  let rows: Row[] | null = null
  let inPage = new Set<string>()
  let rest = ''
  let revision = 0
  let whole: { revision: number; payload: Payload } | null = null

  /** The whole page, for who has none or was cut back. */
  function snapshot(): Payload | null {
    if (!page) return null
    if (whole?.revision !== revision) {
      const patch = query.patches && rows ? { revision, upserts: [], removes: [], totalCount: totalOf(page) } : null
      whole = { revision, payload: makePayload(JSON.stringify(patch ? { ...page.result, extensions: { patch } } : page.result)) }
    }
    return whole.payload
  }
  const totalOf = (of: Page) => of.result.data?.[query.field]?.totalCount ?? null

  /** Made of the nodes' texts as they are: each is written as JSON once. */
  function patchPayload(next: Page, patch: ReturnType<typeof diffBlock>): Payload {
    const upserts = (patch?.upserts ?? []).map(({ index, text }) => `{"index":${index},"node":${text}}`)
    const removes = JSON.stringify(patch?.removes ?? [])
    return makePayload(
      `{"data":{${JSON.stringify(query.field)}:${rest}},"extensions":{"patch":{"revision":${revision},"upserts":[${upserts}],"removes":${removes},"totalCount":${JSON.stringify(totalOf(next))}}}}`,
    )
  }

  const entry: Entry = {
    query,
    keys: new Map(),
    onlyUpdates: true,
    whole: false,
    busy: false,
    ended: false,
    notBefore: 0,
    reads: new Set(),
    window: null,
    lastKey: null,
    has: (key) => inPage.has(key),
    get subscribers() {
      return subscribers.size
    },

    /** Takes the result of a run; tells the subscribers if the content differs. @returns whether it did. */
    apply(next) {
      const before = page,
        oldRows = rows,
        oldRest = rest
      const connection = next.result.data?.[query.field]
      const failed = !!next.result.errors
      rows = next.nodes && !failed ? next.nodes.map(({ id, node }) => ({ id, node, text: JSON.stringify(node) })) : null
      rest = rows && connection ? JSON.stringify({ ...connection, nodes: undefined }) : JSON.stringify(next.result)
      page = next
      inPage = new Set(next.nodes?.map(({ key }) => keyText(key)))
      entry.lastKey = next.nodes?.at(-1)?.key ?? null
      const main = next.statements.find(({ text }) => {
        if (!clauses.has(text)) clauses.set(text, clausesOf(text))
        const found = clauses.get(text)
        return found && `${found.schema}.${found.relation}` === query.relation && found.limit !== null
      })
      const found = main && clauses.get(main.text)
      entry.window = found && next.nodes ? { clauses: found, values: main.values, isFull: next.nodes.length === found.limit } : null
      if (clauses.size > 20) clauses.clear()

      if (before === null) {
        revision = 1
        wakeAll()
        return true
      }
      if (!rows || !oldRows) {
        if (rest === oldRest && !rows === !oldRows) return false
        revision++
        for (const subscriber of subscribers) subscriber.resync()
        return true
      }
      const patch = diffBlock(oldRows, rows)
      if (!patch && rest === oldRest) return false
      revision++
      const payload = query.patches ? patchPayload(next, patch) : snapshot()!
      for (const subscriber of subscribers) subscriber.push(payload)
      return true
    },
    subscribe(onEmpty) {
      const subscriber = makeSubscriber(
        snapshot,
        !query.patches,
        () => {
          subscribers.delete(subscriber)
          if (subscribers.size === 0) onEmpty()
        },
        onCut,
      )
      subscribers.add(subscriber)
      return subscriber
    },
    resync() {
      for (const subscriber of subscribers) subscriber.resync()
    },
    end() {
      entry.ended = true
      for (const subscriber of [...subscribers]) subscriber.end()
      subscribers.clear()
    },
  }
  const wakeAll = () => {
    for (const subscriber of subscribers) subscriber.resync()
  }
  return entry
}
