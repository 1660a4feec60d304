/**
 * `npm run bench -- launch`: how long `npm start` takes on a folder of data that is new and on one that is there, and what a person's
 * sign-in takes. Called by scripts/bench.ts. The folder is a temporary one; dependencies, PostgreSQL's programs and the built page
 * are there already (what fetching them takes is the network's).
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freePort } from '../postgres/ports.mjs'
import type { Figure } from './report.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PERSON = { email: 'ada@example.org', name: 'Ada', password: 'correct horse battery staple' }

const median = (list: number[]) => [...list].sort((a, b) => a - b)[list.length >> 1]!

/** @returns the ms until it was ready, and what it said by then */
async function start(data: string, port: number) {
  const { DATABASE_URL: _, TIDEMARK_SECRET: __, ...env } = process.env
  const from = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...env, TIDEMARK_DATA: data, PORT: String(port), LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let said = ''
  const ms = await new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text
        if (said.includes('is ready on')) resolve(performance.now() - from)
      })
    child.once('close', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)))
  })
  return {
    ms,
    said: () => said,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export async function benchLaunch({ psql = '', rounds = 5 }: { psql?: string; rounds?: number }): Promise<Figure[]> {
  const above = mkdtempSync(path.join(os.tmpdir(), 'tidemark-launch-'))
  chmodSync(above, 0o755) // PostgreSQL's account passes it
  const firsts: number[] = []
  const seconds: number[] = []
  const signIns: number[] = []
  try {
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const data = path.join(above, `data-${round}`)
      mkdirSync(data, { mode: 0o755 })
      const packages = /^(.*)\/usr\/lib\/postgresql\//.exec(psql)?.[1]
      if (packages) symlinkSync(packages, path.join(data, 'pgsql'))
      const port = await freePort(5200, '127.0.0.1')
      const first = await start(data, port)
      firsts.push(first.ms)
      try {
        const post = async (to: string, body: object) => {
          const reply = await fetch(`http://127.0.0.1:${port}${to}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', origin: `http://127.0.0.1:${port}` },
            body: JSON.stringify(body),
          })
          if (!reply.ok) throw new Error(`${to} answers ${reply.status}: ${await reply.text()}`)
        }
        // The link comes on the line after the address.
        for (let tries = 0; !first.said().includes('/setup?token=') && tries < 100; tries++)
          await new Promise((resolve) => setTimeout(resolve, 20))
        await post('/setup', { token: /\/setup\?token=([\w-]+)/.exec(first.said())![1], ...PERSON })
        for (let i = 0; i < rounds; i++) {
          const from = performance.now()
          await post('/auth/login', PERSON)
          signIns.push(performance.now() - from)
        }
      } finally {
        await first.stop()
      }
      const second = await start(data, port)
      seconds.push(second.ms)
      await second.stop()
      rmSync(data, { recursive: true, force: true })
    }
  } finally {
    rmSync(above, { recursive: true, force: true })
  }
  const inSeconds = (list: number[]) => `${(median(list) / 1000).toFixed(2)} s`
  return [
    {
      name: 'npm start, the first on a new folder of data',
      value: inSeconds(firsts),
      goal: '',
      note: `median of ${firsts.length}; programs and page are there`,
    },
    {
      name: 'npm start, any later one',
      value: inSeconds(seconds),
      goal: '≤ 5 s',
      note: `median of ${seconds.length}; PostgreSQL, its checks, the server`,
    },
    {
      name: 'sign-in',
      value: `${median(signIns).toFixed(0)} ms`,
      goal: '≤ 500 ms',
      note: `median of ${signIns.length}; argon2id with 19 MB, by design most of it`,
    },
  ]
}
