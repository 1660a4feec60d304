// How long ago: said anew as time goes by, with the exact moment on hover and for machines. Used wherever a list tells a time.
import { useEffect, useState } from 'react'
import { relative } from '../format/text.ts'

export function Ago({ at, className }: { at: string; className?: string }) {
  const [, tick] = useState(0)
  useEffect(() => {
    // Seconds matter for a minute, minutes for an hour.
    const age = Date.now() - Date.parse(at)
    const timer = setInterval(() => tick((n) => n + 1), age < 90_000 ? 5_000 : 60_000)
    return () => clearInterval(timer)
  }, [at])
  return (
    <time className={className} dateTime={at} title={new Date(at).toLocaleString()}>
      {relative(at)}
    </time>
  )
}
