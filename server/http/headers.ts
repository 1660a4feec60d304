/**
 * The headers of every answer: what a browser may load, run and frame. Middleware, first in app.ts.
 *
 * Strict for everything but GraphiQL, which its authors wrote with inline scripts and workers and which therefore has a
 * policy of its own, on its own path only. No CORS headers at all: other sites' scripts read nothing here.
 */
import type { RequestHandler } from 'express'
import helmet from 'helmet'

export interface HeaderOptions {
  publicUrl: string | null
  /** Hosts whose pictures may be shown, besides our own. */
  imageHosts?: readonly string[]
  graphiqlPath?: string
}

export function securityHeaders({ publicUrl, imageHosts = [], graphiqlPath = '/graphiql' }: HeaderOptions): RequestHandler {
  const https = publicUrl?.startsWith('https:') ?? false
  const base = {
    defaultSrc: ["'self'"],
    baseUri: ["'none'"],
    objectSrc: ["'none'"],
    frameAncestors: ["'none'"],
    formAction: ["'self'"],
    // Not https: at large. A column may be formatted as images, and then whoever writes a cell could make each viewer's browser ask an
    // address of theirs. The operator names the hosts that are trusted with that.
    imgSrc: ["'self'", 'data:', ...imageHosts.map((host) => `https://${host}`)],
    fontSrc: ["'self'", 'data:'],
    // Older Safari does not count ws: as 'self'.
    connectSrc: ["'self'", ...(publicUrl ? [publicUrl.replace(/^http/, 'ws')] : [])],
    manifestSrc: ["'self'"],
    workerSrc: ["'self'", 'blob:'],
    ...(https ? { upgradeInsecureRequests: [] } : {}),
  }
  const common = {
    // A year, once the operator says https; never guessed from a request.
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
    xPoweredBy: true, // helmet's word for: take the header away
  } as const
  const policy = (directives: Record<string, string[]>) => helmet({ ...common, contentSecurityPolicy: { useDefaults: false, directives } })

  // style-src: the web app's components set style attributes at run time; a style cannot run code, a script can.
  const strict = policy({ ...base, scriptSrc: ["'self'"], scriptSrcAttr: ["'none'"], styleSrc: ["'self'", "'unsafe-inline'"] })
  const graphiql = policy({ ...base, scriptSrc: ["'self'", "'unsafe-inline'", "'unsafe-eval'"], styleSrc: ["'self'", "'unsafe-inline'"] })

  return (request, response, next) => {
    response.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
    const isGraphiql = request.path === graphiqlPath || request.path.startsWith(`${graphiqlPath}/`)
    return (isGraphiql ? graphiql : strict)(request, response, next)
  }
}
