// What it is for: a scroller for more rows than a browser's maximum element height (Firefox 17.9 M px, Chromium 33.5 M
// px). The physical height is capped at 8 M px; above that there is a virtual position: moves under one viewport go 1:1,
// jumps map in proportion, the ends snap, and 200 ms after the last scroll the physical position is put where it belongs.
// Called by use-window.ts; writes only the scroller's scrollTop.
const MAX_PHYSICAL = 8_000_000

export class HeightCap {
  /** Height of the inner element. */
  readonly physical: number
  /** The virtual position. */
  top = 0
  readonly total: number
  readonly view: number
  private readonly ratio: number
  private prev = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(total: number, view: number, max = MAX_PHYSICAL) {
    this.total = total
    this.view = view
    this.physical = Math.min(total, max)
    this.ratio = (total - view) / (this.physical - view || 1)
  }

  get maxTop(): number {
    return Math.max(0, this.total - this.view)
  }
  /** Draw row i at i * rowHeight - offset inside the inner element. */
  get offset(): number {
    return this.top - this.prev
  }

  /** Call for every scroll event. */
  onScroll(el: { scrollTop: number }, changed: () => void): void {
    const position = el.scrollTop
    const moved = position - this.prev
    if (moved === 0) return // our own write: prev is already what the browser made of it
    this.prev = position
    let top = this.ratio <= 1 ? position : Math.abs(moved) < this.view ? this.top + moved : position * this.ratio
    if (position <= 0) top = 0
    if (position >= this.physical - this.view - 1) top = this.maxTop
    this.top = Math.max(0, Math.min(this.maxTop, top))
    changed()
    if (this.ratio <= 1) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      const wanted = Math.round(this.top / this.ratio)
      if (Math.abs(wanted - el.scrollTop) <= this.view) return
      this.write(el, wanted)
      changed()
    }, 200)
  }

  /** By keyboard, "go to row", or because rows came in above. */
  scrollTo(el: { scrollTop: number }, virtualTop: number, changed: () => void): void {
    this.top = Math.max(0, Math.min(this.maxTop, virtualTop))
    this.write(el, Math.round(this.ratio > 0 ? this.top / this.ratio : 0))
    changed()
  }

  /** The row count or the window's size changed: keep the place. */
  adopt(old: HeightCap): void {
    this.top = Math.min(old.top, this.maxTop)
    this.prev = old.prev
    old.dispose()
  }

  dispose(): void {
    clearTimeout(this.timer)
  }

  private write(el: { scrollTop: number }, position: number): void {
    el.scrollTop = position
    // The browser rounds and clamps; a person's wheel may come before the event of this write: only what they add counts.
    this.prev = el.scrollTop
  }
}
