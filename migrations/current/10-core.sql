-- The core: workspaces, materialized views with their schedules, and the event log that every refresh writes.
-- Functions, triggers, policies and views lie in fixtures/, one object per file; this part makes the tables.

create type app_public.member_role as enum ('owner', 'editor', 'reader');
create type app_public.notify_when as enum ('not_empty', 'changed', 'always');
create type app_public.matview_refresh_event_status as enum ('new', 'unchanged', 'failed', 'dropped');
create type app_public.run_status as enum ('announced', 'quiet', 'failed');

comment on type app_public.notify_when is E'When a refresh is announced: when the view has rows, when its rows changed, or always. Failures always are.';
comment on type app_public.matview_refresh_event_status is E'new: rows changed. unchanged: announced without a change. failed: the old rows stay. dropped: the view is gone.';
comment on type app_public.run_status is E'announced: an event was written. quiet: refreshed, but notify_when did not hold. failed: the old rows stay.';

create table app_public.workspaces (
  -- no '_': else "a_reader" would be the reader role of "a"
  id text primary key check (id ~ '^[a-z][a-z0-9]{0,30}$'),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now(),
  archived_at timestamptz,
  refresh_timeout_ms int not null default 120000 check (refresh_timeout_ms between 1000 and 86400000),
  connection_limit int not null default 12 check (connection_limit between 2 and 200),
  temp_file_limit_bytes bigint not null default 1073741824 check (temp_file_limit_bytes >= 1048576),
  storage_quota_bytes bigint not null default 53687091200 check (storage_quota_bytes >= 0),
  max_matview_rows bigint not null default 10000000 check (max_matview_rows >= 1)
);
comment on table app_public.workspaces is E'A place for data with its own PostgreSQL schema (ws_<id>) and roles. You see those that you act in or are a member of.';
comment on column app_public.workspaces.id is E'Never changes: the schema and the roles are named after it.';
comment on column app_public.workspaces.archived_at is E'Since when schedules rest and nothing can be written; null while it is in use.';
comment on column app_public.workspaces.refresh_timeout_ms is E'The longest that one refresh may take, in milliseconds.';
comment on column app_public.workspaces.connection_limit is E'Connections that log in as the workspace at once: refreshes, previews.';
comment on column app_public.workspaces.temp_file_limit_bytes is E'Temporary files of one connection, in bytes.';
comment on column app_public.workspaces.storage_quota_bytes is E'All tables and views together, in bytes. A refresh or upload that would exceed it is rolled back.';
comment on column app_public.workspaces.max_matview_rows is E'The most rows that one materialized view may have.';

create table app_public.members (
  workspace text not null references app_public.workspaces (id) on delete cascade,
  account_id bigint not null,
  role app_public.member_role not null,
  created_at timestamptz not null default now(),
  primary key (workspace, account_id)
);
create index members_account_id_idx on app_public.members (account_id);
comment on table app_public.members is E'Who may enter a workspace, and as what.';

