/**
 * Timers that suit uploads: a transfer may last for hours as long as bytes come, and ends when none came for a while.
 * Called by main.ts with the http.Server, and by the upload route per request.
 *
 * Node's requestTimeout counts the whole request and would cut a slow upload after 5 minutes (408), so it is off; headers
 * still have 20 s, and a socket on which nothing moves is closed.
 */
import type { IncomingMessage, Server } from 'node:http'
import { AppError } from '../errors.ts'

export function setTimers(server: Server): void {
  server.requestTimeout = 0
  server.headersTimeout = 20_000
  server.keepAliveTimeout = 65_000 // longer than the 60 s of usual proxies, so that they close first
  server.maxHeadersCount = 100
}

/**
 * Destroys the request when its socket brought nothing for `idleMs`. Looks at the socket's count of bytes, so that the
 * stream itself is left alone. Returns a function that ends the watch.
 * @param onIdle told before the request is destroyed, for an answer with a reason
 */
export function watchIdle(request: IncomingMessage, idleMs = 30_000, onIdle: (error: AppError) => void = () => {}): () => void {
  const { socket } = request
  let seen = socket.bytesRead
  let since = Date.now()
  const timer = setInterval(
    () => {
      // A reader that is busy (COPY waits for the disk) holds the sender back: that is not the sender's silence.
      if (socket.bytesRead !== seen || request.isPaused() || request.readableLength > 0) {
        seen = socket.bytesRead
        since = Date.now()
      } else if (Date.now() - since >= idleMs) {
        stop()
        const error = new AppError('TMTIM', `No data came for ${Math.round(idleMs / 1000)} seconds`, { hint: 'Send the file again.' })
        onIdle(error)
        request.destroy(error)
      }
    },
    Math.min(idleMs / 4, 5000),
  )
  const stop = () => {
    clearInterval(timer)
    request.off('end', stop)
    request.off('close', stop)
  }
  request.on('end', stop)
  request.on('close', stop)
  return stop
}
