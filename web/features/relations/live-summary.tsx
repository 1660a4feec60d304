// For who listens instead of looking: what changed, politely, at most every ten seconds; cells themselves are never announced.
// Can be switched off in Settings.
import { useEffect, useState } from 'react'
import { readPreference } from '../../shared/ui/preferences.ts'
import type { RowStore } from './row-store.ts'

const EVERY_MS = 10_000

export function LiveSummary({ store }: { store: RowStore }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (readPreference('announce') === 'off') return
    const timer = setInterval(() => {
      const changed = store.takeChanges()
      if (changed) setSaid(`${changed} ${changed === 1 ? 'row' : 'rows'} changed on this page`)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [store])
  return (
    <span className="tm-visually-hidden" role="status">
      {said}
    </span>
  )
}
