/**
 * How often somebody may try. Counted in PostgreSQL (app_private.attempts), so that several server processes count
 * together and a restart forgives nobody. Called before the thing itself is tried.
 */
import type { Pool } from 'pg'
import { AppError } from '../errors.ts'

export interface Limit {
  bucket: string
  atMost: number
  per: '15 minutes' | '1 hour'
}

/** Sign-in: 5 per account and address, 50 per address whatever the account, 100 per account whatever the address. */
export const signInLimits = (email: string, ip: string): Limit[] => [
  { bucket: `sign-in ${ip}`, atMost: 50, per: '1 hour' },
  { bucket: `sign-in ${email.toLowerCase()} ${ip}`, atMost: 5, per: '15 minutes' },
  { bucket: `sign-in ${email.toLowerCase()}`, atMost: 100, per: '1 hour' },
]

/** Links and invites: 256 random bits cannot be guessed; this only keeps the noise (and the hashing of passwords) down. */
export const linkLimits = (ip: string): Limit[] => [{ bucket: `link ${ip}`, atMost: 60, per: '1 hour' }]

/** Asking for a sign-in link: each prints a line for the operator. */
export const signInLinkLimits = (email: string, ip: string): Limit[] => [
  { bucket: `ask ${ip}`, atMost: 20, per: '1 hour' },
  { bucket: `ask ${email.toLowerCase()}`, atMost: 5, per: '1 hour' },
]

export function makeLimiter(owner: Pool) {
  return {
    /** @throws AppError TMRAT with the seconds to wait (`retry_after`). */
    async count(limits: Limit[]): Promise<void> {
      for (const { bucket, atMost, per } of limits) {
        const { rows } = await owner.query<{ wait: number }>('select app_private.count_attempt($1, $2, $3) as wait', [
          bucket.slice(0, 400),
          atMost,
          per,
        ])
        const wait = rows[0]!.wait
        if (wait > 0)
          throw new AppError('TMRAT', 'Too many tries', {
            hint: `Try again in ${wait < 90 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`}.`,
            more: { retry_after: wait },
          })
      }
    },
    /** A success clears the narrow buckets: who signs in correctly all day is not locked out. */
    async forgive(limits: Limit[]): Promise<void> {
      await owner.query('delete from app_private.attempts where bucket = any($1)', [limits.map(({ bucket }) => bucket)])
    },
  }
}

export type Limiter = ReturnType<typeof makeLimiter>
