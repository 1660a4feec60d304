/**
 * What jest-light-runner leaves out: a time limit for every test and hook (its own, or that of its folder), and the failure of
 * the one that runs when an error reaches nobody, which would end the process and every file that it was still to run.
 * Loaded by the runner once per worker process, for jest.config.mjs.
 */
import * as circus from 'jest-circus'

/** Milliseconds. A browser's steps wait for the page as long as the machine needs: see patience() in e2e/support. */
const LIMIT_MS = 60_000
const BROWSER_LIMIT_MS = 240_000
let fail = null
let missed = null

const limited = (fn, what, given) => async () => {
  const ms = given ?? (expect.getState().testPath.includes('/test/e2e/') ? BROWSER_LIMIT_MS : LIMIT_MS)
  let timer
  const ended = new Promise((_, reject) => {
    fail = reject
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
    if (missed) reject(missed)
    missed = null
  })
  try {
    return await Promise.race([fn(), ended])
  } finally {
    clearTimeout(timer)
    fail = null
  }
}

circus.addEventHandler((event, { currentDescribeBlock: block }) => {
  const made = event.name === 'add_test' ? block.children.at(-1) : event.name === 'add_hook' ? block.hooks.at(-1) : null
  if (made?.fn) made.fn = limited(made.fn, made.name ?? made.type, made.timeout)
})

for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => {
    console.error(`${event}:`, error)
    if (fail) fail(error)
    else missed = error
  })
