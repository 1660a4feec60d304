/**
 * What OPERATIONS.md says about backup, tried: pg_dumpall of the roles and pg_dump of the database into a fresh cluster, and a base
 * backup with archived WAL brought back to the moment before a table was dropped. On each a server starts and the next refresh leaves
 * the next event.
 */
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { readConfig } from '../../server/config.ts'
import { makeLog } from '../../server/log.ts'
import { startServer } from '../../server/server.ts'
import { startCluster, stopCluster } from '../../scripts/postgres/cluster.mjs'
import { migrate, startThrowaway } from '../../scripts/postgres/throwaway.mjs'
import { describeNeeding, pgDump } from '../support/needs.ts'

const ROOT = path.join(import.meta.dirname, '../..')
type Away = Awaited<ReturnType<typeof startThrowaway>>

const query = async (url: string, text: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const done = (await client.query(text, values)) as pg.QueryResult | pg.QueryResult[]
    return Array.isArray(done) ? done.at(-1)!.rows : done.rows
  } finally {
    await client.end()
  }
}

/** One of PostgreSQL's programs, as the account that owns the cluster. */
function program(away: Away, name: string, args: string[], input?: string): string {
  const account = away.place.account as { uid: number; gid: number } | null
  const done = spawnSync(path.join(away.programs.bin, name), args, {
    encoding: 'utf8',
    input,
    cwd: '/',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...away.programs.env },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  })
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr}`)
  return done.stdout
}

/** Everything that a backup must carry: rows, a view with schedule and events, a webhook with its secret, an account's worth of roles. */
async function fill(url: string): Promise<void> {
  await query(
    url.replace('user=postgres', 'user=ws_main'),
    `create table ws_main.items as select g as id, 'item ' || g as name from generate_series(1, 500) g`,
  )
  const main = url.replace('user=postgres', 'user=ws_main')
  await query(
    main,
    `create materialized view ws_main.few as select id, name from ws_main.items where id <= 10 with no data;
     select app_hidden.register_matview('few', 'select id, name from ws_main.items where id <= 10', '{id}', '0 0 1 1 *', 'changed');
     select app_hidden.refresh_matview('few', 'create')`,
  )
  await query(
    url,
    `with hook as (insert into app_public.webhooks (workspace, name, url) values ('main', 'hook', 'https://example.org/') returning id)
     insert into app_private.webhook_secrets (webhook_id, secret) select id, 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==' from hook`,
  )
}
const facts = (url: string) =>
  query(
    url,
    `select (select count(*)::int from ws_main.items) as items, (select count(*)::int from ws_main.few) as few,
            (select array_agg(id::text || status order by id) from app_public.matview_refresh_events) as events,
            (select last_id::text from app_private.event_counter) as counter,
            (select array_agg(secret) from app_private.webhook_secrets) as secrets,
            (select array_agg(schedule order by id) from app_public.schedules) as schedules,
            (select array_agg(rolname || coalesce(rolconnlimit::text, '') order by rolname) from pg_roles where rolname ~ '^(app_|ws_)') as roles,
            (select array_agg(jobname order by jobname) from cron.job) as jobs,
            (select relowner::regrole::text from pg_class where oid = 'ws_main.few'::regclass) as owner`,
  ).then(([row]) => row)

/** A server starts there, /healthz says ok, and the next refresh leaves the next event. */
async function worksOn(url: string, secret: string): Promise<void> {
  const before = await facts(url)
  const server = await startServer(
    { ...readConfig({ DATABASE_URL: url, TIDEMARK_SECRET: secret }), port: 0, logLevel: 'silent' },
    makeLog('silent'),
  )
  try {
    const health = (await fetch(`${server.url}/healthz`).then((reply) => reply.json())) as any
    expect(health).toMatchObject({ status: 'ok', listen: true })
    const [run] = await query(
      url.replace('user=postgres', 'user=ws_main'),
      `delete from ws_main.items where id = 3; select (app_hidden.refresh_matview('few')).event_id::text as id`,
    )
    expect(BigInt(run.id)).toBeGreaterThan(BigInt(before.counter))
    const changes = await query(
      url,
      `select c.op, c.key from app_public.matview_refresh_events e join app_public.matview_refresh_changes c using (refresh_id) where e.id = $1`,
      [run.id],
    )
    expect(changes).toEqual([{ op: 'delete', key: { id: 3 } }])
    const ids = await query(url, 'select id::int as id from app_public.matview_refresh_events order by id')
    ids.forEach(({ id }, i) => i > 0 && expect(id).toBe(ids[i - 1].id + 1))
  } finally {
    await server.close()
  }
}

