/**
 * One handler for programs and for forms: JSON in and out, or a form and a redirect. Used by routes.ts.
 */
import type { Request, Response } from 'express'
import { AppError } from '../errors.ts'

/** A form of our pages, not a program. */
export const isForm = (request: Request): boolean =>
  request.is('application/x-www-form-urlencoded') !== false && request.is('application/x-www-form-urlencoded') !== null

/** 303 for a form, JSON for a program. */
export function done(request: Request, response: Response, to: string, json: unknown, status = 200): void {
  if (isForm(request)) response.redirect(303, to)
  else if (json === undefined) response.status(204).end()
  else response.status(status).json(json)
}

/** The fields of a body, as strings. @throws AppError TMARG naming what is missing. */
export function fields<Name extends string>(request: Request, ...names: Name[]): Record<Name, string> {
  const body = (request.body ?? {}) as Record<string, unknown>
  const missing = names.filter((name) => typeof body[name] !== 'string' || body[name] === '')
  if (missing.length)
    throw new AppError('TMARG', `Missing: ${missing.join(', ')}`, { hint: 'Send a JSON object with these members as text.' })
  return body as Record<Name, string>
}

/** Where to go after signing in: a path of this server, nothing else (an open redirect lends our name to others). */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/'
  const base = 'http://here.invalid'
  if (!URL.canParse(wanted, base)) return '/'
  const url = new URL(wanted, base)
  return url.origin === base ? url.pathname + url.search + url.hash : '/'
}
