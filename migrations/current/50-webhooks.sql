-- Webhooks: where events are sent, what was sent, and what came back. The trigger on the event log writes a delivery and its
-- job in the event's own transaction; the server's worker sends them (server/webhooks).

create type app_public.webhook_state as enum ('active', 'paused', 'disabled');
create type app_public.delivery_status as enum ('pending', 'delivered', 'failed');
comment on type app_public.webhook_state is E'active: events are sent. paused: they are kept, and sent when it goes on. disabled: the receiver is gone; nothing is kept, what was missed can be replayed.';
comment on type app_public.delivery_status is E'pending: to be sent, or to be tried again. delivered: answered with 2xx. failed: given up.';

create table app_public.webhooks (
  id bigint generated always as identity primary key,
  workspace text not null references app_public.workspaces (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  url text not null,
  matview text check (octet_length(matview) between 1 and 63),
  with_changes boolean not null default false,
  state app_public.webhook_state not null default 'active',
  disabled_reason text,
  failures int not null default 0,
  failing_since timestamptz,
  circuit_open boolean not null default false,
  retry_at timestamptz,
  last_delivered_at timestamptz,
  last_event_id bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index webhooks_workspace_idx on app_public.webhooks (workspace);
comment on table app_public.webhooks is E'An address that gets every event of the workspace, or of one view, by signed POST (Standard Webhooks), in order.';
comment on column app_public.webhooks.matview is E'The view whose events are sent; null: all of the workspace.';
comment on column app_public.webhooks.with_changes is E'Whether the changed rows are sent too, as far as they fit.';
comment on column app_public.webhooks.failures is E'Failed attempts since the last success.';
comment on column app_public.webhooks.circuit_open is E'After 12 failures in a row only one attempt an hour is made. Nothing is lost: it goes on when one succeeds.';
comment on column app_public.webhooks.retry_at is E'When the next attempt is due, after a failure.';
comment on column app_public.webhooks.last_event_id is E'The last event that was delivered: what follows it can be replayed.';

create table app_public.deliveries (
  id bigint generated always as identity primary key,
  workspace text not null,
  webhook_id bigint not null references app_public.webhooks (id) on delete cascade,
  event_id bigint,
  message_id text not null,
  reason text not null check (reason in ('event', 'replay', 'again', 'test')),
  status app_public.delivery_status not null default 'pending',
  attempts int not null default 0,
  created_at timestamptz not null default now(),
  last_attempt_at timestamptz,
  duration_ms numeric(12, 1),
  response_status int,
  error text
);
create index deliveries_webhook_id_idx on app_public.deliveries (webhook_id, id);
create index deliveries_pending_idx on app_public.deliveries (webhook_id, id) where status = 'pending';
create index deliveries_workspace_id_idx on app_public.deliveries (workspace, id);
create index deliveries_created_at_idx on app_public.deliveries (created_at);
comment on table app_public.deliveries is E'What was sent to whom, and how it went. Older ones are trimmed with the events.';
comment on column app_public.deliveries.event_id is E'Null: a test.';
comment on column app_public.deliveries.message_id is E'The header webhook-id: the same whenever this event is sent to this webhook, so that a receiver can tell what it has seen.';
comment on column app_public.deliveries.reason is E'event, replay, again (sent again by hand) or test. The last two are tried once, at once.';
comment on column app_public.deliveries.response_status is E'HTTP status of the last attempt; null when no answer came.';
comment on column app_public.deliveries.error is E'Why the last attempt failed.';

create table app_public.delivery_attempts (
  delivery_id bigint not null references app_public.deliveries (id) on delete cascade,
  attempt int not null,
  workspace text not null,
  started_at timestamptz not null,
  duration_ms numeric(12, 1) not null,
  request_headers jsonb not null,
  request_body text not null,
  response_status int,
  response_body text,
  error text,
  primary key (delivery_id, attempt)
);
comment on table app_public.delivery_attempts is E'Every attempt of a delivery: what was sent, what came back, how long it took.';
comment on column app_public.delivery_attempts.request_body is E'At most its first 16 kB.';
comment on column app_public.delivery_attempts.response_body is E'At most its first 4 kB.';

-- Readable on purpose: signing needs the secret itself. One row is what new messages are signed with; a second one, until
-- it expires, is the old secret after a rotation.
create table app_private.webhook_secrets (
  webhook_id bigint not null references app_public.webhooks (id) on delete cascade,
  secret text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  primary key (webhook_id, secret)
);
alter table app_private.webhook_secrets enable row level security;

-- The highest event id of each workspace ('' for the platform) that retention has dropped: who asks for more is told.
create table app_private.dropped_events (
  workspace text primary key,
  last_id bigint not null
);
alter table app_private.dropped_events enable row level security;

/*
 * Servers that run jobs. Each holds the advisory lock (7469, id) on a connection of its own for as long as it lives; whoever
 * can take the lock of another knows that it is dead, and frees the jobs of its pool (graphile-worker would wait 4 hours).
 */
create table app_private.workers (
  id int generated always as identity primary key,
  pool_id text not null unique,
  started_at timestamptz not null default now()
);
alter table app_private.workers enable row level security;

-- Origins (http://10.0.0.5:8080) in private networks that webhooks may reach although ALLOW_PRIVATE_WEBHOOKS is off.
alter table app_private.settings add column private_webhooks text[] not null default '{}';

-- What the functions that hand out a secret answer.
create type app_public.new_webhook as (
  id bigint,
  name text,
  url text,
  matview text,
  secret text
);
comment on type app_public.new_webhook is E'A webhook whose secret was just made. `secret` is shown this once.';
create type app_public.webhook_replay as (
  queued bigint,
  first_event_id bigint,
  last_event_id bigint,
  complete boolean
);
comment on type app_public.webhook_replay is E'What a replay queued. `complete` is false when some of the events asked for are past retention.';

--!include functions/app_hidden/events_lost.sql
--!include functions/app_hidden/last_event_id.sql
--!include functions/app_private/check_webhook.sql
--!include functions/app_private/make_webhook_secret.sql
--!include functions/app_private/own_webhook.sql
--!include functions/app_private/queue_webhook.sql
--!include functions/app_private/finish_delivery.sql
--!include functions/app_private/wake_webhooks.sql
--!include functions/app_private/free_dead_workers.sql
--!include functions/app_private/purge_deliveries.sql
--!include functions/app_public/create_webhook.sql
--!include functions/app_public/alter_webhook.sql
--!include functions/app_public/rotate_webhook_secret.sql
--!include functions/app_public/pause_webhook.sql
--!include functions/app_public/enable_webhook.sql
--!include functions/app_public/drop_webhook.sql
--!include functions/app_public/test_webhook.sql
--!include functions/app_public/resend_delivery.sql
--!include functions/app_public/replay_webhook.sql
--!include functions/app_public/webhooks_problem.sql
--!include triggers/webhooks.sql
--!include policies/webhooks.sql
--!include policies/deliveries.sql
--!include cron/purge_deliveries.sql
