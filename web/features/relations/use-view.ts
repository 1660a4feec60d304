// The person's view of a relation: what is saved on the server, overlaid by the address; every change goes to both.
// Without a name it keeps itself (columns, sort, density; filters only in the address); a named view is saved by hand.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { graphql } from '../../shared/api/request.ts'
import { useSession, useWorkspace } from '../../shared/api/session.ts'
import { FIELDS, type SavedView, savedViewsQuery } from './saved-views.ts'
import { EMPTY, fromSearch, readConfig, toSearch, type ViewConfig, type ViewSearch } from './view-config.ts'

const SAVE = `mutation SaveView($relation: String!, $name: String!, $config: JSON!, $shared: Boolean!, $isDefault: Boolean!) {
  saveView(input: { relation: $relation, name: $name, config: $config, shared: $shared, isDefault: $isDefault }) { savedView { ${FIELDS} } } }`
const DELETE = 'mutation DeleteView($id: BigInt!) { deleteSavedView(input: { id: $id }) { savedView { id } } }'

export interface View {
  ready: boolean
  config: ViewConfig
  q: string
  change(config: ViewConfig): void
  setQ(q: string): void
  views: SavedView[]
  active: SavedView | null
  dirty: boolean
  select(view: SavedView | null): void
  save(name: string, options: { shared: boolean; isDefault: boolean }): Promise<void>
  remove(view: SavedView): Promise<void>
  isMine(view: SavedView): boolean
}

export function useView(relation: string): View {
  const workspace = useWorkspace()
  const { account } = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as ViewSearch
  const { data: all, isFetched } = useQuery(savedViewsQuery(workspace, relation))
  const isMine = useCallback((view: SavedView) => view.accountId === account.id, [account.id])
  const views = useMemo(() => all?.filter((view) => view.name !== '') ?? [], [all])
  const active = views.find((view) => view.id === search.v) ?? null
  const saved = useMemo(() => {
    const named = search.v
      ? all?.find((view) => view.id === search.v)
      : (all?.find((view) => view.isDefault && isMine(view)) ?? all?.find((view) => view.name === '' && isMine(view)))
    return named?.config ?? EMPTY
  }, [all, search.v, isMine])

  const [own, setOwn] = useState<{ config: ViewConfig; q: string } | null>(null)
  const written = useRef('')
  const current = useMemo(() => own ?? { config: fromSearch(search, saved), q: search.q ?? '' }, [own, search, saved])

  // Another address (a link, back, a saved view): what was changed here is over.
  const searchText = JSON.stringify(search)
  useEffect(() => {
    if (written.current !== searchText) setOwn(null)
  }, [searchText])

  // Changes are written to the address 200 ms after the last one, to the server after 800 ms.
  const { v } = search
  useEffect(() => {
    if (!own) return
    const timer = setTimeout(() => {
      const next: ViewSearch = { ...toSearch(own.config), ...(own.q ? { q: own.q } : {}), ...(v ? { v } : {}) }
      written.current = JSON.stringify(next)
      void navigate({ to: '.', search: next as never, replace: true })
    }, 200)
    return () => clearTimeout(timer)
  }, [own, v, navigate])
  const lastSaved = useRef<string | null>(null)
  useEffect(() => {
    if (!own || search.v) return
    const { cols, sort, density } = own.config
    const config = { cols, sort, density }
    const text = JSON.stringify(config)
    if (lastSaved.current === text) return
    const timer = setTimeout(() => {
      lastSaved.current = text
      const isDefault = all?.find((view) => view.isDefault && isMine(view))
      // The unnamed view wins over a default one only until the page is left: saving must not rename what has a name.
      if (isDefault) return
      void graphql<{ saveView: { savedView: SavedView } }>(workspace, SAVE, { relation, name: '', config, shared: false, isDefault: false })
        .then(({ saveView }) =>
          queries.setQueryData(savedViewsQuery(workspace, relation).queryKey, (old = []) => [
            ...old.filter((view) => view.id !== saveView.savedView.id),
            { ...saveView.savedView, config: readConfig(config) },
          ]),
        )
        .catch(() => (lastSaved.current = null))
    }, 800)
    return () => clearTimeout(timer)
  }, [own, search.v, all, workspace, relation, queries, isMine])

  return {
    ready: isFetched,
    config: current.config,
    q: current.q,
    change: (config) => setOwn({ config, q: current.q }),
    setQ: (q) => setOwn({ config: current.config, q }),
    views,
    active,
    dirty: active !== null && JSON.stringify(toSearch(active.config)) !== JSON.stringify(toSearch(current.config)),
    isMine,
    select: (view) => void navigate({ to: '.', search: (view ? { v: view.id } : {}) as never }),
    async save(name, options) {
      const { saveView } = await graphql<{ saveView: { savedView: SavedView } }>(workspace, SAVE, {
        relation,
        name,
        config: current.config,
        ...options,
      })
      await queries.invalidateQueries({ queryKey: savedViewsQuery(workspace, relation).queryKey })
      void navigate({ to: '.', search: { v: saveView.savedView.id } as never })
    },
    async remove(view) {
      await graphql(workspace, DELETE, { id: view.id })
      await queries.invalidateQueries({ queryKey: savedViewsQuery(workspace, relation).queryKey })
      if (search.v === view.id) void navigate({ to: '.', search: {} as never })
    },
  }
}
