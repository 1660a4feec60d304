/**
 * A server in a process of its own, so that it can be killed as the power cut does it. Called by tests of what dies and of what
 * several servers share; kill() or the end of the test file ends it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import type { TestDatabase } from './database.ts'

const ROOT = path.join(import.meta.dirname, '../..')

export interface ServerProcess {
  process: ChildProcess
  url: string
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
}

export async function startServerProcess(db: TestDatabase, settings: Record<string, string> = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['server/main.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      TIDEMARK_SECRET: db.secret,
      PORT: '0',
      ALLOW_PRIVATE_WEBHOOKS: '1',
      LOG_LEVEL: process.env.TEST_LOG ?? 'fatal',
      ...settings,
    },
    stdio: ['ignore', 'pipe', process.env.TEST_LOG ? 'inherit' : 'ignore'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout!.setEncoding('utf8').on('data', (part) => {
      text += part
      const [, found] = /is ready on (\S+)/.exec(text) ?? []
      if (found) resolve(found)
    })
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${text}`)))
  })
  return {
    process: child,
    url,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}
