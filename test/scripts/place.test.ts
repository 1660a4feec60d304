/**
 * Which folder and account a command works with, before it knows anything else.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { findRunning } from '../../scripts/launch/state.mjs'
import { placeFor } from '../../scripts/postgres/place.mjs'

it('a Tidemark on another database is found by a command that was not told of that database, as root too', async () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-place-')) // 0700: no other account may enter
  const data = path.join(root, '.data')
  mkdirSync(data, { mode: 0o700 })
  const began = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19]
  const state = { pid: process.pid, began, databaseUrl: 'postgres://db.example.org/tidemark', url: 'http://localhost:5000' }
  writeFileSync(path.join(data, 'launcher.json'), JSON.stringify(state))
  try {
    const place = await placeFor(root, { ...process.env, DATABASE_URL: '', TIDEMARK_DATA: '' })

    expect(place).toMatchObject({ base: data, account: null })
    expect(findRunning(place)).toMatchObject({ url: state.url, databaseUrl: state.databaseUrl })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
