// Which rows and columns are on screen: TanStack Virtual behind the height cap, and the columns between the edges.
// observeElementOffset reports the virtual position with isScrolling = false (with true the virtualizer compares it with the
// element's own height and takes it for overscroll); scrollToIndex is never used: it clamps at the element's height.
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState, type RefObject } from 'react'
import { HeightCap } from './height-cap.ts'
import type { RowStore } from './row-store.ts'

export interface GridWindow {
  rows: { index: number; y: number }[]
  physical: number
  /** Index of the first fully visible row. */
  top: number
  pageRows: number
  left: number
  width: number
  scrollToRow(index: number, where?: 'start' | 'nearest'): void
  shiftBy(rows: number): void
}

const HEADER = 36

export function useWindow(element: RefObject<HTMLDivElement | null>, store: RowStore, count: number, rowHeight: number): GridWindow {
  const [size, setSize] = useState({ height: 600, width: 1000 })
  const [left, setLeft] = useState(0)
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

  const report = useRef<(top: number, scrolling: boolean) => void>(() => {})
  const changed = useCallback((top: number) => {
    report.current(top, false)
    redraw()
  }, [])
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    observeElementOffset: (instance: Virtualizer<HTMLDivElement, Element>, notify) => {
      const scroller = instance.scrollElement!
      report.current = notify
      const onScroll = () => {
        capRef.current.onScroll(scroller, changed)
        // Columns are looked at again every 120 px: a small sideways move draws nothing.
        setLeft(Math.floor(scroller.scrollLeft / 120) * 120)
      }
      scroller.addEventListener('scroll', onScroll, { passive: true })
      notify(capRef.current.top, false)
      return () => scroller.removeEventListener('scroll', onScroll)
    },
    scrollToFn: () => {},
  })
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight])
  useEffect(() => () => capRef.current.dispose(), [])

  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = (items.at(-1)?.index ?? -1) + 1
  const top = Math.min(Math.max(0, count - 1), Math.floor((cap.top + 1) / rowHeight))
  useEffect(
    () => store.setWindow(first, Math.max(last, first + Math.ceil(view / rowHeight)), top),
    [store, first, last, top, view, rowHeight],
  )

  const scrollToRow = useCallback(
    (index: number, where: 'start' | 'nearest' = 'nearest') => {
      const now = capRef.current
      const y = index * rowHeight
      if (where === 'start' || y < now.top) now.scrollTo(element.current!, y, changed)
      else if (y + rowHeight > now.top + now.view) now.scrollTo(element.current!, y + rowHeight - now.view, changed)
    },
    [element, changed, rowHeight],
  )
  const shiftBy = useCallback(
    (rows: number) => capRef.current.scrollTo(element.current!, capRef.current.top + rows * rowHeight, changed),
    [element, changed, rowHeight],
  )

  return {
    rows: items.map(({ index }) => ({ index, y: index * rowHeight - cap.offset })),
    physical: cap.physical,
    top,
    pageRows: Math.max(1, Math.floor(view / rowHeight) - 1),
    left,
    width: size.width,
    scrollToRow,
    shiftBy,
  }
}
