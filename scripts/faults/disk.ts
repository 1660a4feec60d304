/**
 * No space left: the tables' volume, a small tmpfs, fills up in the middle of an upload. Needs root for the mount, otherwise skipped.
 * Called through singles.ts. (A full WAL volume makes PostgreSQL stop until there is room; OPERATIONS.md says to watch it.)
 */
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Verdict } from './singles.ts'
import type { World } from './world.ts'

const MB = 24

export async function diskFull(world: World): Promise<Verdict> {
  if (process.getuid?.() !== 0) return { broken: [], said: '', skipped: 'mounting a small volume needs root' }
  const data = (await world.sql<{ dir: string }>(`select current_setting('data_directory') as dir`))[0]!.dir
  const folder = mkdtempSync(path.join(path.dirname(data), 'small-'))
  const { uid, gid } = statSync(data)
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${MB}m,uid=${uid},gid=${gid},mode=0700`, 'tmpfs', folder], {
    encoding: 'utf8',
  })
  if (mount.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    return { broken: [], said: '', skipped: `this machine mounts nothing: ${mount.stderr.trim()}` }
  }
  const broken: string[] = []
  try {
    chownSync(folder, uid, gid)
    await world.sql(`create tablespace small location '${folder}'`)
    await world.sql('grant create on tablespace small to public')
    await world.sql(`alter database tidemark set default_tablespace = 'small'`)
    await world.killServer()
    await world.startServer()
    const send = async (table: string, rows: number) => {
      async function* body() {
        yield Buffer.from('n,filler\n')
        for (let i = 0; i < rows; i += 1000)
          yield Buffer.from(Array.from({ length: 1000 }, (_, k) => `${i + k},${'x'.repeat(200)}\n`).join(''))
      }
      const reply = await world.request(`/upload-file?table=${table}`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv' },
        body: body() as never,
        duplex: 'half',
      })
      return { status: reply.status, body: (await reply.json()) as any }
    }
    const kept = await send('kept', 10_000)
    const big = await send('too_big', 400_000)
    if (kept.status !== 201) broken.push(`what fits is answered with ${kept.status}`)
    if (big.status < 500 || !big.body.code) broken.push(`what does not fit is answered with ${big.status} ${JSON.stringify(big.body)}`)
    const [there] = await world.sql<{ kept: number; big: string | null; free: boolean }>(
      `select (select count(*)::int from ws_main.kept) as kept, to_regclass('ws_main.too_big')::text as big`,
    )
    if (there!.kept !== 10_000) broken.push(`of the table that was there ${there!.kept} rows are left`)
    if (there!.big) broken.push('the upload that did not fit has left a table')
    const again = await send('after', 10_000)
    if (again.status !== 201)
      broken.push(`afterwards, what fits is answered with ${again.status} ${JSON.stringify(again.body)}: the space was not given back`)
    const health = await fetch(`${world.url}/healthz`)
    if (health.status !== 200) broken.push(`/healthz answers ${health.status}`)
    return {
      broken,
      said: `${MB} MB volume: ${big.status} ${big.body.code} (${big.body.message}), nothing of it left, its space given back, the table beside it whole`,
    }
  } finally {
    await world.sql('drop table if exists ws_main.kept, ws_main.too_big, ws_main.after')
    await world.sql('alter database tidemark reset default_tablespace')
    await world.killServer()
    await world.sql('checkpoint')
    await world.sql('drop tablespace if exists small').catch((error) => broken.push(`clearing up: ${error.message}`))
    await world.startServer()
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}
