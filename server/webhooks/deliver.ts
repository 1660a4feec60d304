/**
 * The job deliver_webhook: sends what a webhook has pending, oldest first, one POST after the other. Run by worker.ts.
 *
 * `{ webhook }`: everything that is due, one job for all that came while it waited; `{ delivery }`: this one, once, whatever the webhook's state (a test, "send again"). A delivery is written down when its answer is here: a process that dies in between sends it again, with
 * the same webhook-id. What follows a failure is decided in app_private.finish_delivery, in one place.
 */
import type { Pool } from 'pg'
import { toMark } from '../events/mark.ts'
import { withChanges } from '../events/catch-up.ts'
import { safePost } from '../http/safe-post.ts'
import type { Log } from '../log.ts'
import { webhookHeaders } from './sign.ts'

const TIMEOUT_MS = 10_000
/** A long queue makes room for others' now and then. */
const DRAIN_MS = 20_000
const KEPT_REQUEST = 16 * 1024
const KEPT_REPLY = 4 * 1024

interface Due {
  id: string
  message_id: string
  reason: string
  event_id: string | null
  created_at: Date
  webhook_id: string
  workspace: string
  name: string
  url: string
  with_changes: boolean
  /** The operator has named this origin: it may be private. */
  private_ok: boolean
  secrets: string[]
  event: Record<string, any> | null
}

const DUE = `
  select d.id, d.message_id, d.reason, d.event_id, d.created_at, d.webhook_id, w.workspace, w.name, w.url, w.with_changes,
         (select lower(substring(w.url from '^[^/]+//[^/?#]+')) = any (s.private_webhooks) from app_private.settings s) as private_ok,
         array(select s.secret from app_private.webhook_secrets s
                where s.webhook_id = w.id and (s.expires_at is null or s.expires_at > now()) order by s.created_at desc) as secrets,
         (select to_jsonb(e) from app_public.matview_refresh_events e where e.id = d.event_id) as event
    from app_public.deliveries d join app_public.webhooks w on w.id = d.webhook_id`
const NEXT = {
  name: 'tidemark next delivery',
  text: `${DUE}
   where d.webhook_id = $1 and d.status = 'pending' and d.reason in ('event', 'replay')
     and w.state = 'active' and coalesce(w.retry_at, now()) <= now()
   order by d.id limit 1`,
}
const ONE = { name: 'tidemark one delivery', text: `${DUE} where d.id = $1 and d.status = 'pending'` }

export interface DeliverDeps {
  owner: Pool
  log: Log
  allowPrivate: boolean
  timeoutMs?: number
  delivered?: (result: string, ms: number) => void
}

export type Deliver = ReturnType<typeof makeDeliver>

