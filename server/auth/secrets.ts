/**
 * Secrets that are handed out once: sessions, links, tokens. Called by the rest of auth/; writes nothing.
 *
 * Only sha256 of a secret is stored (app_private.hash_secret): it is 256 random bits, there is nothing to guess slowly.
 */
import { createHash, randomBytes } from 'node:crypto'

export const makeSecret = (): string => randomBytes(32).toString('base64url')

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest()

/** Anything longer is not one of ours and is not even hashed. */
export const plausible = (secret: unknown): secret is string => typeof secret === 'string' && /^[\w-]{20,120}$/.test(secret)
