/**
 * The catalogs of the workspaces used last, each kept until `schema_changed` says otherwise. Made once by server.ts; asked
 * by the REST face for every request.
 */
import type { Pool } from 'pg'
import type { Caller } from '../auth/caller.ts'
import type { Listener } from '../events/listener.ts'
import { type Catalog, readCatalog } from './read.ts'

export interface Catalogs {
  get(caller: Pick<Caller, 'workspace' | 'role'>): Promise<Catalog>
  /** Forgets a workspace; without a name all of them. */
  forget(workspace?: string): void
  close(): Promise<void>
}

interface Deps {
  owner: Pool
  listener: Pick<Listener, 'subscribe' | 'onReconnect'>
  /** Two roles make two catalogs; 100 tables of 20 columns are about 0.5 MB. */
  keep?: number
}

export function makeCatalogs({ owner, listener, keep = 100 }: Deps): Catalogs {
  const known = new Map<string, { workspace: string; catalog: Promise<Catalog> }>()

  function forget(workspace?: string): void {
    for (const [role, entry] of known) if (workspace === undefined || entry.workspace === workspace) known.delete(role)
  }

  const ddl = listener.subscribe('schema_changed')
  void (async () => {
    for await (const message of ddl as AsyncIterable<any>)
      for (const name of message?.schemas ?? ['*']) forget(/^ws_/.test(String(name)) ? String(name).slice(3) : undefined)
  })()
  const offReconnect = listener.onReconnect(() => forget()) // DDL may have been missed

  return {
    get({ workspace, role }) {
      let entry = known.get(role)
      if (entry)
        known.delete(role) // moves to the end: the first is the one used longest ago
      else {
        entry = { workspace, catalog: readCatalog(owner, workspace, role) }
        entry.catalog.catch(() => known.get(role) === entry && known.delete(role))
      }
      known.set(role, entry)
      if (known.size > keep) known.delete(known.keys().next().value!)
      return entry.catalog
    },
    forget,
    async close() {
      offReconnect()
      await ddl.return?.()
    },
  }
}
