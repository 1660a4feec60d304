// Which rows are on screen, behind the height cap. Rows have one height, so their places are arithmetic: a virtualizer would
// keep the size of each of a million rows and count them anew whenever one is inserted.
// Called by grid.tsx; tells the RowStore its window.
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState, type RefObject } from 'react'
import { HeightCap } from './height-cap.ts'
import type { RowStore } from './row-store.ts'

export interface GridWindow {
  /** Rows [first, last) are drawn, each at index * rowHeight - offset. */
  first: number
  last: number
  offset: number
  /** At most so many rows are drawn: row i is drawn by element i % slots, again and again. */
  slots: number
  physical: number
  /** Index of the first fully visible row. */
  top: number
  pageRows: number
  width: number
  scrollToRow(index: number, where?: 'start' | 'nearest'): void
  shiftBy(rows: number): void
}

const HEADER = 36
const OVERSCAN = 4

export function useWindow(element: RefObject<HTMLDivElement | null>, store: RowStore, count: number, rowHeight: number): GridWindow {
  const [size, setSize] = useState({ height: 600, width: 1000 })
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const total = count * rowHeight
  const view = Math.max(rowHeight, size.height - HEADER)
  const cap = useMemo(() => new HeightCap(total, view), [total, view])
  const capRef = useRef(cap)
  if (capRef.current !== cap) {
    cap.adopt(capRef.current)
    capRef.current = cap
  }
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      const { clientHeight, clientWidth } = element.current!
      setSize((old) => (old.height === clientHeight && old.width === clientWidth ? old : { height: clientHeight, width: clientWidth }))
    })
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [element])
  useLayoutEffect(() => {
    const scroller = element.current!
    const onScroll = () => capRef.current.onScroll(scroller, redraw)
    scroller.addEventListener('scroll', onScroll, { passive: true })
    return () => scroller.removeEventListener('scroll', onScroll)
  }, [element])
  useEffect(() => () => capRef.current.dispose(), [])

  const slots = Math.ceil(view / rowHeight) + 1 + 2 * OVERSCAN
  const first = Math.max(0, Math.min(Math.floor(cap.top / rowHeight) - OVERSCAN, count - slots))
  const last = Math.min(count, first + slots)
  const top = Math.min(Math.max(0, count - 1), Math.floor((cap.top + 1) / rowHeight))
  useEffect(
    () => store.setWindow(first, Math.max(last, first + Math.ceil(view / rowHeight)), top),
    [store, first, last, top, view, rowHeight],
  )

  const scrollToRow = useCallback(
    (index: number, where: 'start' | 'nearest' = 'nearest') => {
      const now = capRef.current
      const y = index * rowHeight
      if (where === 'start' || y < now.top) now.scrollTo(element.current!, y, redraw)
      else if (y + rowHeight > now.top + now.view) now.scrollTo(element.current!, y + rowHeight - now.view, redraw)
    },
    [element, rowHeight],
  )
  const shiftBy = useCallback(
    (rows: number) => capRef.current.scrollTo(element.current!, capRef.current.top + rows * rowHeight, redraw),
    [element, rowHeight],
  )

  return {
    first,
    last,
    offset: cap.offset,
    slots,
    physical: cap.physical,
    top,
    pageRows: Math.max(1, Math.floor(view / rowHeight) - 1),
    width: size.width,
    scrollToRow,
    shiftBy,
  }
}