export function makeDeliver({ owner, log, allowPrivate, timeoutMs = TIMEOUT_MS, delivered = () => {} }: DeliverDeps) {
  async function send(due: Due): Promise<'delivered' | 'retry' | 'failed' | 'disabled'> {
    const body = await bodyOf(owner, due)
    if (body === null) {
      await owner.query(`update app_public.deliveries set status = 'failed', error = 'Its event is past retention' where id = $1`, [due.id])
      return 'failed'
    }
    const started = new Date()
    const clock = performance.now()
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Tidemark',
      ...webhookHeaders(due.message_id, body, due.secrets, started),
    }
    const outcome = await post(due, headers, body)
    const took = performance.now() - clock
    const { rows } = await owner.query({
      name: 'tidemark finish delivery',
      text: 'select app_private.finish_delivery($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as result',
      values: [
        due.id,
        started,
        Math.round(took * 10) / 10,
        JSON.stringify(headers),
        cut(body, KEPT_REQUEST),
        outcome.status ?? null,
        outcome.reply === undefined ? null : cut(outcome.reply, KEPT_REPLY),
        outcome.error ?? null,
        outcome.refused ?? false,
        outcome.retryAfter ?? 0,
      ],
    })
    const { result } = rows[0]
    delivered(result, took)
    if (result !== 'delivered')
      log.info({ webhook: due.webhook_id, delivery: due.id, result, error: outcome.error }, 'a webhook did not take its message')
    if (result === 'failed' || result === 'disabled') await warn(due, result)
    return result
  }

  /** What a person must look after: it goes on by itself only when the receiver does. */
  async function warn(due: Due, result: 'failed' | 'disabled'): Promise<void> {
    const { rows } = await owner.query('select circuit_open, disabled_reason from app_public.webhooks where id = $1', [due.webhook_id])
    const what = { workspace: due.workspace, webhook: due.webhook_id, name: due.name, why: rows[0]?.disabled_reason ?? null }
    if (result === 'disabled') log.warn(what, 'a webhook was disabled')
    else if (rows[0]?.circuit_open && due.reason !== 'test' && due.reason !== 'again') log.warn(what, "a webhook's circuit opened")
  }

  async function post({ url, private_ok }: Due, headers: Record<string, string>, body: string): Promise<Outcome> {
    try {
      const {
        status,
        body: reply,
        headers: got,
      } = await safePost(url, headers, body, { timeoutMs, maxReply: KEPT_REPLY, allowPrivate: allowPrivate || private_ok })
      if (status >= 200 && status < 300) return { status, reply }
      const why = status >= 300 && status < 400 ? `${status}: redirects are not followed` : `The receiver answered ${status}`
      return { status, reply, error: why, retryAfter: secondsOf(got['retry-after']) }
    } catch (error) {
      const { code, name, message } = error as Error & { code?: string }
      if (code === 'TMURL') return { error: message, refused: true }
      return {
        error:
          name === 'TimeoutError' || name === 'AbortError'
            ? `No answer within ${timeoutMs / 1000} seconds`
            : code
              ? `${code}: ${message || code}`
              : message || name,
      }
    }
  }

  return async function deliver(job: { webhook?: number; delivery?: number }, signal?: AbortSignal): Promise<void> {
    if (job.delivery !== undefined) {
      const { rows } = await owner.query<Due>({ ...ONE, values: [job.delivery] })
      if (rows[0]) await send(rows[0])
      return
    }
    for (const until = Date.now() + DRAIN_MS; Date.now() < until && !signal?.aborted; ) {
      const { rows } = await owner.query<Due>({ ...NEXT, values: [job.webhook] })
      if (!rows[0]) return
      const result = await send(rows[0])
      if (result === 'retry' || result === 'disabled') return // a retry has its own job
    }
    await owner.query('select app_private.queue_webhook($1)', [[job.webhook]])
  }
}

interface Outcome {
  status?: number
  reply?: string
  error?: string
  refused?: boolean
  retryAfter?: number
}

/** The message. The same text at every attempt, for an event never changes; null when retention has taken the event. */
async function bodyOf(owner: Pool, due: Due): Promise<string | null> {
  if (due.event_id === null)
    return JSON.stringify({
      type: 'webhook.test',
      timestamp: due.created_at.toISOString(),
      data: { webhook: due.name, workspace: due.workspace, message: 'Tidemark reaches you.' },
    })
  if (due.event === null) return null
  const mark = toMark(due.event)
  const data = due.with_changes ? await withChanges(owner, mark) : mark
  return JSON.stringify({ type: 'matview.refreshed', timestamp: mark.status_change_time, data })
}

/** Text that PostgreSQL takes: no NUL, and no half of a character at the end. */
const cut = (text: string, length: number) =>
  text
    .slice(0, length)
    .replaceAll('\0', '')
    .replace(/[\ud800-\udbff]$/, '')

function secondsOf(retryAfter: string | string[] | undefined): number {
  const text = String(retryAfter ?? '')
  if (/^\d{1,6}$/.test(text)) return Number(text)
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : Math.max(0, Math.round((at - Date.now()) / 1000))
}
