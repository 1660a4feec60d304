/**
 * One subscriber of a live query: what waits to be sent to it. Made by entry.ts, read by the socket as an async iterator.
 *
 * The socket asks for the next result only when the last one has left the process, so a slow client is noticed here:
 * its results pile up. Beyond MAX_WAITING of them (or MAX_BYTES) they are thrown away and the client gets the whole page
 * instead ("resync"), as of the moment when it reads again. A client that never reads costs one page, whatever happens.
 */
import type { Payload } from './payload.ts'

const MAX_WAITING = 20
const MAX_BYTES = 256 * 1024

export interface Subscriber extends AsyncIterableIterator<Payload> {
  push(update: Payload): void
  /** Forget what waits and send the whole page next. */
  resync(): void
  end(): void
  readonly closed: boolean
}

/**
 * @param snapshot the whole page as it is now; null: there is none yet.
 * @param latestOnly each result says everything, so an older one that was not sent is void.
 */
export function makeSubscriber(
  snapshot: () => Payload | null,
  latestOnly: boolean,
  onClose: () => void,
  onCut: () => void = () => {},
): Subscriber {
  let waiting: Payload[] = []
  let bytes = 0
  let whole = true // the first thing a client gets
  let closed = false
  let wake: (() => void) | null = null

  const notify = () => {
    const w = wake
    wake = null
    w?.()
  }
  const clear = () => {
    waiting = []
    bytes = 0
  }

  return {
    get closed() {
      return closed
    },
    push(update) {
      if (closed || whole) return notify() // the snapshot to come has it already
      if (latestOnly) clear()
      waiting.push(update)
      bytes += update.text.length
      if (waiting.length > MAX_WAITING || bytes > MAX_BYTES) {
        clear()
        whole = true
        onCut()
      }
      notify()
    },
    resync() {
      clear()
      whole = true
      notify()
    },
    end() {
      closed = true
      clear()
      notify()
    },
    async next() {
      for (;;) {
        if (closed) return { done: true, value: undefined }
        if (whole) {
          const page = snapshot()
          if (page !== null) {
            whole = false
            return { done: false, value: page }
          }
        } else {
          const update = waiting.shift()
          if (update) {
            bytes -= update.text.length
            return { done: false, value: update }
          }
        }
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    async return(value?: any) {
      if (!closed) {
        closed = true
        clear()
        onClose()
        notify()
      }
      return { done: true, value }
    },
    async throw(error: unknown) {
      await this.return!()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
