// What is new in a grid is lit for FLASH_MS, in two steps: lit, then dim, then gone. Not by a CSS animation: each running one
// costs a layer or a style per frame, and fifty changes a second keep a hundred of them running.
// Called by grid-body.tsx. React writes data-flash (when the cell changed); this takes it off again, outside React.
import { useEffect, type RefObject } from 'react'
import { FLASH_MS, type RowStore } from './row-store.ts'

const STEP_MS = 200

export function useFlashes(body: RefObject<HTMLElement | null>, store: RowStore): void {
  useEffect(() => {
    const lit = new WeakMap<Element, number>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const step = () => {
      timer = undefined
      const cells = body.current?.querySelectorAll('[data-flash]') ?? []
      const now = performance.now()
      for (const cell of cells) {
        const said = cell.getAttribute('data-flash')!
        if (said !== 'dim') lit.set(cell, Number(said))
        const age = now - (lit.get(cell) ?? 0)
        if (age > FLASH_MS) cell.removeAttribute('data-flash')
        else if (age > FLASH_MS / 2 && said !== 'dim') cell.setAttribute('data-flash', 'dim')
      }
      if (cells.length) wait()
    }
    const wait = () => void (timer ??= setTimeout(step, STEP_MS))
    store.onFlash = wait
    return () => {
      store.onFlash = () => {}
      clearTimeout(timer)
    }
  }, [body, store])
}