create table app_public.matviews (
  id bigint generated always as identity primary key,
  workspace text references app_public.workspaces (id) on delete cascade,
  name text not null check (octet_length(name) between 1 and 63),
  definition text not null,
  key text[] check (cardinality(key) between 1 and 32),
  notify_when app_public.notify_when not null default 'not_empty',
  max_changes int not null default 10000 check (max_changes between 0 and 1000000),
  -- true: the rows differ from what was last published, because a refresh was not announced
  behind boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index matviews_workspace_name_idx on app_public.matviews (workspace, name);
create unique index matviews_platform_name_idx on app_public.matviews (name) where workspace is null;
comment on table app_public.matviews is E'The materialized views that Tidemark keeps: definition, key, when to announce. Their rows lie in a relation of the same name.';
comment on column app_public.matviews.workspace is E'Null: a view of the platform itself (relation_stats).';
comment on column app_public.matviews.definition is E'One SELECT, as its author wrote it.';
comment on column app_public.matviews.key is E'Columns that tell rows apart: never null, together unique. Null: rows are compared as wholes, so a change shows as one row gone and one come.';
comment on column app_public.matviews.max_changes is E'The most changed rows that one event keeps. An event with more is marked changes_truncated: read the view again.';
comment on column app_public.matviews.behind is E'Whether the view has been refreshed since its last event.';

create table app_public.schedules (
  id bigint generated always as identity primary key,
  workspace text references app_public.workspaces (id) on delete cascade,
  matview_id bigint not null unique references app_public.matviews (id) on delete cascade,
  schedule text not null,
  active boolean not null default true,
  runner text not null default 'ticker' check (runner in ('pg_cron', 'pg_cron loop', 'ticker')),
  last_run_at timestamptz
);
create index schedules_workspace_idx on app_public.schedules (workspace);
-- in the API matviews.schedule is the text of the schedule; its row is matviews.scheduling
comment on constraint schedules_matview_id_fkey on app_public.schedules is E'@foreignSingleFieldName scheduling';
comment on table app_public.schedules is E'When a materialized view refreshes by itself. The row is the truth; pg_cron''s job follows it.';
comment on column app_public.schedules.schedule is E'Five cron fields in UTC, or ''N seconds'' (1 to 59).';
comment on column app_public.schedules.runner is E'Who runs it here: pg_cron, a one-minute job of pg_cron that laps (pg_cron below 1.5 knows no seconds), or the server''s ticker.';
comment on column app_public.schedules.last_run_at is E'When the last scheduled refresh began.';

/*
 * Event ids come from a counter row that is updated LAST in the transaction: appenders wait for each other until commit, so
 * ids are without gaps and in commit order, and `id > cursor` never skips one. A sequence gives neither.
 */
create table app_private.event_counter (
  one boolean primary key default true check (one),
  last_id bigint not null
) with (fillfactor = 10);
insert into app_private.event_counter values (true, 0);
alter table app_private.event_counter enable row level security;

create sequence app_private.refresh_id_seq;

--!include functions/app_private/next_event_id.sql

create table app_public.matview_refresh_events (
  id bigint not null default app_private.next_event_id(),
  workspace text,
  matview_id bigint not null,
  matview_name text not null,
  status app_public.matview_refresh_event_status not null default 'new',
  status_change_time timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  refresh_id bigint,
  duration_ms numeric(12, 1),
  row_count bigint,
  inserted bigint,
  updated bigint,
  deleted bigint,
  changes_truncated boolean not null default false,
  error_code text,
  error text,
  primary key (created_at, id)
) partition by range (created_at);            -- one partition a day; no DEFAULT partition: it blocks adding others
create index matview_refresh_events_id_idx on app_public.matview_refresh_events (id);
create index matview_refresh_events_workspace_id_idx on app_public.matview_refresh_events (workspace, id);
create index matview_refresh_events_matview_id_id_idx on app_public.matview_refresh_events (matview_id, id);
comment on table app_public.matview_refresh_events is E'The marks: one row per announced refresh, per failure and per drop. Ids have no gaps and are in commit order: read on from the last id you handled.';
comment on column app_public.matview_refresh_events.id is E'What NOTIFY matview_refresh_channel carries.';
comment on column app_public.matview_refresh_events.refresh_id is E'Names the rows of matview_refresh_changes that belong to this event.';
comment on column app_public.matview_refresh_events.duration_ms is E'Refresh and comparison, in milliseconds.';
comment on column app_public.matview_refresh_events.row_count is E'Rows of the view after the refresh.';
comment on column app_public.matview_refresh_events.changes_truncated is E'More rows changed than matviews.max_changes: the counts are right, the changes are not all kept. Read the view again.';
comment on column app_public.matview_refresh_events.error_code is E'SQLSTATE of a failed refresh.';

create table app_public.matview_refresh_changes (
  refresh_id bigint not null,
  seq int not null,
  workspace text,
  created_at timestamptz not null,
  op text not null check (op in ('insert', 'update', 'delete')),
  key jsonb not null,
  old jsonb,
  new jsonb,
  primary key (created_at, refresh_id, seq)
) partition by range (created_at);
create index matview_refresh_changes_refresh_id_seq_idx on app_public.matview_refresh_changes (refresh_id, seq);
comment on table app_public.matview_refresh_changes is E'The rows that came, changed or went in one refresh, compared with what was last published.';
comment on column app_public.matview_refresh_changes.key is E'The values of the key columns; for a view without key a fingerprint of the row and its number among equals.';

create table app_public.runs (
  id bigint generated always as identity primary key,
  workspace text references app_public.workspaces (id) on delete cascade,
  matview_id bigint not null,
  matview_name text not null,
  reason text not null check (reason in ('create', 'schedule', 'manual')),
  status app_public.run_status not null,
  started_at timestamptz not null,
  duration_ms numeric(12, 1) not null,
  row_count bigint,
  inserted bigint,
  updated bigint,
  deleted bigint,
  event_id bigint,
  error_code text,
  error text
);
create index runs_workspace_id_idx on app_public.runs (workspace, id);
create index runs_matview_id_id_idx on app_public.runs (matview_id, id);
create index runs_started_at_idx on app_public.runs (started_at);
comment on table app_public.runs is E'Every refresh, announced or not: what the schedules did and how long it took. Older ones are trimmed with the events.';
comment on column app_public.runs.reason is E'create, schedule or manual.';
comment on column app_public.runs.event_id is E'The event that it wrote, if it was announced or failed.';

create table app_private.settings (
  one boolean primary key default true check (one),
  retention_days int not null default 14 check (retention_days between 1 and 3650)
);
insert into app_private.settings default values;
alter table app_private.settings enable row level security;

create table app_private.upkeep_jobs (
  name text primary key,
  schedule text not null,
  command text not null,
  runner text not null default 'ticker',
  last_run_at timestamptz
);
alter table app_private.upkeep_jobs enable row level security;

-- When tables last changed, for relation_stats.
create table app_private.relation_activity (
  relation oid primary key,
  modifications bigint not null,
  changed_at timestamptz not null
);
alter table app_private.relation_activity enable row level security;

--!include functions/app_hidden/acting_role.sql
--!include functions/app_hidden/current_workspace.sql
--!include functions/app_hidden/current_account_id.sql
--!include functions/app_hidden/member_role.sql
--!include functions/app_hidden/my_workspaces.sql
--!include functions/app_private/scheduler_kind.sql
--!include functions/app_private/cron_field.sql
--!include functions/app_private/cron_matches.sql
--!include functions/app_private/check_schedule.sql
--!include functions/app_private/create_workspace.sql
--!include functions/app_private/workspace_statements.sql
--!include functions/app_private/shadow_of.sql
--!include functions/app_private/workspace_bytes.sql
--!include functions/app_private/roll_partitions.sql
--!include functions/app_private/diff_statement.sql
--!include functions/app_private/refresh_contents.sql
--!include functions/app_private/refresh_matview.sql
--!include functions/app_private/run_schedule.sql
--!include functions/app_private/run_schedule_loop.sql
--!include functions/app_private/sleep_until.sql
--!include functions/app_private/due_schedules.sql
--!include functions/app_private/run_upkeep.sql
--!include functions/app_private/purge_history.sql
--!include functions/app_private/attach_matview.sql
--!include functions/app_private/register_matview.sql
--!include functions/app_private/forget_matview.sql
--!include functions/app_private/on_matview_drop.sql
--!include functions/app_private/note_relation_activity.sql
--!include functions/app_private/after_migrate.sql
--!include functions/app_hidden/register_matview.sql
--!include functions/app_hidden/replace_matview.sql
--!include functions/app_hidden/set_notify_when.sql
--!include functions/app_hidden/rename_matview.sql
--!include functions/app_hidden/refresh_matview.sql
--!include functions/app_public/schedule_matview.sql
--!include functions/app_public/pause_schedule.sql
--!include functions/app_public/drop_matview.sql
--!include functions/app_public/matviews_schedule.sql
--!include functions/app_public/matviews_runner.sql
--!include functions/app_public/export_matview.sql
--!include triggers/matviews.sql
--!include triggers/schedules.sql
--!include triggers/upkeep_jobs.sql
--!include triggers/matview_refresh_events.sql
--!include policies/workspaces.sql
--!include policies/members.sql
--!include policies/matviews.sql
--!include policies/schedules.sql
--!include policies/matview_refresh_events.sql
--!include policies/matview_refresh_changes.sql
--!include policies/runs.sql

select app_private.roll_partitions();
--!include cron/roll_partitions.sql
--!include cron/purge_history.sql
--!include cron/note_relation_activity.sql
-- The platform eats its own food: this view is kept, scheduled and announced by the same functions as everybody's.
--!include views/relation_stats.sql
