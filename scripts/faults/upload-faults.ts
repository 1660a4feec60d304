/**
 * What people and enemies send: files that come slowly or stop, that are one line, that unpack to a thousand times their size, that
 * are damaged. Called through singles.ts. Each table is whole or absent, and the server's memory stays where it was.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { makeChance, sleep } from './random.ts'
import type { Options, Verdict } from './singles.ts'
import { memoryOf, type World } from './world.ts'

const SAMPLES = path.join(import.meta.dirname, '../../test/samples')
/** What one upload may add to the server's memory. */
const GROWTH_MB = 300
/** No byte for this long, and the upload is given up (server/upload/route.ts). */
const IDLE_MS = 60_000

async function send(
  world: World,
  table: string,
  body: AsyncIterable<Uint8Array> | Uint8Array,
  query = '',
): Promise<{ status: number; body: any }> {
  const reply = await world.request(`/upload-file?table=${table}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: body as never,
    duplex: 'half',
  })
  const text = await reply.text()
  return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}
const rowsOf = async (world: World, table: string): Promise<number | null> => {
  const [there] = await world.sql<{ t: string | null }>(`select to_regclass('ws_main.${table}')::text as t`)
  if (!there!.t) return null
  return (await world.sql<{ n: number }>(`select count(*)::int as n from ws_main.${table}`))[0]!.n
}
const drop = (world: World, table: string) => world.sql(`drop table if exists ws_main.${table}, ws_main.${table}_rejects cascade`)

/** Runs `work`, and watches how far the server's memory rises above where it was. */
async function watching<T>(world: World, work: () => Promise<T>): Promise<{ result: T; roseMb: number }> {
  const pid = world.serverPid()
  const before = memoryOf(pid)
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, memoryOf(pid))), 50)
  try {
    const result = await work()
    return { result, roseMb: Math.round(peak - before) }
  } finally {
    clearInterval(timer)
  }
}

/** One that dribbles for longer than most time-outs is loaded; one that stops is given up, and its connection is free again. */
export async function stalledUpload(world: World, { quick }: Options): Promise<Verdict> {
  const broken: string[] = []
  const seconds = quick ? 6 : 45
  async function* slowly() {
    yield Buffer.from('n\n')
    for (let i = 0; i < seconds * 2; i++) {
      yield Buffer.from(`${i}\n`)
      await sleep(500)
    }
  }
  const stopping = new AbortController()
  async function* stops() {
    yield Buffer.from('n\n1\n2\n')
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve))
  }
  const from = Date.now()
  const slow = send(world, 'slow', slowly())
  const stalled = send(world, 'stalled', stops())
  stalled.catch(() => {})
  const { status, body } = await slow
  if (status !== 201 || (await rowsOf(world, 'slow')) !== seconds * 2)
    broken.push(`an upload that took ${seconds} s was answered with ${status} ${JSON.stringify(body)}`)
  let said = `${seconds} s of dribbling loaded`
  if (!quick) {
    const answer = await stalled
    const after = Date.now() - from
    if (answer.body.code !== 'TMTIM' || after > IDLE_MS + 15_000)
      broken.push(`a stalled upload was answered after ${after} ms with ${JSON.stringify(answer)}`)
    said += `; one that stopped was given up after ${Math.round(after / 1000)} s (${answer.body.code})`
  }
  stopping.abort()
  await stalled.catch(() => {})
  if (!quick && (await rowsOf(world, 'stalled')) !== null) broken.push('a stalled upload has left a table')
  await drop(world, 'slow')
  await drop(world, 'stalled')
  return { broken, said }
}

export async function longLine(world: World, { quick }: Options): Promise<Verdict> {
  const mb = quick ? 200 : 1024
  let sent = 0
  const block = Buffer.alloc(1 << 20, 'a')
  async function* line() {
    for (let i = 0; i < mb; i++) {
      sent++
      yield block
    }
  }
  const from = Date.now()
  const { result, roseMb } = await watching(world, () => send(world, 'one_line', line()))
  const broken: string[] = []
  if (result.status < 400 || result.status >= 500) broken.push(`answered with ${result.status} ${JSON.stringify(result.body)}`)
  if (roseMb > GROWTH_MB) broken.push(`the server grew by ${roseMb} MB`)
  if ((await rowsOf(world, 'one_line')) !== null) broken.push('it has left a table')
  return {
    broken,
    said: `${mb} MB without a line end: ${result.status} ${result.body.code} after ${sent} MB sent, ${((Date.now() - from) / 1000).toFixed(1)} s, memory +${roseMb} MB`,
  }
}

/** 1 GB of zeros, and 1 GB of rows against a quota: both are a megabyte on the wire. */
export async function bomb(world: World, { quick }: Options): Promise<Verdict> {
  const broken: string[] = []
  const said: string[] = []
  const mb = quick ? 200 : 1024
  const packed = async (text: Buffer) => {
    async function* repeat() {
      for (let i = 0; i < mb; i++) yield text
    }
    const parts: Buffer[] = []
    for await (const part of Readable.from(repeat()).pipe(createGzip({ level: 6 }))) parts.push(part)
    return Buffer.concat(parts)
  }
  const [{ quota }] = (await world.sql<{ quota: string }>(
    `select storage_quota_bytes as quota from app_public.workspaces where id = 'main'`,
  )) as [{ quota: string }]
  const [{ used }] = (await world.sql<{ used: string }>(`select app_private.workspace_bytes('main') as used`)) as [{ used: string }]
  try {
    for (const [what, text] of [
      ['zeros', Buffer.alloc(1 << 20)],
      ['rows', Buffer.from('1234567,word\n'.repeat(80_660))],
    ] as const) {
      await world.sql(`update app_public.workspaces set storage_quota_bytes = $1 where id = 'main'`, [Number(used) + 20_000_000])
      const file = await packed(text)
      const from = Date.now()
      const { result, roseMb } = await watching(world, () => send(world, 'bomb', file))
      if (result.status < 400 || result.status >= 500) broken.push(`${what}: answered with ${result.status} ${JSON.stringify(result.body)}`)
      if (roseMb > GROWTH_MB) broken.push(`${what}: the server grew by ${roseMb} MB`)
      if ((await rowsOf(world, 'bomb')) !== null) broken.push(`${what}: it has left a table`)
      said.push(
        `${what}: ${(file.length / 1e6).toFixed(1)} MB of gzip for ${mb} MB: ${result.status} ${result.body.code} in ${((Date.now() - from) / 1000).toFixed(1)} s, memory +${roseMb} MB`,
      )
      await drop(world, 'bomb')
    }
  } finally {
    await world.sql(`update app_public.workspaces set storage_quota_bytes = $1 where id = 'main'`, [quota])
  }
  return { broken, said: said.join('; ') }
}

/** Damaged copies of the samples: answered with 201 and whole, or with 4xx and absent; never 5xx, never a hang. */
export async function mutatedFiles(world: World, { seed, mutations }: Options): Promise<Verdict> {
  const chance = makeChance(seed)
  const bases = [
    ...readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.csv'))
      .map((name) => readFileSync(path.join(SAMPLES, name))),
    Buffer.from('a;b\r\n1,5;"x"\r\n2,5;"y ""z"""\r\n'),
    Buffer.from('id\tday\tat\n1\t2024-02-29\t2024-02-29T12:00:00Z\n2\t2024-03-01\t2024-03-01T12:00:00+02\n'),
    Buffer.from('\ufeffname,größe\n"two\nlines",1\n"ü",2\n'),
    Buffer.from('a\n1\n2\n', 'utf16le'),
  ]
  const nasty = [
    '"',
    '\0',
    '\r',
    '\n',
    '\\.',
    '\n\\.\n',
    ',',
    ';',
    '\xff',
    '\xc3',
    '""',
    '\x1a',
    ',,,,',
    '\x01',
    '9'.repeat(400),
    '\x1f\x8b',
    'PK\x03\x04',
  ]
  const make = () => {
    let file = chance.pick(bases)
    for (let n = chance.int(1, 6); n > 0; n--) {
      const at = chance.int(0, file.length)
      const put =
        chance.next() < 0.7
          ? Buffer.from(chance.pick(nasty), 'latin1')
          : Buffer.from(Array.from({ length: chance.int(1, 5) }, () => chance.int(0, 255)))
      file = Buffer.concat([file.subarray(0, at), put, file.subarray(at + chance.int(0, 8))])
    }
    return chance.next() < 0.2 ? file.subarray(0, chance.int(0, file.length)) : file
  }
  const files = Array.from({ length: mutations }, make)
  const broken: string[] = []
  let loaded = 0
  let next = 0
  const worker = async () => {
    while (next < files.length) {
      const n = next++
      const table = `mut_${n}`
      const file = files[n]!
      const name = `file ${n} (${file.toString('latin1').slice(0, 60)})`
      const answer = await send(world, table, file, n % 2 ? '&on_error=skip' : '').catch((error: Error) => error)
      if (answer instanceof Error) {
        broken.push(`${name}: no answer, ${(answer.cause as Error | undefined)?.message ?? answer.message}`)
        continue
      }
      const { status, body } = answer
      const rows = await rowsOf(world, table)
      if (status === 201) {
        loaded++
        if (rows !== body.rows) broken.push(`${name}: ${body.rows} rows were answered and ${rows} are there`)
        await drop(world, table)
      } else if (status >= 500) broken.push(`${name}: answered with ${status} ${JSON.stringify(body)}`)
      else if (rows !== null) broken.push(`${name}: refused (${body.code}) and half loaded`)
    }
  }
  const { roseMb } = await watching(world, () => Promise.all(Array.from({ length: 6 }, worker)))
  return {
    broken: broken.slice(0, 20),
    said: `${mutations} files (seed ${seed}): ${loaded} loaded whole, ${mutations - loaded} refused, none half; memory +${roseMb} MB`,
  }
}
