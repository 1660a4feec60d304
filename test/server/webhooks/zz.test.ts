// probe
import { startWorld } from '../../support/world.ts'
import { mark, startReceiver, eventually, openSse } from '../events/support.ts'
it('x', async () => {
  let t = performance.now(); const lap = (s: string) => { console.log(s, Math.round(performance.now() - t)); t = performance.now() }
  const world = await startWorld(); lap('start')
  const r = await startReceiver()
  const token = await world.token()
  await world.db.sql(`insert into app_public.webhooks (workspace, name, url) values ('main', 'hook', $1)`, [r.url])
  await world.db.sql(`insert into app_private.webhook_secrets (webhook_id, secret) select id, 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==' from app_public.webhooks`)
  await mark(world.db); await eventually(() => r.got.length, n => n === 1); lap('first')
  for (let i = 0; i < 100; i++) await mark(world.db); lap('100 marks')
  await eventually(() => r.got.length, n => n === 101); lap('delivered')
  await eventually(() => world.db.sql('select count(*)::int n from graphile_worker._private_jobs'), ([{n}]) => n === 0); lap('jobs gone')
  await r.close(); await world.close(); lap('close')
})
