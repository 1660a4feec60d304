// A dialog that is taken out of the page gives the focus back to where it was; Mantine does so only for one that stays and closes.
import { useEffect, useState } from 'react'

export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement as HTMLElement | null)
  useEffect(
    () => () => {
      // Only if nobody has taken it meanwhile: a dialog that leads elsewhere moves the focus itself.
      setTimeout(() => {
        if (document.activeElement === document.body || document.activeElement === null) before?.focus?.({ preventScroll: true })
      })
    },
    [before],
  )
}
