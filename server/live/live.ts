/**
 * The live room, put together: watches, sources, engine, and the pump if this process may be elected. Made once by server.ts.
 */
import type { Db } from '../db.ts'
import type { Listener } from '../events/listener.ts'
import type { Log } from '../log.ts'
import { makeLive } from './engine.ts'
import { startPump } from './pump.ts'
import { makeSources } from './sources.ts'
import { makeWatches } from './watches.ts'

export function startLive({ db, listener, log, safetyMs }: { db: Db; listener: Listener; log: Log; safetyMs?: number }) {
  const pump = startPump(db.login('app_scheduler'), log)
  const watches = makeWatches(db.owner, log, () => pump.poke())
  const sources = makeSources(db.owner)
  const engine = makeLive({ db, listener, watches, sources, log, ...(safetyMs ? { safetyMs } : {}) })
  return {
    ...engine,
    /** Whether people of one role may see different rows of it. */
    personal: (relation: string) => sources.of(relation).then(({ personal }) => personal),
    pumping: () => pump.elected(),
    async close() {
      await engine.close()
      await watches.close()
      await pump.stop()
    },
  }
}
