/**
 * Passwords: what is accepted, and argon2id. Called by the routes that sign in, set up, join and change a password.
 *
 * Hashing is done here and not in PostgreSQL, so that no password ever travels in a statement or lands in its log.
 * 19 MiB, 2 passes, 1 lane are OWASP's figures for argon2id; a hash takes about 85 ms of one core. At most two run at a
 * time and 32 wait: more would only make everybody's sign-in slow (and cost 19 MiB each).
 */
import { hash, verify } from '@node-rs/argon2'
import { AppError } from '../errors.ts'

const COST = { algorithm: 2 /* argon2id */, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const AT_ONCE = 2
const WAITING = 32

export interface Passwords {
  /** @throws AppError TMPWD when it is too short, TMRAT when too many wait. */
  hash(password: string, others?: string[]): Promise<string>
  /** Takes as long for an account that is not there (stored null) as for a wrong password. */
  verify(stored: string | null | undefined, password: string): Promise<boolean>
}

export function makePasswords(): Passwords {
  let running = 0
  const waiting: (() => void)[] = []

  async function oneOfFew<T>(work: () => Promise<T>): Promise<T> {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING)
        throw new AppError('TMRAT', 'Too many people sign in at this moment', { hint: 'Try again in a few seconds.' })
      await new Promise<void>((go) => waiting.push(go))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift() // hands over its place, so that `running` stays
      if (next) next()
      else running--
    }
  }

  let dummy: Promise<string> | undefined
  return {
    async hash(password, others = []) {
      const text = normal(password)
      if ([...text].length < 10) throw new AppError('TMPWD', 'The password is shorter than 10 characters')
      if (Buffer.byteLength(text) > 1000) throw new AppError('TMPWD', 'The password is longer than 1000 bytes')
      if (new Set(text).size < 4 || others.some((other) => other.toLowerCase() === text.toLowerCase()))
        throw new AppError('TMPWD', 'This password is too easy to guess')
      return oneOfFew(() => hash(text, COST))
    },
    async verify(stored, password) {
      const text = normal(password)
      if (Buffer.byteLength(text) > 1000) return false
      return oneOfFew(async () => {
        dummy ??= hash('the password of nobody', COST)
        const matches = await verify(stored ?? (await dummy), text)
        return matches && stored != null
      })
    },
  }
}

/** The same characters however a keyboard composes them. */
const normal = (password: string) => password.normalize('NFC')
