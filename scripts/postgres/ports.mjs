/**
 * Free TCP ports on loopback. Called by cluster.mjs and start.mjs. Writes nothing.
 */
import { createServer } from 'node:net'

const TRIES = 50

/** @returns {Promise<boolean>} */
const isFree = (port, host = '127.0.0.1') =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

/** The first free port from `wanted` on. */
export async function freePort(wanted, host) {
  for (let port = wanted; port < Math.min(wanted + TRIES, 65536); port++) if (await isFree(port, host)) return port
  throw new Error(`no free port from ${wanted} on`)
}
