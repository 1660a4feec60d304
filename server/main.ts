/**
 * A server process: settings from the environment, then startServer(); ends on SIGTERM and SIGINT in good order.
 * Started by the launcher (npm start), by a container, or by hand. Prints the address, for a new installation the
 * link that makes the first account, and what the operator must know of an old PostgreSQL.
 */
import { flushCompileCache } from 'node:module'
import { createSetupLink } from './auth/links.ts'
import { readConfig } from './config.ts'
import { makeLog } from './log.ts'
import { startServer } from './server.ts'

try {
  const config = readConfig()
  const log = makeLog(config.logLevel)
  const server = await startServer(config, log)
  const link = await createSetupLink(server.db.owner, config.publicUrl ?? server.url)
  console.log(`Tidemark is ready on ${server.url}`)
  if (server.advice) console.log(server.advice)
  if (link) console.log(`Create the first account (the link works once, for an hour): ${link}`)
  flushCompileCache() // now, not at the end only: the next start is quicker also after a kill

  let ending = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, async () => {
      if (ending) return
      ending = true
      const late = setTimeout(() => process.exit(1), 9000).unref() // the launcher's patience is 10 s
      await server.close().catch((error) => log.error({ error: String(error) }, 'not closed in good order'))
      clearTimeout(late)
      process.exit(0)
    })
  // A fault in one request must not take the others down; it is logged with all we know.
  process.on('unhandledRejection', (error) =>
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'unhandled rejection'),
  )
  process.on('uncaughtException', (error) => log.error({ error: error.stack }, 'uncaught exception'))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