describeNeeding(pgDump(), 'a backup', () => {
  let away: Away
  beforeAll(async () => {
    away = await startThrowaway(ROOT)
    await fill(away.adminUrl)
  }, 120_000)
  afterAll(() => away?.stop())

  it('by pg_dump, restored into a fresh cluster, has roles, rows, views, schedules, events and secrets, and goes on with the next event', async () => {
    const fresh = await startThrowaway(ROOT, () => {}, { prepare: false })
    try {
      const connect = ['-h', away.place.socket, '-p', new URL(away.adminUrl).searchParams.get('port')!, '-U', 'postgres']
      const roles = program(away, 'pg_dumpall', [...connect, '--roles-only'])
      const file = path.join(away.place.base, 'tidemark.dump')
      program(away, 'pg_dump', [...connect, '--format=custom', `--file=${file}`, 'tidemark'])
      const before = await facts(away.adminUrl)

      const into = ['-h', fresh.place.socket, '-p', new URL(fresh.adminUrl).searchParams.get('port')!, '-U', 'postgres', '-X', '-q']
      program(fresh, 'psql', [...into, '-d', 'postgres'], roles.replace(/^(CREATE|ALTER) ROLE postgres\b.*$/gm, ''))
      program(away, 'pg_restore', [...into.slice(0, 6), '--dbname=tidemark', '--exit-on-error', file])
      await migrate(ROOT, fresh.adminUrl)

      expect(await facts(fresh.adminUrl)).toEqual(before)
      await worksOn(fresh.adminUrl, fresh.secret)
    } finally {
      await fresh.stop()
    }
  }, 180_000)

  it('by pg_basebackup and archived WAL goes back to the moment before a table was dropped', async () => {
    const { base, pg: data } = away.place
    const account = away.place.account as { uid: number; gid: number } | null
    const archive = path.join(base, 'archive')
    mkdirSync(archive)
    if (account) chownSync(archive, account.uid, account.gid)
    writeFileSync(
      path.join(data, 'postgresql.auto.conf'),
      `archive_mode = on\narchive_command = 'cp %p ${archive}/%f'\nwal_level = replica\nmax_wal_senders = 4\n`,
    )
    await stopCluster(away.place, away.programs)
    await away.restart()
    const connect = ['-h', away.place.socket, '-p', new URL(away.adminUrl).searchParams.get('port')!, '-U', 'postgres']
    const copy = path.join(base, 'copy')
    program(away, 'pg_basebackup', [...connect, '-D', copy, '--checkpoint=fast', '-X', 'none'])

    await query(
      away.adminUrl.replace('user=postgres', 'user=ws_main'),
      `insert into ws_main.items select g, 'late' from generate_series(501, 600) g`,
    )
    const [{ moment }] = await query(away.adminUrl, `select pg_create_restore_point('before the drop'), clock_timestamp()::text as moment`)
    await query(away.adminUrl.replace('user=postgres', 'user=ws_main'), 'drop table ws_main.items cascade')
    await query(away.adminUrl, 'select pg_switch_wal()')
    for (let tries = 0; tries < 100; tries++) {
      const [{ failed, last }] = await query(
        away.adminUrl,
        `select failed_count::int as failed, last_archived_wal as last from pg_stat_archiver`,
      )
      const [{ wanted }] = await query(away.adminUrl, `select pg_walfile_name(pg_current_wal_lsn() - 1) as wanted`)
      if (failed > 0) throw new Error('archiving fails')
      if (last && last >= wanted) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }

    writeFileSync(
      path.join(copy, 'postgresql.auto.conf'),
      `restore_command = 'cp ${archive}/%f %p'\nrecovery_target_name = 'before the drop'\nrecovery_target_action = 'promote'\n`,
    )
    writeFileSync(path.join(copy, 'recovery.signal'), '')
    rmSync(path.join(copy, 'server.log'), { force: true })
    const { uid, gid } = statSync(data)
    for (const name of ['recovery.signal', 'postgresql.auto.conf']) chownSync(path.join(copy, name), uid, gid)
    const socket = path.join(base, 'run2')
    const place = { ...away.place, pg: copy, socket, log: path.join(copy, 'server.log') }
    const cluster = await startCluster(place, away.programs, { port: 41_000 + Math.floor(Math.random() * 1000) })
    try {
      const url = cluster.url('postgres')
      for (let tries = 0; tries < 200; tries++) {
        const [{ recovering }] = await query(url, 'select pg_is_in_recovery() as recovering')
        if (!recovering) break
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect(moment).toMatch(/^\d{4}-/)
      expect(existsSync(path.join(copy, 'recovery.signal'))).toBe(false)
      await migrate(ROOT, url)
      expect(await facts(url)).toMatchObject({ items: 600, few: 10, owner: 'ws_main' })
      await worksOn(url, away.secret)
    } catch (error) {
      throw new Error(`${(error as Error).stack}\n${readFileSync(place.log, 'utf8').slice(-2000)}`)
    } finally {
      await cluster.stop('immediate')
    }
  }, 180_000)
})
