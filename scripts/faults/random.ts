/**
 * Chance that a seed repeats. Called by everything under faults/.
 */
export interface Chance {
  /** 0 … 1 */
  next(): number
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number
  pick<T>(list: readonly T[]): T
}

/** mulberry32: 32 bits of state are enough to throw dice with. */
export function makeChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (list) => list[Math.floor(next() * list.length)]!,
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks until it is so. @returns the ms that it took, or null when it was not so in time */
export async function until(so: () => boolean | Promise<boolean>, ms: number, every = 20): Promise<number | null> {
  const began = performance.now()
  for (;;) {
    if (await so()) return performance.now() - began
    if (performance.now() - began > ms) return null
    await sleep(every)
  }
}
