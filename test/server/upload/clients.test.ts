/**
 * Clients of every kind: slow, silent, gone in the middle, many at once. Nothing is ever half-loaded.
 */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLab, type Lab } from './lab.ts'

/** Clients that are slow, silent, gone, or many at once. */
describe('clients of every kind', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({ idleMs: 800, sampleBytes: 1024 })
  })
  afterAll(() => lab.close())
  const row = (i: number) => `${i},name ${i},2024-01-01\n`

  /** A request that is written by hand. */
  function begin(table: string, headers: Record<string, string> = {}) {
    const req = http.request(`${lab.url}/upload-file?table=${table}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', ...headers },
    })
    const reply = new Promise<{ status: number; body: any } | Error>((ok) => {
      req.on('response', (res) => {
        let t = ''
        res.on('data', (d) => {
          t += d
        })
        res.on('end', () => ok({ status: res.statusCode!, body: JSON.parse(t) }))
      })
      req.on('error', ok)
    })
    return { req, reply }
  }
  const upload = async (table: string) =>
    (
      await lab.db.sql(
        `select id, state, error_code, rows::int, bytes::int from app_public.uploads where table_name = $1 order by id desc limit 1`,
        [table],
      )
    )[0]
  const waitFor = async <X>(ask: () => Promise<X>, good: (x: X) => boolean): Promise<X> => {
    for (let k = 0; k < 100; k++) {
      const x = await ask()
      if (good(x)) return x
      await sleep(50)
    }
    return ask()
  }
  const idle = async () =>
    (
      await lab.db.sql(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and state like '%in transaction%'`,
      )
    )[0].n

  it('waits for a slow one', async () => {
    const { req, reply } = begin('slow')
    req.write('id,name,day\n')
    for (let i = 0; i < 6; i++) {
      req.write(row(i))
      await sleep(200)
    }
    req.end()

    expect(await reply).toMatchObject({ status: 201, body: { rows: 6 } })
  })

  it('gives up on a silent one and leaves nothing [TMTIM]', async () => {
    const { req, reply } = begin('silent')
    req.write(`id,name,day\n${row(1)}`)
    await reply
    req.destroy()
    const found = await waitFor(
      () => upload('silent'),
      (u) => u?.state !== 'running',
    )

    expect(found).toMatchObject({ state: 'failed', error_code: 'TMTIM' })
    expect(await lab.db.sql(`select to_regclass('ws_main.silent') as t`)).toEqual([{ t: null }])
  })

  it('leaves nothing of one that goes away, at any moment [TMCAN]', async () => {
    for (let k = 0; k < 12; k++) {
      const { req, reply } = begin(`gone${k}`)
      req.write(`id,name,day\n${Array.from({ length: 400 * k }, (_, i) => row(i)).join('')}`)
      await sleep(15 * (k % 4))
      req.destroy()
      await reply
    }
    await waitFor(
      () => lab.db.sql(`select count(*)::int as n from app_public.uploads where state = 'running'`),
      ([r]) => r.n === 0,
    )

    expect(await lab.db.sql(`select distinct state, error_code from app_public.uploads where table_name like 'gone%'`)).toEqual([
      { state: 'cancelled', error_code: 'TMCAN' },
    ])
    expect(await lab.db.sql(`select count(*)::int as n from pg_class where relname like 'gone%'`)).toEqual([{ n: 0 }])
    expect(await waitFor(idle, (n) => n === 0)).toBe(0)
    expect((await lab.send('a\n1\n', { table: 'after' })).status).toBe(201)
  })

  it('shows its progress and can be cancelled by its row [TMCAN]', async () => {
    const { req, reply } = begin('cancelled')
    req.write(`id,name,day\n${Array.from({ length: 3000 }, (_, i) => row(i)).join('')}`)
    const tick = setInterval(() => req.write(row(1)), 200)
    const running = await waitFor(
      () => upload('cancelled'),
      (u) => u?.bytes > 0,
    )
    expect(running).toMatchObject({ state: 'running', rows: expect.any(Number) })
    await lab.doors.asCaller(
      { accountId: null, workspace: 'main', memberRole: 'owner', role: 'ws_main', sessionId: null, tokenId: null },
      (client) => client.query('select app_public.cancel_upload($1)', [running.id]),
    )
    const answer = await reply
    clearInterval(tick)

    expect(answer).toMatchObject({ status: 409, body: { code: 'TMCAN' } })
    expect(await upload('cancelled')).toMatchObject({ state: 'cancelled' })
  })

  it('lets many load at once: into many tables, and into one', async () => {
    const csv = `id,name,day\n${Array.from({ length: 500 }, (_, i) => row(i)).join('')}`
    const many = await Promise.all(Array.from({ length: 6 }, (_, k) => lab.send(csv, { table: `many${k}` })))
    const one = await Promise.all(Array.from({ length: 6 }, () => lab.send(csv, { table: 'many0', mode: 'append' })))
    const same = await Promise.all(Array.from({ length: 4 }, () => lab.send(csv, { table: 'race' })))

    expect(many.map((m) => m.status)).toEqual(Array(6).fill(201))
    expect(one.map((m) => m.status)).toEqual(Array(6).fill(201))
    expect(await lab.db.sql('select count(*)::int as n, count(distinct row_id)::int as ids from ws_main.many0')).toEqual([
      { n: 3500, ids: 3500 },
    ])
    expect(same.map((s) => s.status).sort()).toEqual([201, 409, 409, 409])
  })

  it('closes the row of a server that died', async () => {
    await lab.db.sql(
      `insert into app_public.uploads (workspace, table_name, mode, on_error, updated_at) values ('main', 'dead', 'create', 'abort', now() - interval '5 minutes'), ('main', 'alive', 'create', 'abort', now())`,
    )
    await lab.db.sql('select app_private.fail_stale_uploads()')

    expect([(await upload('dead')).state, (await upload('alive')).state]).toEqual(['failed', 'running'])
  })

  it('stops at the limits: bytes, record, columns, row [TMBIG]', async () => {
    const small = await startLab({ maxBytes: 50_000 })
    const bytes = await small.send(`a\n${'1234567890\n'.repeat(10_000)}`, { table: 'x' })
    const wide = await small.send(`${Array.from({ length: 1601 }, (_, i) => `c${i % 10}`).join(',')}\n`, { table: 'x' })
    const row = await small.send(
      `${Array.from({ length: 1500 }, (_, i) => `c${i}`).join(',')}\n${Array.from({ length: 1500 }, () => '123456789012').join(',')}\n`,
      { table: 'x' },
    )
    await small.close()

    for (const r of [bytes, wide, row]) expect([r.status, r.body.code]).toEqual([413, 'TMBIG'])
  })

  it('stops at the quota of the workspace [TMQUO]', async () => {
    await lab.db.sql(`update app_public.workspaces set storage_quota_bytes = app_private.workspace_bytes('main') + 20000 where id = 'main'`)
    const { status, body } = await lab.send(`a\n${'some text that takes room\n'.repeat(1500)}`, { table: 'quota' })
    await lab.db.sql(`update app_public.workspaces set storage_quota_bytes = 53687091200 where id = 'main'`)

    expect([status, body.code]).toEqual([422, 'TMQUO'])
  })
})
