/**
 * Whether a request comes from our own pages: what keeps other sites from acting with a visitor's cookie.
 *
 * Asked by identify() whenever a cookie is what lets somebody in (unsafe methods and websocket upgrades, which CORS
 * does not cover), and as middleware before everything that hands out or ends a session.
 */
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { AppError } from '../errors.ts'

type Headers = Record<string, string | string[] | undefined>

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Browsers send Origin with every unsafe method and every websocket, and Sec-Fetch-Site with nearly everything; programs
 * send neither and are not what this guards against (they have no visitor's cookie).
 * @param publicUrl where strangers reach the server; null: whatever Host they ask for.
 */
function isSameSite(headers: Headers, publicUrl: string | null): boolean {
  const origin = single(headers.origin)
  if (origin === undefined) {
    const site = single(headers['sec-fetch-site'])
    return site === undefined || site === 'same-origin' || site === 'none'
  }
  if (origin === '' || origin === 'null' || !URL.canParse(origin)) return false
  if (publicUrl && new URL(origin).origin === new URL(publicUrl).origin) return true
  // Without PUBLIC_URL, and for who reaches the machine by another name (localhost behind a proxy): the same host and port.
  return publicUrl?.startsWith('https:') ? false : new URL(origin).host === single(headers.host)?.toLowerCase()
}

/** Whether a request could change something when it rides on a cookie. */
export function isUnsafe(request: { method?: string | undefined; headers: Headers }): boolean {
  return !SAFE.has(request.method ?? 'GET') || single(request.headers.upgrade)?.toLowerCase() === 'websocket'
}

const foreignOrigin = () =>
  new AppError('TMORG', 'This request comes from another site', {
    hint: 'Open the address of this server itself; programs send a token instead of a cookie.',
  })

/** @throws AppError TMORG */
export function assertSameSite(request: { headers: Headers }, publicUrl: string | null): void {
  if (!isSameSite(request.headers, publicUrl)) throw foreignOrigin()
}

/** Middleware for what works without being signed in (signing in itself). */
export function sameSiteOnly(publicUrl: string | null): RequestHandler {
  return (request: IncomingMessage, _response, next) => {
    if (isUnsafe(request)) assertSameSite(request, publicUrl)
    next()
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
