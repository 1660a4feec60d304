// The mark that says whether what one sees is live: a dot and a word, never colour alone.
import { Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useLiveState } from './live-provider.tsx'
import type { LiveState } from './page-live.ts'
import './live-dot.css'

const WORDS: Record<LiveState | 'paused', { word: string; about: string }> = {
  connecting: { word: 'Connecting', about: 'The live connection is being opened.' },
  live: { word: 'Live', about: 'Changes appear here by themselves.' },
  reconnecting: { word: 'Reconnecting', about: 'The connection is lost. What you see may be old; it catches up by itself.' },
  asleep: { word: 'Asleep', about: 'The tab was hidden for a while.' },
  'signed-out': { word: 'Signed out', about: 'Sign in again.' },
  paused: { word: 'Paused', about: 'You paused this page: what you see stands still.' },
}

export function LiveDot({ paused = false, withWord = false }: { paused?: boolean; withWord?: boolean }) {
  const { state } = useLiveState()
  const shown = paused && state === 'live' ? 'paused' : state
  const { word, about } = WORDS[shown]
  return (
    <Tooltip label={about}>
      <span className="tm-live" data-state={shown} role="status">
        <span className="tm-live-dot" aria-hidden />
        <span className={withWord || shown !== 'live' ? undefined : 'tm-visually-hidden'}>{word}</span>
      </span>
    </Tooltip>
  )
}

/** A line over the content once the connection has been gone for three seconds: not for every hiccup. */
export function ReconnectBanner() {
  const { state, since } = useLiveState()
  const [late, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (state !== 'reconnecting') return
    const timer = setTimeout(() => setLate(true), Math.max(0, since + 3000 - Date.now()))
    return () => clearTimeout(timer)
  }, [state, since])
  if (!late) return null
  return (
    <div className="tm-reconnect" role="status">
      The server does not answer. What you see is from {new Date(since).toLocaleTimeString()}; it catches up by itself.
    </div>
  )
}
