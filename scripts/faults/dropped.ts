/**
 * DROP TABLE … CASCADE while a view over the table is refreshing. Called through singles.ts.
 */
import pg from 'pg'
import { sleep, until } from './random.ts'
import type { Verdict } from './singles.ts'
import type { World } from './world.ts'

/** The drop waits for the refresh or the refresh fails; either way the view is gone with an event, and nothing of it is left. */
export async function tableDropped(world: World): Promise<Verdict> {
  const broken: string[] = []
  await world.sql(`set role ws_main; create table ws_main.doomed as select g as id from generate_series(1, 300) g; reset role`)
  await world.graphql(
    `mutation { createMatview(input: { name: "doomed_view", definition: "select d.id, (select count(md5(g::text || d.id)) from generate_series(1, 1500) g) as ballast from doomed d", key: ["id"], schedule: "0 0 1 1 *", notifyWhen: ALWAYS }) { matview { id } } }`,
  )
  const [view] = await world.sql<{ id: string }>(`select id from app_public.matviews where name = 'doomed_view'`)
  const refresh = world.graphql('mutation { refreshMatview(input: { name: "doomed_view" }) { event { status } } }').then(
    ({ refreshMatview }) => String(refreshMatview.event?.status),
    (error) => `error ${error.code ?? error.message}`,
  )
  const busy = await until(
    async () =>
      (await world.sql(`select from pg_stat_activity where state = 'active' and query ~ 'refresh_matview' and pid <> pg_backend_pid()`))
        .length > 0,
    5000,
    2,
  )
  const owner = new pg.Client({ connectionString: world.adminUrl })
  await owner.connect()
  await owner.query(`set role ws_main`)
  // PostgreSQL itself may see a deadlock (the refresh holds the view and wants the table, the drop the other way round) and end one
  // of the two: then nothing of the drop is done, and it works the next time.
  let deadlocks = 0
  let dropped = ''
  for (let tries = 0; tries < 5 && dropped !== 'dropped'; tries++)
    dropped = await owner.query('drop table ws_main.doomed cascade').then(
      () => 'dropped',
      async (error: pg.DatabaseError) => {
        if (error.code === '40P01') deadlocks++
        const [there] = await world.sql('select from app_public.matviews where id = $1', [view!.id])
        if (!there) broken.push('a drop that was refused has taken the view')
        return error.message
      },
    )
  await owner.end()
  const answer = await refresh
  await sleep(300)
  if (dropped !== 'dropped') broken.push(`the drop was refused: ${dropped}`)
  const [left] = await world.sql<Record<string, string | number | null>>(
    `select (select count(*)::int from app_public.matviews where id = $1) as registered, to_regclass(format('app_shadow.mv_%s', $1::text))::text as shadow,
            (select count(*)::int from app_public.schedules where matview_id = $1) as schedules,
            (select count(*)::int from cron.job where command ~ ('\\m' || $1 || '\\M') and jobname ~ 'schedule') as jobs,
            (select status::text from app_public.matview_refresh_events where matview_id = $1 order by id desc limit 1) as last`,
    [view!.id],
  )
  if (left!.registered || left!.shadow || left!.schedules) broken.push(`something is left: ${JSON.stringify(left)}`)
  if (left!.last !== 'dropped') broken.push(`the last event says "${left!.last}" and not "dropped"`)
  return {
    broken,
    said: `refresh ${busy === null ? 'was over before' : 'under way'}, answered "${answer}"; then the drop${deadlocks ? ` (after ${deadlocks} deadlock)` : ''}; last event "${left!.last}", no registry, shadow or schedule left`,
  }
}
