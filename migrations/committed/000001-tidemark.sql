--! Previous: -
--! Hash: sha1:665fb0789ed15efb3efa2d00f47c695045e3b36a
--! Message: Tidemark

--! split: 10-core.sql
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

--! Included functions/app_private/next_event_id.sql
/*
 * next_event_id(): the id of the next event. The default of matview_refresh_events.id.
 *
 * The row lock on the counter lasts until commit: take it last in a transaction, in READ COMMITTED.
 */
create or replace function app_private.next_event_id() returns bigint as $$
  update app_private.event_counter set last_id = last_id + 1 returning last_id;
$$ language sql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.next_event_id() from public;
--! EndIncluded functions/app_private/next_event_id.sql

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

--! Included functions/app_hidden/acting_role.sql
/*
 * acting_role(): the role on whose behalf this statement runs: the one that the server switched to, or the login itself
 * (pg_cron, psql) when nobody switched. Inside security definer functions current_user is the owner, so every check of
 * rights there asks this.
 */
create or replace function app_hidden.acting_role() returns name as $$
  select coalesce(nullif(current_setting('role', true), 'none')::name, session_user);
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.acting_role() from public;
grant execute on function app_hidden.acting_role() to app_workspace, app_reader, app_anonymous, app_authenticator, app_scheduler;
--! EndIncluded functions/app_hidden/acting_role.sql
--! Included functions/app_hidden/current_workspace.sql
/*
 * current_workspace(): the workspace of the acting role, or null. Taken from the role's name and not from a setting: a
 * role cannot be forged. Policies compare it with `workspace`.
 */
create or replace function app_hidden.current_workspace() returns text as $$
  select substring(app_hidden.acting_role()::text from '^ws_([a-z][a-z0-9]{0,30})(?:_|$)');
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.current_workspace() from public;
grant execute on function app_hidden.current_workspace() to app_workspace, app_reader, app_anonymous, app_authenticator, app_scheduler;
--! EndIncluded functions/app_hidden/current_workspace.sql
--! Included functions/app_hidden/current_account_id.sql
/*
 * current_account_id(): the person who asks, or null. The claim counts only when the server's own login set it: whoever
 * has a login of a workspace could SET it too.
 */
create or replace function app_hidden.current_account_id() returns bigint as $$
  select case when session_user in ('app_authenticator', 'app_owner')
              then nullif(current_setting('app.account_id', true), '')::bigint end;
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.current_account_id() from public;
grant execute on function app_hidden.current_account_id() to app_workspace, app_reader, app_anonymous, app_authenticator, app_scheduler;
--! EndIncluded functions/app_hidden/current_account_id.sql
--! Included functions/app_hidden/member_role.sql
/*
 * member_role(): owner, editor or reader. PostgreSQL itself tells readers from editors by the role; owners are editors
 * with a claim, which counts only when the server's own login set it. A direct login is never more than an editor.
 */
create or replace function app_hidden.member_role() returns app_public.member_role as $$
  select case
    when session_user in ('app_authenticator', 'app_owner') then nullif(current_setting('app.member_role', true), '')::app_public.member_role
    when app_hidden.current_workspace() is null then null
    when pg_has_role(session_user, 'app_reader', 'member') and not pg_has_role(session_user, 'app_workspace', 'member') then 'reader'
    else 'editor'
  end;
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.member_role() from public;
grant execute on function app_hidden.member_role() to app_workspace, app_reader, app_anonymous, app_authenticator, app_scheduler;
--! EndIncluded functions/app_hidden/member_role.sql
--! Included functions/app_hidden/my_workspaces.sql
/*
 * my_workspaces(): the workspaces that the person who asks is a member of. With owner's rights, because the policy of
 * members shows only those of the workspace that one acts in.
 */
create or replace function app_hidden.my_workspaces() returns setof text as $$
  select workspace from app_public.members where account_id = app_hidden.current_account_id();
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.my_workspaces() from public;
grant execute on function app_hidden.my_workspaces() to app_workspace, app_reader, app_anonymous;
--! EndIncluded functions/app_hidden/my_workspaces.sql
--! Included functions/app_private/scheduler_kind.sql
/*
 * scheduler_kind(): who can run schedules in THIS database: 'pg_cron+seconds' (1.5 and later), 'pg_cron', or 'ticker'.
 *
 * The extension alone proves nothing: a clone of a database carries it, and cron.schedule() "succeeds" there without
 * ever running. So pg_cron must be set to work for this very database.
 */
create or replace function app_private.scheduler_kind() returns text as $$
declare
  v_version text;
begin
  begin
    if current_setting('cron.database_name', true) is distinct from current_database()::text then
      return 'ticker';
    end if;
  exception when insufficient_privilege then
    return 'ticker';                       -- settings of pg_cron are hidden from us: it is not ours to use
  end;
  select extversion into v_version from pg_extension where extname = 'pg_cron';
  if v_version is null then
    return 'ticker';
  end if;
  -- only a superuser may schedule for the roles of workspaces
  if not (select r.rolsuper from pg_proc p join pg_roles r on r.oid = p.proowner
           where p.oid = 'app_private.cron_schedule(text,text,text,text)'::regprocedure) then
    return 'ticker';
  end if;
  -- '1.4-1', '1.6'
  if string_to_array(split_part(v_version, '-', 1), '.')::int[] >= '{1,5}'::int[] then
    return 'pg_cron+seconds';
  end if;
  return 'pg_cron';
end;
$$ language plpgsql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.scheduler_kind() from public;
--! EndIncluded functions/app_private/scheduler_kind.sql
--! Included functions/app_private/cron_field.sql
/*
 * cron_field(field, lo, hi, v): does one field of a cron text hold for the value v? Lists, ranges, steps, names of months
 * and days, 7 = Sunday. hi tells the field: 12 = month, 7 = day of week.
 */
create or replace function app_private.cron_field(field text, lo int, hi int, v int) returns boolean as $$
declare
  v_part text;
  m text[];
  a int;
  b int;
  v_step int;
begin
  field := lower(field);
  if hi = 12 then
    for i in 1..12 loop
      field := replace(field, (array['jan','feb','mar','apr','may','jun','jul','aug','sep','oct','nov','dec'])[i], i::text);
    end loop;
  elsif hi = 7 then
    for i in 0..6 loop
      field := replace(field, (array['sun','mon','tue','wed','thu','fri','sat'])[i + 1], i::text);
    end loop;
  end if;
  foreach v_part in array string_to_array(field, ',') loop
    m := regexp_match(v_part, '^(\*|(\d{1,4})(?:-(\d{1,4}))?)(?:/(\d{1,4}))?$');
    if m is null then
      raise exception 'The schedule has a field that cannot be read: %', v_part using errcode = 'TMSCH';
    end if;
    v_step := coalesce(m[4]::int, 1);
    if v_step < 1 then
      raise exception 'The schedule has a step of 0: %', v_part using errcode = 'TMSCH';
    end if;
    if m[1] = '*' then
      a := lo;
      b := hi;
    else
      a := m[2]::int;
      b := coalesce(m[3]::int, case when m[4] is null then a else hi end);
    end if;
    if a < lo or b > hi or a > b then
      raise exception 'The schedule has a field out of range: % is not within % to %', v_part, lo, hi using errcode = 'TMSCH';
    end if;
    if v between a and b and (v - a) % v_step = 0 then
      return true;
    end if;
    if hi = 7 and v = 0 and b = 7 and (7 - a) % v_step = 0 then   -- 7 is Sunday too
      return true;
    end if;
  end loop;
  return false;
end;
$$ language plpgsql immutable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.cron_field(text, int, int, int) from public;
--! EndIncluded functions/app_private/cron_field.sql
--! Included functions/app_private/cron_matches.sql
/*
 * cron_matches(schedule, at): does a schedule of five cron fields fire in this minute (UTC)? For the ticker, and to check
 * a schedule before pg_cron sees it. Day of month and day of week combine as in pg_cron: AND when either starts with '*',
 * else OR.
 */
create or replace function app_private.cron_matches(schedule text, at timestamptz) returns boolean as $$
declare
  f text[] := regexp_split_to_array(btrim(schedule), '\s+');
  t timestamp := at at time zone 'UTC';
  v_results boolean[];
begin
  if cardinality(f) <> 5 then
    raise exception 'A schedule has five fields, this one has %: "%"', cardinality(f), schedule using errcode = 'TMSCH';
  end if;
  -- all five are computed, so that a bad field is found whatever the others say
  v_results := array[
    app_private.cron_field(f[1], 0, 59, extract(minute from t)::int),
    app_private.cron_field(f[2], 0, 23, extract(hour from t)::int),
    app_private.cron_field(f[3], 1, 31, extract(day from t)::int),
    app_private.cron_field(f[4], 1, 12, extract(month from t)::int),
    app_private.cron_field(f[5], 0, 7, extract(dow from t)::int)];
  return v_results[1] and v_results[2] and v_results[4]
     and case when left(f[3], 1) = '*' or left(f[5], 1) = '*' then v_results[3] and v_results[5]
              else v_results[3] or v_results[5] end;
end;
$$ language plpgsql immutable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.cron_matches(text, timestamptz) from public;
--! EndIncluded functions/app_private/cron_matches.sql
--! Included functions/app_private/check_schedule.sql
/*
 * check_schedule(schedule): the schedule in its one spelling, or TMSCH. Five cron fields, or 'N seconds' with N from 1 to
 * 59 (60 and more is a matter for cron fields).
 */
create or replace function app_private.check_schedule(schedule text) returns text as $$
declare
  v_schedule text := regexp_replace(btrim(lower(schedule)), '\s+', ' ', 'g');
  v_seconds int;
begin
  if length(v_schedule) > 200 then
    raise exception 'The schedule is longer than 200 characters' using errcode = 'TMSCH';
  end if;
  v_seconds := substring(v_schedule from '^(\d{1,4}) ?(?:s|sec|secs|seconds?)$')::int;
  if v_seconds is not null then
    if v_seconds not between 1 and 59 then
      raise exception 'A schedule in seconds goes from 1 to 59, not %', v_seconds
        using errcode = 'TMSCH', hint = 'From a minute on use cron fields: ''* * * * *'' is every minute, ''*/5 * * * *'' every five.';
    end if;
    return v_seconds || ' seconds';
  end if;
  perform app_private.cron_matches(v_schedule, now());
  return v_schedule;
end;
$$ language plpgsql stable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.check_schedule(text) from public;
--! EndIncluded functions/app_private/check_schedule.sql
--! Included functions/app_private/create_workspace.sql
/*
 * create_workspace(id, name, password): the first of two transactions that make a workspace: its two roles, its schema, its
 * row. The second runs workspace_statements(id) at top level as ws_<id> (a role made in the same transaction does
 * not exist yet on the workers of Citus, and tables made inside functions are not distributed there).
 *
 * Called by the server as app_owner. The roles are made by make_workspace_roles (setup/40), the only one that may. `password`
 * is for servers that are reached over TCP, where roles log in with one that the server derives; null on a private cluster.
 */
create or replace function app_private.create_workspace(id text, name text, password text default null) returns void as $$
begin
  if create_workspace.id is null or create_workspace.id !~ '^[a-z][a-z0-9]{0,30}$' then
    raise exception 'A workspace id is 1 to 31 small letters and digits and begins with a letter, not "%"', create_workspace.id using errcode = 'TMNAM';
  end if;
  perform app_private.make_workspace_roles(create_workspace.id, create_workspace.password);
  insert into app_public.workspaces (id, name) values (create_workspace.id, create_workspace.name);
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.create_workspace(text, text, text) from public;
--! EndIncluded functions/app_private/create_workspace.sql
--! Included functions/app_private/workspace_statements.sql
/*
 * workspace_statements(id): the second transaction that makes a workspace, as text: each row is one statement for the
 * caller to run at top level as ws_<id>, in this order. Idempotent. Called by the server and by scripts/migrate.ts.
 */
create or replace function app_private.workspace_statements(id text) returns setof text as $$
  select format(t, 'ws_' || workspace_statements.id, 'ws_' || workspace_statements.id || '_reader')
    from unnest(array[
      'grant usage on schema %1$I to %2$I',
      'alter default privileges in schema %1$I grant select on tables to %2$I'
    ]) with ordinality as s (t, i) order by i;
$$ language sql stable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.workspace_statements(text) from public;
--! EndIncluded functions/app_private/workspace_statements.sql
--! Included functions/app_private/shadow_of.sql
/*
 * shadow_of(matview_id): the table that keeps the rows of a materialized view as they were last published.
 */
create or replace function app_private.shadow_of(matview_id bigint) returns text as $$
  select 'app_shadow.mv_' || matview_id;
$$ language sql immutable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.shadow_of(bigint) from public;
--! EndIncluded functions/app_private/shadow_of.sql
--! Included functions/app_private/workspace_bytes.sql
/*
 * workspace_bytes(id): what a workspace occupies, in bytes: its relations with their indexes, and the shadows of its
 * materialized views. For quotas.
 */
create or replace function app_private.workspace_bytes(id text) returns bigint as $$
  select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
    from pg_class c
   where c.relkind in ('r', 'm')
     and (c.relnamespace = to_regnamespace('ws_' || workspace_bytes.id)
          or c.oid in (select to_regclass(app_private.shadow_of(v.id)) from app_public.matviews v where v.workspace = workspace_bytes.id));
$$ language sql stable strict security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.workspace_bytes(text) from public;
--! EndIncluded functions/app_private/workspace_bytes.sql
--! Included functions/app_private/roll_partitions.sql
/*
 * roll_partitions(ahead): makes the partitions of the event log for the days to come and drops those past retention_days.
 *
 * Called at server start and every hour: without a partition for today the event of a refresh fails, and the refresh with
 * it. Days are cut in UTC. Dropping waits at most 3 s for readers; the next hour tries again.
 */
create or replace function app_private.roll_partitions(ahead int default 3) returns void as $$
declare
  v_keep int := (select retention_days from app_private.settings);
  v_parent text;
  v_day date;
  v_part text;
  v_old record;
begin
  perform pg_advisory_xact_lock(7465);                  -- two servers that start at once
  foreach v_parent in array array['matview_refresh_events', 'matview_refresh_changes'] loop
    for v_day in select generate_series(current_date - 1, current_date + ahead, interval '1 day')::date loop
      v_part := v_parent || '_' || to_char(v_day, 'YYYYMMDD');
      if to_regclass('app_public.' || v_part) is null then
        execute format('create table app_public.%I partition of app_public.%I for values from (%L) to (%L)',
                       v_part, v_parent, v_day::timestamptz, (v_day + 1)::timestamptz);
        execute format('alter table app_public.%I enable row level security', v_part);
      end if;
    end loop;
    for v_old in
      select c.oid::regclass as part
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = format('app_public.%I', v_parent)::regclass
         and c.relname ~ '_[0-9]{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - v_keep
    loop
      begin
        if v_parent = 'matview_refresh_events' then    -- who asks for more than is kept is told (app_hidden.events_lost)
          execute format('insert into app_private.dropped_events as d select coalesce(workspace, %L), max(id) from %s group by 1
                          on conflict (workspace) do update set last_id = greatest(d.last_id, excluded.last_id)', '', v_old.part);
        end if;
        execute format('drop table %s', v_old.part);
      exception when lock_not_available then
        raise notice '% is being read: the next hour drops it', v_old.part;
      end;
    end loop;
  end loop;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp set timezone to 'UTC' set lock_timeout to '3s';

revoke all on function app_private.roll_partitions(int) from public;
--! EndIncluded functions/app_private/roll_partitions.sql
--! Included functions/app_private/diff_statement.sql
/*
 * diff_statement(matview, relation): the statement that compares a refreshed view with its shadow, logs the changed
 * rows and brings the shadow up to date, all in one. Parameters: $1 refresh id, $2 time, $3 most changes to keep,
 * $4 workspace. Returns one row: inserted, updated, deleted.
 *
 * Keyed: a full join on the key; `*<>` compares whole rows byte by byte, json included. Keyless: rows are told apart by
 * the md5 of their text and a number among equals. Aliases begin with two underscores: a column called t would win over
 * an alias t.
 */
create or replace function app_private.diff_statement(matview app_public.matviews, relation regclass) returns text as $$
declare
  v_shadow text := app_private.shadow_of(matview.id);
  v_keyed boolean := matview.key is not null;
  v_keys text[] := coalesce(matview.key, array['__k', '__n']);
  v_fingerprint constant text := 'md5(__t::text)::uuid as __k, row_number() over (partition by md5(__t::text)::uuid) as __n';
  v_columns text;
  v_values text;
  v_coalesced text;
  v_on text;
  v_match text;
  v_key_json text;
  v_source text;
begin
  select string_agg(quote_ident(attname), ', ' order by attnum), string_agg(format('(__d.__new).%I', attname), ', ' order by attnum)
    into v_columns, v_values
    from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped;
  select string_agg(format('coalesce(__n.%1$I, __o.%1$I) as __k%2$s', x, i), ', '),
         string_agg(format('__n.%1$I = __o.%1$I', x), ' and '),
         string_agg(format('__s.%I = __d.__k%s', x, i), ' and '),
         string_agg(format('%L, __d.__k%s', x, i), ', ')
    into v_coalesced, v_on, v_match, v_key_json
    from unnest(v_keys) with ordinality u (x, i);
  v_source := format('(select __t as __row, %s from %s __t)',
    case when v_keyed then (select string_agg(format('__t.%I', x), ', ') from unnest(v_keys) x) else v_fingerprint end, relation);
  return format($statement$
    with __diff as materialized (
      select case when __o.%1$I is null then 'insert' when __n.%1$I is null then 'delete' else 'update' end as __op,
             %2$s, __o as __old, __n.__row as __new
        from %3$s __n full join %4$s __o on %5$s
       where __o.%1$I is null or __n.%1$I is null %6$s),
    __log as (
      insert into app_public.matview_refresh_changes (refresh_id, seq, workspace, created_at, op, key, old, new)
      select $1, (row_number() over ())::int, $4, $2, __d.__op, jsonb_build_object(%7$s),
             case when __d.__op <> 'insert' then to_jsonb(__d.__old) %8$s end, case when __d.__op <> 'delete' then to_jsonb(__d.__new) end
        from __diff __d limit $3),
    __gone as (delete from %4$s __s using __diff __d where __d.__op = 'delete' and %9$s),
    %10$s
    __come as (insert into %4$s (%11$s) select %12$s from __diff __d where __d.__op = 'insert')
    select count(*) filter (where __op = 'insert'), count(*) filter (where __op = 'update'), count(*) filter (where __op = 'delete')
      from __diff$statement$,
    v_keys[1], v_coalesced, v_source, v_shadow, v_on,
    case when v_keyed then 'or __o *<> __n.__row' else '' end,
    v_key_json,
    case when v_keyed then '' else $json$- '__k' - '__n'$json$ end,
    v_match,
    case when v_keyed then format('__changed as (update %s __s set (%s) = row(%s) from __diff __d where __d.__op = ''update'' and %s),',
                                  v_shadow, v_columns, v_values, v_match) else '' end,
    case when v_keyed then v_columns else '__k, __n, ' || v_columns end,
    case when v_keyed then v_values else '__d.__k1, __d.__k2, ' || v_values end);
end;
$$ language plpgsql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.diff_statement(app_public.matviews, regclass) from public;
--! EndIncluded functions/app_private/diff_statement.sql
--! Included functions/app_private/refresh_contents.sql
/*
 * refresh_contents(matview, relation): REFRESH and what must hold afterwards: the workspace's row limit and quota, and a
 * key without nulls. Raises when one does not, and everything is as before. Returns the number of rows.
 *
 * The query runs as the view's owner, ws_<id>, security-restricted, whoever starts it. Counting reads the view once
 * more: on PostgreSQL 15 REFRESH does not tell.
 */
create or replace function app_private.refresh_contents(matview app_public.matviews, relation regclass) returns bigint as $$
declare
  v_rows bigint;
  v_used bigint;
  v_null boolean;
  v_limits app_public.workspaces;
begin
  execute format('refresh materialized view %s', relation);
  execute format('select count(*) from %s', relation) into v_rows;
  if matview.workspace is not null then
    select * into strict v_limits from app_public.workspaces where id = matview.workspace;
    if v_rows > v_limits.max_matview_rows then
      raise exception 'The view would have % rows; the workspace allows %', v_rows, v_limits.max_matview_rows using errcode = 'TMROW';
    end if;
    v_used := app_private.workspace_bytes(matview.workspace);
    if v_used > v_limits.storage_quota_bytes then
      raise exception 'This would use % of the % bytes of the workspace', v_used, v_limits.storage_quota_bytes using errcode = 'TMQUO';
    end if;
  end if;
  if matview.key is not null then
    execute format('select exists (select from %s where %s)', relation,
                   (select string_agg(format('%I is null', x), ' or ') from unnest(matview.key) x)) into v_null;
    if v_null then
      raise exception 'The key (%) is empty in some rows', array_to_string(matview.key, ', ')
        using errcode = 'TMKEY', hint = 'Filter them out (where … is not null), or choose another key.';
    end if;
  end if;
  return v_rows;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.refresh_contents(app_public.matviews, regclass) from public;
--! EndIncluded functions/app_private/refresh_contents.sql
--! Included functions/app_private/refresh_matview.sql
/*
 * refresh_matview(matview_id, reason): refreshes a materialized view and tells. Returns the row of runs, or null when a
 * refresh of this view is running already.
 *
 * Called by run_schedule (pg_cron, ticker) and by the API's refresh. Writes, in one transaction: the view's rows, the
 * changed rows, the shadow, one row of runs, and, when notify_when holds or the refresh failed, one event, last; the
 * event's trigger does the NOTIFY. A refresh that is not announced publishes nothing: shadow and ids stay, so that the next
 * event's changes lead from what was last published to what is now.
 *
 * statement_timeout must be set before the call (the workspace's login has it): inside a function it does nothing for the
 * running statement. DateStyle, TimeZone and extra_float_digits are fixed because keyless rows are compared as text.
 */
create or replace function app_private.refresh_matview(matview_id bigint, reason text) returns app_public.runs as $$
declare
  m app_public.matviews;
  v_relation regclass;
  v_start timestamptz := clock_timestamp();
  v_run app_public.runs;
  v_refresh_id bigint;
  v_announce boolean := true;
  v_was_behind boolean;
begin
  if not pg_try_advisory_xact_lock(7466, refresh_matview.matview_id::int) then
    return null;
  end if;
  select * into m from app_public.matviews where id = refresh_matview.matview_id;
  if not found then
    raise exception 'There is no such view' using errcode = 'TMNOF';
  end if;
  v_was_behind := m.behind;
  v_run.workspace := m.workspace;
  v_run.matview_id := m.id;
  v_run.matview_name := m.name;
  v_run.reason := refresh_matview.reason;
  v_run.started_at := v_start;
  begin
    v_relation := to_regclass(format('%I.%I', coalesce('ws_' || m.workspace, 'app_private'), m.name));
    if v_relation is null then
      raise exception 'The materialized view % is not there any more', m.name
        using errcode = 'TMNOF', hint = 'It was renamed or dropped behind our back: drop it here, and create it again.';
    end if;
    v_run.row_count := app_private.refresh_contents(m, v_relation);
    if m.notify_when = 'not_empty' and v_run.row_count = 0 then
      v_announce := false;
    else
      v_refresh_id := nextval('app_private.refresh_id_seq');
      execute app_private.diff_statement(m, v_relation)
        into v_run.inserted, v_run.updated, v_run.deleted using v_refresh_id, clock_timestamp(), m.max_changes, m.workspace;
      v_announce := m.notify_when <> 'changed' or v_run.inserted + v_run.updated + v_run.deleted > 0;
    end if;
    v_run.status := case when v_announce then 'announced' else 'quiet' end;
  exception when query_canceled or others then       -- OTHERS alone does not catch statement_timeout (57014)
    get stacked diagnostics v_run.error_code = returned_sqlstate, v_run.error = message_text;
    v_run.status := 'failed';
    v_run.row_count := null;
    v_run.inserted := null;
    v_run.updated := null;
    v_run.deleted := null;
    -- It failed because it was dropped meanwhile: 'dropped' is the last word on it. The lock keeps it so until we are done.
    perform from app_public.matviews where id = m.id for key share;
    if not found then
      raise exception 'There is no such view' using errcode = 'TMNOF';
    end if;
  end;
  v_run.duration_ms := round((extract(epoch from clock_timestamp() - v_start) * 1000)::numeric, 1);

  if v_run.status <> 'failed' and m.behind is distinct from (v_run.inserted is null) then
    update app_public.matviews set behind = v_run.inserted is null where id = m.id;
  end if;
  -- Live queries follow events; what no event tells them, this does.
  if v_run.status <> 'failed' and m.workspace is not null and (v_run.inserted is null or v_was_behind) then
    perform pg_notify('table_change_channel', jsonb_build_array(jsonb_build_object('r', format('ws_%s.%s', m.workspace, m.name)))::text);
  end if;
  v_run.id := nextval(pg_get_serial_sequence('app_public.runs', 'id'));
  if v_run.status <> 'quiet' then
    insert into app_public.matview_refresh_events
      (workspace, matview_id, matview_name, status, refresh_id, duration_ms, row_count, inserted, updated, deleted,
       changes_truncated, error_code, error)
    values
      (m.workspace, m.id, m.name,
       case when v_run.status = 'failed' then 'failed'
            when v_run.inserted + v_run.updated + v_run.deleted = 0 then 'unchanged'
            else 'new' end::app_public.matview_refresh_event_status,
       case when v_run.status <> 'failed' then v_refresh_id end, v_run.duration_ms, v_run.row_count,
       v_run.inserted, v_run.updated, v_run.deleted,
       coalesce(v_run.inserted + v_run.updated + v_run.deleted > m.max_changes, false), v_run.error_code, v_run.error)
    returning id into v_run.event_id;
  end if;
  insert into app_public.runs overriding system value select v_run.*;
  return v_run;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp set lock_timeout to '3s'
   set datestyle to 'ISO' set timezone to 'UTC' set extra_float_digits to '1';

revoke all on function app_private.refresh_matview(bigint, text) from public;
--! EndIncluded functions/app_private/refresh_matview.sql
--! Included functions/app_private/run_schedule.sql
/*
 * run_schedule(id): one scheduled refresh. The whole command of a pg_cron job, run as ws_<id> so that the workspace's
 * limits hold; the ticker calls the same.
 *
 * Leaves at once when it is not due: pg_cron never overlaps a job with itself but queues the runs that it missed, and a
 * second server's ticker may just have been here. One run per slot (a minute, or N seconds).
 */
create or replace procedure app_private.run_schedule(id bigint) as $$
declare
  s app_public.schedules;
  v_slot int;
begin
  select * into s from app_public.schedules where schedules.id = run_schedule.id for update skip locked;
  -- A workspace runs its own schedules only; one that is not its own is one that is not there.
  if not found or not s.active or s.workspace is distinct from app_hidden.current_workspace() then
    return;
  end if;
  if exists (select from app_public.workspaces w where w.id = s.workspace and w.archived_at is not null) then
    return;
  end if;
  v_slot := coalesce(substring(s.schedule from '^(\d+) seconds$')::int, 60);
  if floor(extract(epoch from s.last_run_at) / v_slot) >= floor(extract(epoch from clock_timestamp()) / v_slot) then
    return;
  end if;
  update app_public.schedules set last_run_at = clock_timestamp() where schedules.id = s.id;
  perform app_private.refresh_matview(s.matview_id, 'schedule');
end;
$$ language plpgsql security definer set search_path to pg_catalog, pg_temp;

revoke all on procedure app_private.run_schedule(bigint) from public;
grant execute on procedure app_private.run_schedule(bigint) to app_workspace;
--! EndIncluded functions/app_private/run_schedule.sql
--! Included functions/app_private/run_schedule_loop.sql
/*
 * run_schedule_loop(id, seconds): every N seconds under a pg_cron that knows only minutes (before 1.5): one job a minute
 * that laps on the grid until the minute is over. Each lap commits, so that its NOTIFY goes out. pg_cron must run jobs over
 * libpq (cron.use_background_workers = off).
 *
 * Without a SET clause: PostgreSQL refuses COMMIT in a procedure that has one. It names nothing but our own functions.
 */
create or replace procedure app_private.run_schedule_loop(id bigint, seconds int) as $$
declare
  v_minute timestamptz := pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp());
  v_end timestamptz := v_minute operator(pg_catalog.+) interval '60 seconds';
  v_next timestamptz;
begin
  loop
    call app_private.run_schedule(id);
    commit;
    v_next := app_private.sleep_until(v_minute, seconds);
    exit when v_next operator(pg_catalog.>=) v_end;
    commit;
  end loop;
end;
$$ language plpgsql;

revoke all on procedure app_private.run_schedule_loop(bigint, int) from public;
grant execute on procedure app_private.run_schedule_loop(bigint, int) to app_workspace;
--! EndIncluded functions/app_private/run_schedule_loop.sql
--! Included functions/app_private/sleep_until.sql
/*
 * sleep_until(minute, seconds): sleeps to the next mark of the grid that begins at `minute` and has a mark every N seconds;
 * returns that mark. When it would be in the next minute it returns at once. At most a minute. For run_schedule_loop.
 */
create or replace function app_private.sleep_until(minute timestamptz, seconds int) returns timestamptz as $$
declare
  v_next timestamptz := minute + (floor(extract(epoch from clock_timestamp() - minute) / seconds) + 1) * seconds * interval '1 second';
begin
  if v_next < minute + interval '60 seconds' then
    perform pg_sleep(least(60, extract(epoch from v_next - clock_timestamp())));
  end if;
  return v_next;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.sleep_until(timestamptz, int) from public;
grant execute on function app_private.sleep_until(timestamptz, int) to app_workspace;
--! EndIncluded functions/app_private/sleep_until.sql
--! Included functions/app_private/due_schedules.sql
/*
 * due_schedules(at): what the ticker has to run at this second: the schedules and upkeep jobs whose runner it is and whose
 * slot has come. Called every second by the one server that holds the ticker's lock.
 *
 * It fills in for pg_cron too: a loop begins only with the next full minute, and pg_cron may be stopped, be full, or not be
 * let in by pg_hba.conf, of which it tells nobody. What has not run 1.5 seconds (of N seconds) or 20 (of minutes) after its
 * time is due here, those of minutes for ten seconds: a run that is still at work looks as if it had not begun.
 * run_schedule lets only one of the two have a slot. `late` tells those that pg_cron should have run.
 */
create or replace function app_private.due_schedules(at timestamptz default clock_timestamp())
returns table (kind text, id text, workspace text, late boolean) as $$
  with jobs as (
    select 'schedule' as kind, s.id::text, s.workspace, s.schedule, s.runner, s.last_run_at
      from app_public.schedules s
     where s.active
       and not exists (select from app_public.workspaces w where w.id = s.workspace and w.archived_at is not null)
    union all
    select 'upkeep', u.name, null, u.schedule, u.runner, u.last_run_at from app_private.upkeep_jobs u
  ), slots as (
    select jobs.*, coalesce(substring(jobs.schedule from '^(\d+) seconds$')::int, 60) as slot from jobs
  ), timed as (
    select slots.*,
           due_schedules.at - case when slots.runner = 'ticker' then interval '0'
                                   when slots.slot < 60 then interval '1.5 seconds'
                                   else interval '20 seconds' end as at
      from slots
  )
  select t.kind, t.id, t.workspace, t.runner = 'pg_cron'
    from timed t
   where (t.last_run_at is null or floor(extract(epoch from t.last_run_at) / t.slot) < floor(extract(epoch from t.at) / t.slot))
     and (t.slot < 60 or app_private.cron_matches(t.schedule, t.at) and (t.runner = 'ticker' or extract(second from t.at) < 10));
$$ language sql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.due_schedules(timestamptz) from public;
--! EndIncluded functions/app_private/due_schedules.sql
--! Included functions/app_private/run_upkeep.sql
/*
 * run_upkeep(name): one upkeep job of the platform (fixtures/cron), by pg_cron or the ticker, as app_owner. Their commands
 * come from migrations alone.
 */
create or replace function app_private.run_upkeep(name text) returns void as $$
declare
  v_command text;
begin
  select u.command into v_command from app_private.upkeep_jobs u where u.name = run_upkeep.name for update skip locked;
  if v_command is null then
    return;                                              -- at work already
  end if;
  update app_private.upkeep_jobs u set last_run_at = clock_timestamp() where u.name = run_upkeep.name;
  execute v_command;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.run_upkeep(text) from public;
--! EndIncluded functions/app_private/run_upkeep.sql
--! Included functions/app_private/purge_history.sql
/*
 * purge_history(): trims what would grow for ever: runs past retention_days, and pg_cron's own log of runs.
 */
create or replace function app_private.purge_history() returns void as $$
begin
  delete from app_public.runs where started_at < now() - (select retention_days from app_private.settings) * interval '1 day';
  if app_private.scheduler_kind() <> 'ticker' then
    perform app_private.cron_purge();
  end if;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.purge_history() from public;
--! EndIncluded functions/app_private/purge_history.sql
--! Included functions/app_private/attach_matview.sql
/*
 * attach_matview(matview, relation): gives a materialized view its unique index over the key and its shadow. A shadow that
 * has the same columns and key already stays, so that after a new definition the next event leads from what was last
 * published; else it begins empty, and the next event publishes every row as inserted.
 *
 * Called by register_matview and replace_matview, before the refresh.
 */
create or replace function app_private.attach_matview(matview app_public.matviews, relation regclass) returns void as $$
declare
  v_shadow text := app_private.shadow_of(matview.id);
  v_missing text;
  v_keys text;
  v_wanted text;
  v_has text;
begin
  select string_agg(x, ', ') into v_missing from unnest(matview.key) x
   where not exists (select from pg_attribute where attrelid = relation and attname = x and attnum > 0 and not attisdropped);
  if v_missing is not null then
    raise exception 'The view has no column %', v_missing using errcode = 'TMKEY', hint = 'A key names columns of the view''s result.';
  end if;

  select string_agg(quote_ident(x), ', ') into v_keys from unnest(matview.key) x;
  if matview.key is not null then
    begin
      execute format('create unique index %I on %s (%s)', 'tidemark_key_' || matview.id, relation, v_keys);
    exception when undefined_object or duplicate_column then
      raise exception 'These columns cannot be a key: %', v_keys
        using errcode = 'TMKEY', detail = sqlerrm, hint = 'Key columns need a type that can be compared, and each only once.';
    end;
  end if;

  v_keys := coalesce(v_keys, '__k, __n');
  select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) || ' key ' || v_keys
    into v_wanted from pg_attribute where attrelid = relation and attnum > 0 and not attisdropped;
  select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum)
           filter (where matview.key is not null or attname not in ('__k', '__n'))
         || ' key ' || (select string_agg(quote_ident(k.attname), ', ' order by o.n)
                          from pg_index i, unnest(i.indkey::int2[]) with ordinality o (attnum, n)
                          join pg_attribute k on k.attnum = o.attnum
                         where i.indrelid = to_regclass(v_shadow) and i.indisprimary and k.attrelid = i.indrelid)
    into v_has from pg_attribute where attrelid = to_regclass(v_shadow) and attnum > 0 and not attisdropped;
  if v_has is not distinct from v_wanted then
    return;
  end if;
  execute format('drop table if exists %s', v_shadow);
  execute format('create table %s as select %s __t.* from %s __t with no data', v_shadow,
    case when matview.key is null then 'null::uuid as __k, null::bigint as __n,' else '' end, relation);
  execute format('alter table %s add primary key (%s)', v_shadow, v_keys);
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.attach_matview(app_public.matviews, regclass) from public;
--! EndIncluded functions/app_private/attach_matview.sql
--! Included functions/app_private/register_matview.sql
/*
 * register_matview(workspace, name, definition, key, schedule, notify_when): takes an existing materialized view into
 * Tidemark's care: its key as a unique index, its shadow, its row, its schedule. Not yet refreshed: the first refresh
 * publishes all rows as inserted.
 *
 * Called by app_hidden.register_matview (people, through the server) and by migrations; workspace null = the platform's own.
 */
create or replace function app_private.register_matview(
  workspace text,
  name text,
  definition text,
  key text[] default null,
  schedule text default null,
  notify_when app_public.notify_when default 'not_empty'
) returns app_public.matviews as $$
declare
  v_schema text := coalesce('ws_' || register_matview.workspace, 'app_private');
  v_relation regclass := to_regclass(format('%I.%I', v_schema, register_matview.name));
  m app_public.matviews;
begin
  if v_relation is null or (select relkind from pg_class where oid = v_relation) <> 'm' then
    raise exception 'There is no materialized view %', register_matview.name using errcode = 'TMNOF';
  end if;
  if exists (select from app_public.matviews v where v.workspace is not distinct from register_matview.workspace and v.name = register_matview.name) then
    raise exception 'The materialized view % is registered already', register_matview.name using errcode = 'TMEXI';
  end if;
  insert into app_public.matviews (workspace, name, definition, key, notify_when)
  values (register_matview.workspace, register_matview.name, register_matview.definition,
          nullif(register_matview.key, '{}'), register_matview.notify_when)
  returning * into m;

  perform app_private.attach_matview(m, v_relation);

  if register_matview.schedule is not null then
    insert into app_public.schedules (workspace, matview_id, schedule) values (m.workspace, m.id, register_matview.schedule);
  end if;
  return m;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.register_matview(text, text, text, text[], text, app_public.notify_when) from public;
--! EndIncluded functions/app_private/register_matview.sql
--! Included functions/app_private/forget_matview.sql
/*
 * forget_matview(id): takes a materialized view that is gone out of Tidemark's care: its row (the schedule and pg_cron's job
 * follow), its shadow; and writes the 'dropped' event. Harmless when it was forgotten before.
 */
create or replace function app_private.forget_matview(id bigint) returns void as $$
declare
  m app_public.matviews;
begin
  delete from app_public.matviews v where v.id = forget_matview.id returning * into m;
  if found then
    execute format('drop table if exists %s', app_private.shadow_of(m.id));
    insert into app_public.matview_refresh_events (workspace, matview_id, matview_name, status) values (m.workspace, m.id, m.name, 'dropped');
  end if;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.forget_matview(bigint) from public;
--! EndIncluded functions/app_private/forget_matview.sql
--! Included functions/app_private/on_matview_drop.sql
/*
 * on_matview_drop(): what must happen when a materialized view goes by whatever way, also by DROP … CASCADE of a table under
 * it. The function of an event trigger (setup/90-event-triggers.sql).
 */
create or replace function app_private.on_matview_drop() returns event_trigger as $$
begin
  perform app_private.forget_matview(m.id)
     from pg_event_trigger_dropped_objects() d
     join app_public.matviews m on d.object_name = m.name and d.schema_name = coalesce('ws_' || m.workspace, 'app_private')
    where d.object_type = 'materialized view';
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.on_matview_drop() from public;
--! EndIncluded functions/app_private/on_matview_drop.sql
--! Included functions/app_private/note_relation_activity.sql
/*
 * note_relation_activity(): when did a table last change? PostgreSQL counts changes but keeps no time, so this compares the
 * counters every minute. For relation_stats.
 */
create or replace function app_private.note_relation_activity() returns void as $$
  insert into app_private.relation_activity as a (relation, modifications, changed_at)
  select c.oid, n.modifications, now()
    from pg_class c
    join pg_namespace s on s.oid = c.relnamespace and s.nspname like 'ws\_%',
         lateral (select pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)) n (modifications)
   where c.relkind in ('r', 'p')
  on conflict (relation) do update set modifications = excluded.modifications, changed_at = excluded.changed_at
   where a.modifications is distinct from excluded.modifications;
  delete from app_private.relation_activity a where not exists (select from pg_class c where c.oid = a.relation);
$$ language sql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.note_relation_activity() from public;
--! EndIncluded functions/app_private/note_relation_activity.sql
--! Included functions/app_private/after_migrate.sql
/*
 * after_migrate(): what a server needs at every start, whatever the migrations did: partitions for today, and schedules that
 * follow the runner that this server has. Called by scripts/migrate.ts as app_owner.
 */
create or replace function app_private.after_migrate() returns void as $$
begin
  perform app_private.roll_partitions();
  perform app_private.watch_platform_tables();   -- before anybody writes: its locks and those of an event would meet
  update app_private.upkeep_jobs set schedule = schedule;
  update app_public.schedules set schedule = schedule;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.after_migrate() from public;
--! EndIncluded functions/app_private/after_migrate.sql
--! Included functions/app_hidden/register_matview.sql
/*
 * register_matview(name, definition, key, schedule, notify_when): app_private.register_matview for the workspace of the
 * acting role. The view must belong to that workspace's role: only then did its definition run as nobody else.
 *
 * Called by server/matviews on the connection that made the view, in the same transaction.
 */
create or replace function app_hidden.register_matview(
  name text,
  definition text,
  key text[],
  schedule text,
  notify_when app_public.notify_when
) returns app_public.matviews as $$
declare
  v_workspace text := app_hidden.current_workspace();
begin
  if v_workspace is null or not exists (
    select from pg_class c
     where c.relnamespace = to_regnamespace('ws_' || v_workspace) and c.relname = register_matview.name
       and c.relkind = 'm' and pg_get_userbyid(c.relowner) = 'ws_' || v_workspace) then
    raise exception 'There is no materialized view %', register_matview.name using errcode = 'TMNOF';
  end if;
  perform app_private.check_definition(format('%I.%I', 'ws_' || v_workspace, register_matview.name)::regclass);
  return app_private.register_matview(v_workspace, register_matview.name, register_matview.definition, register_matview.key,
                                      register_matview.schedule, register_matview.notify_when);
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.register_matview(text, text, text[], text, app_public.notify_when) from public;
grant execute on function app_hidden.register_matview(text, text, text[], text, app_public.notify_when) to app_workspace;
--! EndIncluded functions/app_hidden/register_matview.sql
--! Included functions/app_hidden/replace_matview.sql
/*
 * replace_matview(name, definition, key, notify_when): a view was made anew under its name: its definition, key and rule
 * become these; its id, schedule, history and webhooks stay. Called by server/matviews in the transaction that made the new
 * view and dropped the old one (under another name, so that nobody took it for gone).
 */
create or replace function app_hidden.replace_matview(
  name text,
  definition text,
  key text[],
  notify_when app_public.notify_when
) returns app_public.matviews as $$
declare
  v_workspace text := app_hidden.current_workspace();
  v_relation regclass := to_regclass(format('%I.%I', 'ws_' || v_workspace, replace_matview.name));
  m app_public.matviews;
begin
  if v_relation is null or not exists (
    select from pg_class c where c.oid = v_relation and c.relkind = 'm' and pg_get_userbyid(c.relowner) = 'ws_' || v_workspace) then
    raise exception 'There is no materialized view %', replace_matview.name using errcode = 'TMNOF';
  end if;
  perform app_private.check_definition(v_relation);
  update app_public.matviews v
     set definition = replace_matview.definition, key = nullif(replace_matview.key, '{}'), notify_when = replace_matview.notify_when
   where v.workspace = v_workspace and v.name = replace_matview.name
  returning * into m;
  if not found then
    raise exception 'There is no materialized view %', replace_matview.name using errcode = 'TMNOF';
  end if;
  perform app_private.attach_matview(m, v_relation);
  return m;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.replace_matview(text, text, text[], app_public.notify_when) from public;
grant execute on function app_hidden.replace_matview(text, text, text[], app_public.notify_when) to app_workspace;
--! EndIncluded functions/app_hidden/replace_matview.sql
--! Included functions/app_hidden/set_notify_when.sql
/*
 * set_notify_when(name, notify_when): when the refreshes of a view are announced. Called by server/matviews (alterMatview).
 */
create or replace function app_hidden.set_notify_when(name text, notify_when app_public.notify_when) returns app_public.matviews as $$
declare
  m app_public.matviews;
begin
  update app_public.matviews v set notify_when = set_notify_when.notify_when
   where v.workspace = app_hidden.current_workspace() and v.name = set_notify_when.name
  returning * into m;
  if not found then
    raise exception 'There is no materialized view %', set_notify_when.name using errcode = 'TMNOF';
  end if;
  return m;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.set_notify_when(text, app_public.notify_when) from public;
grant execute on function app_hidden.set_notify_when(text, app_public.notify_when) to app_workspace;
--! EndIncluded functions/app_hidden/set_notify_when.sql
--! Included functions/app_hidden/rename_matview.sql
/*
 * rename_matview(name, new_name): the view and its row together. Its id, schedule and history stay; events from now on carry
 * the new name.
 */
create or replace function app_hidden.rename_matview(name text, new_name text) returns app_public.matviews as $$
declare
  m app_public.matviews;
begin
  update app_public.matviews v set name = rename_matview.new_name
   where v.workspace = app_hidden.current_workspace() and v.name = rename_matview.name
  returning * into m;
  if not found then
    raise exception 'There is no materialized view %', rename_matview.name using errcode = 'TMNOF';
  end if;
  execute format('alter materialized view %I.%I rename to %I', 'ws_' || m.workspace, rename_matview.name, rename_matview.new_name);
  return m;
exception when duplicate_table or unique_violation then
  raise exception 'There is a relation % already', rename_matview.new_name using errcode = 'TMEXI';
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.rename_matview(text, text) from public;
grant execute on function app_hidden.rename_matview(text, text) to app_workspace;
--! EndIncluded functions/app_hidden/rename_matview.sql
--! Included functions/app_hidden/refresh_matview.sql
/*
 * refresh_matview(name, reason): refreshes a materialized view of the acting role's workspace now; TMBSY when a refresh of it
 * is running. A failed refresh is no error here: the row of runs says so.
 *
 * Called by server/matviews on a connection of the workspace, whose statement_timeout is the limit of a refresh.
 */
create or replace function app_hidden.refresh_matview(name text, reason text default 'manual') returns app_public.runs as $$
declare
  v_id bigint := (select m.id from app_public.matviews m
                   where m.workspace = app_hidden.current_workspace() and m.name = refresh_matview.name);
  v_run app_public.runs;
begin
  if v_id is null then
    raise exception 'There is no materialized view %', refresh_matview.name using errcode = 'TMNOF';
  end if;
  v_run := app_private.refresh_matview(v_id, refresh_matview.reason);
  if v_run.id is null then
    raise exception 'The view % is being refreshed already', refresh_matview.name using errcode = 'TMBSY';
  end if;
  return v_run;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.refresh_matview(text, text) from public;
grant execute on function app_hidden.refresh_matview(text, text) to app_workspace;
--! EndIncluded functions/app_hidden/refresh_matview.sql
--! Included functions/app_public/schedule_matview.sql
/*
 * schedule_matview(name, schedule): sets when a view refreshes by itself; null takes the schedule away.
 * With owner's rights: the acting role may not write schedules itself, so that nothing but a checked schedule gets in.
 */
create or replace function app_public.schedule_matview(name text, schedule text) returns app_public.matviews as $$
declare
  m app_public.matviews;
begin
  select * into m from app_public.matviews v where v.workspace = app_hidden.current_workspace() and v.name = schedule_matview.name;
  if not found then
    raise exception 'There is no materialized view %', schedule_matview.name using errcode = 'TMNOF';
  end if;
  if nullif(btrim(schedule_matview.schedule), '') is null then
    delete from app_public.schedules s where s.matview_id = m.id;
  else
    insert into app_public.schedules as s (workspace, matview_id, schedule) values (m.workspace, m.id, schedule_matview.schedule)
    on conflict (matview_id) do update set schedule = excluded.schedule, active = true;
  end if;
  return m;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.schedule_matview(text, text) is
  E'Set when a view refreshes by itself: five cron fields in UTC, or ''N seconds'' (1 to 59). Null takes the schedule away.';

revoke all on function app_public.schedule_matview(text, text) from public;
grant execute on function app_public.schedule_matview(text, text) to app_workspace;
--! EndIncluded functions/app_public/schedule_matview.sql
--! Included functions/app_public/pause_schedule.sql
/*
 * pause_schedule(name, paused): rests or resumes the schedule of a view without forgetting it.
 */
create or replace function app_public.pause_schedule(name text, paused boolean) returns app_public.schedules as $$
declare
  s app_public.schedules;
begin
  update app_public.schedules x set active = not pause_schedule.paused
    from app_public.matviews m
   where m.id = x.matview_id and m.workspace = app_hidden.current_workspace() and m.name = pause_schedule.name
  returning x.* into s;
  if not found then
    raise exception 'The view % has no schedule', pause_schedule.name using errcode = 'TMNOF';
  end if;
  return s;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.pause_schedule(text, boolean) is
  E'Rest or resume the schedule of a view.';

revoke all on function app_public.pause_schedule(text, boolean) from public;
grant execute on function app_public.pause_schedule(text, boolean) to app_workspace;
--! EndIncluded functions/app_public/pause_schedule.sql
--! Included functions/app_public/drop_matview.sql
/*
 * drop_matview(name): drops a materialized view that Tidemark keeps, with its schedule and shadow, and announces it.
 * What other views read stays: dependents are named and nothing happens (TMDEP).
 */
create or replace function app_public.drop_matview(name text) returns app_public.matviews as $$
declare
  m app_public.matviews;
  v_detail text;
begin
  select * into m from app_public.matviews v where v.workspace = app_hidden.current_workspace() and v.name = drop_matview.name;
  if not found then
    raise exception 'There is no materialized view %', drop_matview.name using errcode = 'TMNOF';
  end if;
  begin
    execute format('drop materialized view if exists %I.%I', 'ws_' || m.workspace, m.name);
  exception when dependent_objects_still_exist then
    get stacked diagnostics v_detail = pg_exception_detail;
    raise exception 'Other views read %', m.name
      using errcode = 'TMDEP', detail = replace(v_detail, 'ws_' || m.workspace || '.', ''), hint = 'Drop those first.';
  end;
  perform app_private.forget_matview(m.id);      -- the event trigger did, where there is one
  return m;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.drop_matview(text) is
  E'Drop a materialized view with its schedule. Its past events stay as long as all events do.';

revoke all on function app_public.drop_matview(text) from public;
grant execute on function app_public.drop_matview(text) to app_workspace;
--! EndIncluded functions/app_public/drop_matview.sql
--! Included functions/app_public/matviews_schedule.sql
/*
 * matviews.schedule: when the view refreshes by itself, null when it does not. A computed column.
 */
create or replace function app_public.matviews_schedule(matview app_public.matviews) returns text as $$
  select s.schedule from app_public.schedules s where s.matview_id = matview.id;
$$ language sql stable set search_path to pg_catalog, pg_temp;

comment on function app_public.matviews_schedule(app_public.matviews) is
  E'Five cron fields in UTC, or ''N seconds''; null when it refreshes only by hand.';

revoke all on function app_public.matviews_schedule(app_public.matviews) from public;
grant execute on function app_public.matviews_schedule(app_public.matviews) to app_workspace, app_reader;
--! EndIncluded functions/app_public/matviews_schedule.sql
--! Included functions/app_public/matviews_runner.sql
/*
 * matviews.runner: who runs the view's schedule in this installation. A computed column.
 */
create or replace function app_public.matviews_runner(matview app_public.matviews) returns text as $$
  select s.runner from app_public.schedules s where s.matview_id = matview.id;
$$ language sql stable set search_path to pg_catalog, pg_temp;

comment on function app_public.matviews_runner(app_public.matviews) is
  E'pg_cron, pg_cron loop or ticker; null without a schedule.';

revoke all on function app_public.matviews_runner(app_public.matviews) from public;
grant execute on function app_public.matviews_runner(app_public.matviews) to app_workspace, app_reader;
--! EndIncluded functions/app_public/matviews_runner.sql
--! Included functions/app_public/export_matview.sql
/*
 * export_matview(name): a view as SQL for graphile-migrate: definition, key, notify_when and schedule. The text may be run again
 * (it replaces the view) and does nothing in a database without the workspace, such as the shadow database.
 */
create or replace function app_public.export_matview(name text) returns text as $$
  select format($export$-- The materialized view %1$s of workspace %2$s, as Tidemark keeps it.
do %13$s
begin
  if to_regnamespace(%3$L) is null then
    return;                                      -- another database: there is nobody to make it for
  end if;
  set local role %4$I;
  drop materialized view if exists %4$I.%5$I;
  create materialized view %4$I.%5$I as
%6$s
  with no data;
  set local role app_owner;
  perform app_private.register_matview(
    workspace => %7$L,
    name => %8$L,
    definition => %9$L,
    key => %10$L,
    schedule => %11$L,
    notify_when => %12$L);
end
%13$s;
$export$,
      regexp_replace(quote_ident(m.name), '\s', ' ', 'g'), m.workspace, 'ws_' || m.workspace, 'ws_' || m.workspace, m.name, m.definition,
      m.workspace, m.name, m.definition, m.key, app_public.matviews_schedule(m), m.notify_when,
      '$' || 'matview_' || md5(m.definition) || '$')   -- a quote that the definition cannot contain
    from app_public.matviews m
   where m.workspace = app_hidden.current_workspace() and m.name = export_matview.name;
$$ language sql stable strict set search_path to pg_catalog, pg_temp;

comment on function app_public.export_matview(text) is
  E'A view as SQL for a migration: definition, key, announcement and schedule.';

revoke all on function app_public.export_matview(text) from public;
grant execute on function app_public.export_matview(text) to app_workspace, app_reader;
--! EndIncluded functions/app_public/export_matview.sql
--! Included triggers/matviews.sql
/*
 * matviews: updated_at follows every change a person makes; the refresh's own flag (behind) is none.
 */
create or replace function app_private.tg_matviews__touch() returns trigger as $$
begin
  NEW.updated_at := now();
  return NEW;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_matviews__touch() from public;

drop trigger if exists _100_touch on app_public.matviews;
create trigger _100_touch before update of name, definition, key, notify_when, max_changes on app_public.matviews
  for each row execute function app_private.tg_matviews__touch();
--! EndIncluded triggers/matviews.sql
--! Included triggers/schedules.sql
/*
 * Schedules in firing order: the spelling is checked, then pg_cron's job follows the row and `runner` says who runs it.
 */
create or replace function app_private.tg_schedules__sync() returns trigger as $$
declare
  v_kind text := app_private.scheduler_kind();
  v_job text;
  v_seconds int;
begin
  if TG_OP = 'DELETE' then
    if v_kind <> 'ticker' then
      perform app_private.cron_unschedule('refresh ' || OLD.id);
    end if;
    return OLD;
  end if;
  v_job := 'refresh ' || NEW.id;
  NEW.schedule := app_private.check_schedule(NEW.schedule);
  v_seconds := substring(NEW.schedule from '^(\d+) seconds$')::int;
  NEW.runner := case
    when v_kind = 'ticker' then 'ticker'
    when v_seconds is null or v_kind = 'pg_cron+seconds' then 'pg_cron'
    when current_setting('cron.use_background_workers', true) = 'off' then 'pg_cron loop'
    else 'ticker' end;
  if v_kind = 'ticker' then
    return NEW;
  end if;
  perform app_private.cron_unschedule(v_job);
  if NEW.active and NEW.runner <> 'ticker' then
    perform app_private.cron_schedule(
      v_job,
      case NEW.runner when 'pg_cron loop' then '* * * * *' else NEW.schedule end,
      case NEW.runner when 'pg_cron loop' then format('call app_private.run_schedule_loop(%s, %s)', NEW.id, v_seconds)
                      else format('call app_private.run_schedule(%s)', NEW.id) end,
      coalesce('ws_' || NEW.workspace, 'app_owner'));
  end if;
  return NEW;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_schedules__sync() from public;

drop trigger if exists _100_sync on app_public.schedules;
create trigger _100_sync before insert or update of schedule, active on app_public.schedules
  for each row execute function app_private.tg_schedules__sync();
drop trigger if exists _100_sync_delete on app_public.schedules;
create trigger _100_sync_delete after delete on app_public.schedules
  for each row execute function app_private.tg_schedules__sync();
--! EndIncluded triggers/schedules.sql
--! Included triggers/upkeep_jobs.sql
/*
 * pg_cron's job follows the row of an upkeep job, where pg_cron runs.
 */
create or replace function app_private.tg_upkeep_jobs__sync() returns trigger as $$
begin
  NEW.runner := case app_private.scheduler_kind() when 'ticker' then 'ticker' else 'pg_cron' end;
  if NEW.runner = 'pg_cron' then
    perform app_private.cron_schedule('upkeep ' || NEW.name, NEW.schedule, format('select app_private.run_upkeep(%L)', NEW.name), 'app_owner');
  end if;
  return NEW;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_upkeep_jobs__sync() from public;

drop trigger if exists _100_sync on app_private.upkeep_jobs;
create trigger _100_sync before insert or update of schedule on app_private.upkeep_jobs
  for each row execute function app_private.tg_upkeep_jobs__sync();
--! EndIncluded triggers/upkeep_jobs.sql
--! Included triggers/matview_refresh_events.sql
/*
 * Every event is announced: NOTIFY with the bare id and nothing else. Whoever hears it reads the row, and whoever did not
 * hear it finds the row all the same. An UPDATE of status notifies the same id again; our own code never does that.
 */
create or replace function app_private.tg_matview_refresh_events__notify() returns trigger as $$
begin
  perform pg_notify('matview_refresh_channel', NEW.id::text);
  return null;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_matview_refresh_events__notify() from public;

drop trigger if exists _900_notify on app_public.matview_refresh_events;
create trigger _900_notify after insert or update of status on app_public.matview_refresh_events
  for each row execute function app_private.tg_matview_refresh_events__notify();
--! EndIncluded triggers/matview_refresh_events.sql
--! Included policies/workspaces.sql
-- workspaces: you see the one that you act in and those that you are a member of.
alter table app_public.workspaces enable row level security;

drop policy if exists select_member on app_public.workspaces;
create policy select_member on app_public.workspaces for select
  using (id = app_hidden.current_workspace() or id in (select app_hidden.my_workspaces()));

grant select on app_public.workspaces to app_workspace, app_reader, app_anonymous;
--! EndIncluded policies/workspaces.sql
--! Included policies/members.sql
-- members: you see those of the workspace that you act in.
alter table app_public.members enable row level security;

drop policy if exists select_member on app_public.members;
create policy select_member on app_public.members for select
  using (workspace = app_hidden.current_workspace() or account_id = app_hidden.current_account_id());

grant select on app_public.members to app_workspace, app_reader, app_anonymous;
-- no insert, update, delete for anybody: functions with owner's rights write, after their checks
--! EndIncluded policies/members.sql
--! Included policies/matviews.sql
-- matviews: members see those of the workspace that they act in.
alter table app_public.matviews enable row level security;

drop policy if exists select_member on app_public.matviews;
create policy select_member on app_public.matviews for select using (workspace = app_hidden.current_workspace());

grant select on app_public.matviews to app_workspace, app_reader;
-- no insert, update, delete for anybody: functions with owner's rights write, after their checks.
--! EndIncluded policies/matviews.sql
--! Included policies/schedules.sql
-- schedules: members see those of the workspace that they act in.
alter table app_public.schedules enable row level security;

drop policy if exists select_member on app_public.schedules;
create policy select_member on app_public.schedules for select using (workspace = app_hidden.current_workspace());

grant select on app_public.schedules to app_workspace, app_reader;
-- no insert, update, delete for anybody: schedule_matview and pause_schedule write.
--! EndIncluded policies/schedules.sql
--! Included policies/matview_refresh_events.sql
-- matview_refresh_events: members read the log of the workspace that they act in.
alter table app_public.matview_refresh_events enable row level security;

drop policy if exists select_member on app_public.matview_refresh_events;
create policy select_member on app_public.matview_refresh_events for select using (workspace = app_hidden.current_workspace());

grant select on app_public.matview_refresh_events to app_workspace, app_reader;
-- no insert, update, delete for anybody: a refresh writes, and nothing changes an event.
--! EndIncluded policies/matview_refresh_events.sql
--! Included policies/matview_refresh_changes.sql
-- matview_refresh_changes: members read the changes of the workspace that they act in.
alter table app_public.matview_refresh_changes enable row level security;

drop policy if exists select_member on app_public.matview_refresh_changes;
create policy select_member on app_public.matview_refresh_changes for select using (workspace = app_hidden.current_workspace());

grant select on app_public.matview_refresh_changes to app_workspace, app_reader;
-- no insert, update, delete for anybody: a refresh writes, and nothing changes them.
--! EndIncluded policies/matview_refresh_changes.sql
--! Included policies/runs.sql
-- runs: members see the run history of the workspace that they act in.
alter table app_public.runs enable row level security;

drop policy if exists select_member on app_public.runs;
create policy select_member on app_public.runs for select using (workspace = app_hidden.current_workspace());

grant select on app_public.runs to app_workspace, app_reader;
-- no insert, update, delete for anybody: a refresh writes.
--! EndIncluded policies/runs.sql

select app_private.roll_partitions();
--! Included cron/roll_partitions.sql
-- Every hour at :07: partitions of the event log are made three days ahead and dropped past retention_days.
insert into app_private.upkeep_jobs (name, schedule, command)
values ('roll_partitions', '7 * * * *', 'select app_private.roll_partitions()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/roll_partitions.sql
--! Included cron/purge_history.sql
-- Every hour at :23: runs past retention_days and pg_cron's own log are trimmed.
insert into app_private.upkeep_jobs (name, schedule, command)
values ('purge_history', '23 * * * *', 'select app_private.purge_history()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/purge_history.sql
--! Included cron/note_relation_activity.sql
-- Every minute: which tables have changed since the last one (for relation_stats).
insert into app_private.upkeep_jobs (name, schedule, command)
values ('note_relation_activity', '* * * * *', 'select app_private.note_relation_activity()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/note_relation_activity.sql
-- The platform eats its own food: this view is kept, scheduled and announced by the same functions as everybody's.
--! Included views/relation_stats.sql
/*
 * relation_stats: every relation of every workspace with its rows, size and last change, for the home page and the catalog.
 *
 * A materialized view made by a migration, with key and schedule, kept by the same functions as everybody's: refreshed
 * every minute, announced when something changed (to nobody: its events belong to no workspace). People see their
 * workspace's part through the view of the same name in app_public; a materialized view has no row-level security.
 */
drop view if exists app_public.relation_stats;
drop materialized view if exists app_private.relation_stats;
select app_private.forget_matview(id) from app_public.matviews where workspace is null and name = 'relation_stats';

create materialized view app_private.relation_stats as
  select substring(n.nspname from 4) as workspace,
         c.relname::text as name,
         case c.relkind when 'v' then 'view' when 'm' then 'matview' else 'table' end as kind,
         case when c.relkind <> 'v' then greatest(pg_stat_get_live_tuples(c.oid), c.reltuples::bigint, 0) end as row_count,
         pg_total_relation_size(c.oid) as size_bytes,
         case c.relkind
           when 'm' then (select max(r.started_at) from app_public.runs r join app_public.matviews m on m.id = r.matview_id
                           where m.workspace = substring(n.nspname from 4) and m.name = c.relname
                             and r.inserted + r.updated + r.deleted > 0)
           else (select a.changed_at from app_private.relation_activity a where a.relation = c.oid)
         end as changed_at
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname like 'ws\_%' and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition and c.relname not like '\_%'
with no data;

select app_private.register_matview(
  workspace => null,
  name => 'relation_stats',
  definition => 'app_private.relation_stats, made by a migration',
  key => '{workspace,name}',
  schedule => '* * * * *',
  notify_when => 'changed');
refresh materialized view app_private.relation_stats;

create view app_public.relation_stats with (security_barrier) as
  select name, kind, row_count, size_bytes, changed_at
    from app_private.relation_stats
   where workspace = app_hidden.current_workspace();

comment on view app_public.relation_stats is E'The tables and views of the workspace with their size, at most a minute old.';
comment on column app_public.relation_stats.kind is E'table, view or matview.';
comment on column app_public.relation_stats.row_count is E'Estimated, as PostgreSQL counts on the way. Null for a view.';
comment on column app_public.relation_stats.size_bytes is E'With indexes, in bytes.';
comment on column app_public.relation_stats.changed_at is E'When its rows last changed, to the minute.';

revoke all on app_private.relation_stats from public;
grant select on app_public.relation_stats to app_workspace, app_reader;
--! EndIncluded views/relation_stats.sql

--! split: 20-accounts.sql
-- People: accounts, sessions, tokens, invites, links, attempts, and the book of who did what.
-- Everything that could let somebody in (hashes) lies in app_private, where no API role reads;
-- what people may see of it (their tokens, their invites) lies in app_public behind row-level security.

create table app_public.accounts (
  id bigint generated always as identity primary key,
  email text not null check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);
create unique index accounts_email_idx on app_public.accounts (lower(email));
comment on table app_public.accounts is E'A person who signs in. You see yourself and the people of the workspace that you act in.';
comment on column app_public.accounts.email is E'The address to sign in with. One account per address, whatever its case.';
comment on column app_public.accounts.name is E'What others see.';

alter table app_public.members add foreign key (account_id) references app_public.accounts (id) on delete cascade;

-- What the operator lets owners choose (app_public.set_workspace_limits); changed with psql, by who runs the server.
alter table app_private.settings
  add column max_workspaces_per_account int not null default 10,
  add column max_refresh_timeout_ms int not null default 3600000,
  add column max_connection_limit int not null default 40,
  add column max_temp_file_limit_bytes bigint not null default 10737418240,
  add column max_storage_quota_bytes bigint not null default 1099511627776,
  add column max_max_matview_rows bigint not null default 1000000000;

create table app_private.account_secrets (
  account_id bigint primary key references app_public.accounts (id) on delete cascade,
  -- argon2id in PHC form, made in Node: a password never travels to PostgreSQL. Null: signs in by link only.
  password_hash text,
  password_changed_at timestamptz,
  default_workspace text references app_public.workspaces (id) on delete set null
);
create index account_secrets_default_workspace_idx on app_private.account_secrets (default_workspace);

create table app_private.sessions (
  id uuid primary key default gen_random_uuid(),
  token_hash bytea not null unique,
  account_id bigint not null references app_public.accounts (id) on delete cascade,
  created_at timestamptz not null default now(),
  -- idle 14 days, absolute 90 days: see app_private.find_session
  last_seen_at timestamptz not null default now(),
  user_agent text,
  ip inet
);
create index sessions_account_id_idx on app_private.sessions (account_id);

create table app_public.api_tokens (
  id uuid primary key default gen_random_uuid(),
  workspace text not null references app_public.workspaces (id) on delete cascade,
  account_id bigint references app_public.accounts (id) on delete cascade,
  role app_public.member_role not null,
  name text not null check (length(name) between 1 and 200),
  prefix text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create index api_tokens_workspace_idx on app_public.api_tokens (workspace);
create index api_tokens_account_id_idx on app_public.api_tokens (account_id);
comment on table app_public.api_tokens is E'A token for programs: one workspace, one role, never more than its maker may do. The secret is shown once, when it is made.';
comment on column app_public.api_tokens.account_id is E'Whose token it is; null for a token made on the machine itself (npm run -s token).';
comment on column app_public.api_tokens.role is E'What the token may do; the role of its maker caps it at every use.';
comment on column app_public.api_tokens.prefix is E'The first characters of the token, to tell tokens apart.';
comment on column app_public.api_tokens.last_used_at is E'Exact to a minute.';

create table app_private.api_token_secrets (
  token_id uuid primary key references app_public.api_tokens (id) on delete cascade,
  token_hash bytea not null unique
);

create table app_public.invites (
  id uuid primary key default gen_random_uuid(),
  workspace text not null references app_public.workspaces (id) on delete cascade,
  role app_public.member_role not null,
  email text check (length(email) <= 254),
  invited_by bigint references app_public.accounts (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  accepted_by bigint references app_public.accounts (id) on delete set null
);
create index invites_workspace_idx on app_public.invites (workspace);
create index invites_invited_by_idx on app_public.invites (invited_by);
create index invites_accepted_by_idx on app_public.invites (accepted_by);
comment on table app_public.invites is E'A link that makes its first visitor a member. Owners see the invites of their workspace.';
comment on column app_public.invites.email is E'When given, only the account with this address can use the link.';

create table app_private.invite_secrets (
  invite_id uuid primary key references app_public.invites (id) on delete cascade,
  token_hash bytea not null unique
);

-- What the functions that hand out a secret answer.
create type app_public.new_api_token as (
  id uuid,
  name text,
  role app_public.member_role,
  expires_at timestamptz,
  secret text
);
comment on type app_public.new_api_token is E'A token that was just made. `secret` is shown this once.';
create type app_public.new_invite as (
  id uuid,
  role app_public.member_role,
  email text,
  expires_at timestamptz,
  secret text,
  path text
);
comment on type app_public.new_invite is E'An invite that was just made. `path` is shown this once.';

-- One-time links: `setup` makes the first account, `sign_in` lets an account in without its password.
create type app_private.link_kind as enum ('setup', 'sign_in');
create table app_private.links (
  token_hash bytea primary key,
  kind app_private.link_kind not null,
  account_id bigint references app_public.accounts (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '1 hour',
  check ((kind = 'sign_in') = (account_id is not null))
);
create index links_account_id_idx on app_private.links (account_id);

-- Failed sign-ins and other things that are counted, per bucket ('login 5 203.0.113.9').
-- Unlogged on purpose: a crash forgives, and guessing must not cost us WAL.
create unlogged table app_private.attempts (
  id bigint generated always as identity primary key,
  bucket text not null,
  at timestamptz not null default clock_timestamp()
);
create index attempts_bucket_at_idx on app_private.attempts (bucket, at);
create index attempts_at_idx on app_private.attempts (at);

alter table app_private.account_secrets enable row level security;
alter table app_private.sessions enable row level security;
alter table app_private.api_token_secrets enable row level security;
alter table app_private.invite_secrets enable row level security;
alter table app_private.links enable row level security;
alter table app_private.attempts enable row level security;

create table app_public.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  -- No foreign keys: the book outlives what it tells of.
  workspace text,
  account_id bigint,
  token_id uuid,
  actor text not null,
  action text not null,
  subject text,
  detail jsonb
);
create index audit_log_workspace_id_idx on app_public.audit_log (workspace, id);
comment on table app_public.audit_log is E'Who did what: sign-ins, tokens, members, definitions, drops. Append-only; owners read the entries of their workspace.';
comment on column app_public.audit_log.actor is E'The address of the person then, or what acted in their place.';
comment on column app_public.audit_log.action is E'What happened, e.g. member.added, token.created, matview.dropped.';
comment on column app_public.audit_log.subject is E'What it happened to.';

-- Workspaces whose drop has been committed and whose schema and roles are still to go (finish_drops).
create table app_private.dropped_workspaces (
  id text primary key,
  dropped_at timestamptz not null default now()
);
alter table app_private.dropped_workspaces enable row level security;

--! Included functions/app_private/make_secret.sql
/*
 * make_secret(): 43 characters that cannot be guessed, for tokens and links.
 *
 * Called by whatever hands out a secret from SQL. Two version 4 UUIDs hold 244 random bits of pg_strong_random; no
 * extension is needed (pgcrypto stays out, see SECURITY.md).
 */
create or replace function app_private.make_secret() returns text as $$
  select rtrim(translate(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=');
$$ language sql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.make_secret() from public;
--! EndIncluded functions/app_private/make_secret.sql
--! Included functions/app_private/hash_secret.sql
/*
 * hash_secret(secret): what is kept of a session, token or link. Plain sha256 is right here and only here: the secrets
 * are long and random, so there is nothing to guess slowly. (Passwords are argon2id, in Node.)
 */
create or replace function app_private.hash_secret(secret text) returns bytea as $$
  select sha256(convert_to(secret, 'UTF8'));
$$ language sql immutable strict set search_path to pg_catalog, pg_temp;

revoke all on function app_private.hash_secret(text) from public;
--! EndIncluded functions/app_private/hash_secret.sql
--! Included functions/app_private/write_audit.sql
/*
 * write_audit(workspace, action, subject, detail): one line in the book of who did what.
 *
 * Called by the audit triggers and by the server (sign-ins). Writes app_public.audit_log. `detail` must not hold
 * secrets: owners read it.
 */
create or replace function app_private.write_audit(workspace text, action text, subject text default null, detail jsonb default null)
returns void as $$
declare
  -- The claims of who may set them: the server's own logins, and ws_<id>, as which only the server can log in (direct
  -- logins are other roles). app_hidden.current_account_id() is narrower, because it decides about rights.
  v_trusted boolean := session_user in ('app_authenticator', 'app_owner') or pg_has_role(session_user, 'app_workspace', 'member');
  v_account bigint := case when v_trusted then nullif(current_setting('app.account_id', true), '')::bigint end;
  v_token uuid := case when v_trusted then nullif(current_setting('app.token_id', true), '')::uuid end;
  v_actor text;
begin
  select email into v_actor from app_public.accounts where id = v_account;
  if v_actor is null and v_token is not null then
    select 'token ' || name into v_actor from app_public.api_tokens where id = v_token;
  end if;
  insert into app_public.audit_log (workspace, account_id, token_id, actor, action, subject, detail)
  values (write_audit.workspace, v_account, v_token,
          coalesce(v_actor, case when session_user = 'app_owner' then 'the server' else session_user end),
          write_audit.action, write_audit.subject, write_audit.detail);
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.write_audit(text, text, text, jsonb) from public;
--! EndIncluded functions/app_private/write_audit.sql
--! Included functions/app_private/tg__audit.sql
/*
 * Trigger tg__audit('noun', 'column that names the subject', …columns to note): writes '<noun>.created', '.changed' or
 * '.dropped' into the audit log, whatever door the change came through (GraphQL, REST, a route, psql).
 *
 * Owner's rights: the one who changes a member may not write the book.
 */
create or replace function app_private.tg__audit() returns trigger as $$
declare
  v_row jsonb := to_jsonb(case when TG_OP = 'DELETE' then OLD else NEW end);
  v_old jsonb := case when TG_OP = 'UPDATE' then to_jsonb(OLD) end;
  v_detail jsonb;
begin
  select jsonb_object_agg(c, case when v_old is null then v_row -> c else jsonb_build_object('from', v_old -> c, 'to', v_row -> c) end)
    into v_detail
    from unnest(TG_ARGV[2:]) c
   where v_old is null or v_old -> c is distinct from v_row -> c;
  if TG_OP = 'UPDATE' and v_detail is null then return null; end if;
  perform app_private.write_audit(
    case when TG_TABLE_NAME = 'workspaces' then v_row ->> 'id' else v_row ->> 'workspace' end,
    TG_ARGV[0] || case TG_OP when 'INSERT' then '.created' when 'UPDATE' then '.changed' else '.dropped' end,
    v_row ->> TG_ARGV[1], v_detail);
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg__audit() from public;
--! EndIncluded functions/app_private/tg__audit.sql
--! Included functions/app_private/find_session.sql
/*
 * find_session(token_hash, workspace): who holds this session, and as what in which workspace.
 *
 * Called by server/auth/identify.ts for every request that carries the cookie. No row: there is no such session, or it
 * was idle for 14 days, or is 90 days old. workspace null in the row: the session is good, but the account is not a
 * member of the workspace that was asked for (or of any). Notes the use, at most once a minute.
 */
create or replace function app_private.find_session(token_hash bytea, workspace text default null)
returns table (session_id uuid, account_id bigint, in_workspace text, role text, archived boolean) as $$
declare
  v_session app_private.sessions;
begin
  select * into v_session from app_private.sessions s where s.token_hash = find_session.token_hash;
  if not found then return; end if;
  if v_session.last_seen_at < now() - interval '14 days' or v_session.created_at < now() - interval '90 days' then
    delete from app_private.sessions s where s.id = v_session.id;
    return;
  end if;
  if v_session.last_seen_at < now() - interval '1 minute' then
    update app_private.sessions s set last_seen_at = now() where s.id = v_session.id;
  end if;

  return query
    select v_session.id, v_session.account_id, found_in.workspace, found_in.role, found_in.archived
      from (select) one
      left join lateral (
        select m.workspace, m.role::text as role, w.archived_at is not null as archived
          from app_public.members m
          join app_public.workspaces w on w.id = m.workspace
          left join app_private.account_secrets a on a.account_id = m.account_id
         where m.account_id = v_session.account_id
           and (find_session.workspace is null or m.workspace = find_session.workspace)
         order by m.workspace is not distinct from a.default_workspace desc, w.archived_at is not null, w.created_at, w.id
         limit 1) found_in on true;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.find_session(bytea, text) from public;
--! EndIncluded functions/app_private/find_session.sql
--! Included functions/app_private/find_token.sql
/*
 * find_token(token_hash): whom an API token stands for, and as what. The role is the lesser of the token's and its
 * maker's of this moment: who is made a reader has no token that writes.
 *
 * Called by server/auth/identify.ts for every request with a Bearer header. No row: no such token, or it has expired,
 * or its maker has left the workspace. Notes the use, at most once a minute.
 */
create or replace function app_private.find_token(token_hash bytea)
returns table (token_id uuid, account_id bigint, in_workspace text, role text, archived boolean) as $$
declare
  v_token app_public.api_tokens;
  v_role text;
begin
  select t.* into v_token
    from app_private.api_token_secrets s join app_public.api_tokens t on t.id = s.token_id
   where s.token_hash = find_token.token_hash and (t.expires_at is null or t.expires_at > now());
  if not found then return; end if;

  v_role := v_token.role::text;
  if v_token.account_id is not null then
    select case when array_position(array['reader', 'editor', 'owner'], m.role::text)
                   < array_position(array['reader', 'editor', 'owner'], v_role) then m.role::text else v_role end
      into v_role
      from app_public.members m where m.workspace = v_token.workspace and m.account_id = v_token.account_id;
    if not found then return; end if;
  end if;

  if v_token.last_used_at is null or v_token.last_used_at < now() - interval '1 minute' then
    update app_public.api_tokens t set last_used_at = now() where t.id = v_token.id;
  end if;
  return query select v_token.id, v_token.account_id, v_token.workspace, v_role, w.archived_at is not null
    from app_public.workspaces w where w.id = v_token.workspace;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.find_token(bytea) from public;
--! EndIncluded functions/app_private/find_token.sql
--! Included functions/app_private/count_attempt.sql
/*
 * count_attempt(bucket, at_most, per): notes one attempt and says how many seconds to wait; 0: go on.
 *
 * Called before the thing itself is tried, in a transaction of its own, so that many tries at once count each other.
 * A refused attempt is not noted: who keeps knocking gets in again when the first attempts are older than `per`.
 */
create or replace function app_private.count_attempt(bucket text, at_most int, per interval) returns int as $$
declare
  v_oldest timestamptz;
  v_count int;
begin
  perform pg_advisory_xact_lock(7467, hashtext(bucket));
  select count(*), min(a.at) into v_count, v_oldest
    from app_private.attempts a where a.bucket = count_attempt.bucket and a.at > clock_timestamp() - count_attempt.per;
  if v_count >= at_most then
    return greatest(1, ceil(extract(epoch from v_oldest + per - clock_timestamp())));
  end if;
  insert into app_private.attempts (bucket) values (count_attempt.bucket);
  return 0;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.count_attempt(text, int, interval) from public;
--! EndIncluded functions/app_private/count_attempt.sql
--! Included functions/app_private/forget_attempts.sql
/*
 * forget_attempts(): throws away what nothing asks for any more (attempts, links, invites, dead sessions). Returns how
 * many rows went. Run hourly by the server's upkeep.
 */
create or replace function app_private.forget_attempts() returns bigint as $$
  with a as (delete from app_private.attempts where at < now() - interval '1 day' returning 1),
       l as (delete from app_private.links where expires_at < now() - interval '1 day' returning 1),
       i as (delete from app_public.invites where accepted_at is null and expires_at < now() - interval '30 days' returning 1),
       s as (delete from app_private.sessions where last_seen_at < now() - interval '14 days' or created_at < now() - interval '90 days' returning 1)
  select (select count(*) from a) + (select count(*) from l) + (select count(*) from i) + (select count(*) from s);
$$ language sql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.forget_attempts() from public;
--! EndIncluded functions/app_private/forget_attempts.sql
--! Included functions/app_private/gone_access.sql
/*
 * gone_access(callers): of the callers who hold an open socket, the numbers of those whose access has ended or changed.
 *
 * callers: [{ "session": uuid | null, "token": uuid | null, "workspace": …, "role": … }, …], numbered from 0.
 * Called by server/auth/sockets.ts on access_changed and once a minute (expiry sends no NOTIFY).
 */
create or replace function app_private.gone_access(callers jsonb) returns setof int as $$
  select (c.n - 1)::int
    from jsonb_array_elements(callers) with ordinality c (j, n)
   where not exists (
     select from app_private.sessions s
       join app_public.members m on m.account_id = s.account_id and m.workspace = c.j ->> 'workspace'
       join app_public.workspaces w on w.id = m.workspace
      where s.id = (c.j ->> 'session')::uuid
        and s.last_seen_at > now() - interval '14 days' and s.created_at > now() - interval '90 days'
        and case when w.archived_at is null then m.role::text else 'reader' end = c.j ->> 'role')
   and not exists (
     select from app_public.api_tokens t
       join app_public.workspaces w on w.id = t.workspace
       left join app_public.members m on m.account_id = t.account_id and m.workspace = t.workspace
      where t.id = (c.j ->> 'token')::uuid and t.workspace = c.j ->> 'workspace'
        and (t.expires_at is null or t.expires_at > now())
        and (t.account_id is null or m.role is not null)
        and case when w.archived_at is not null then 'reader'
                 else (array['reader', 'editor', 'owner'])[least(array_position(array['reader', 'editor', 'owner'], t.role::text),
                        coalesce(array_position(array['reader', 'editor', 'owner'], m.role::text), 3))] end = c.j ->> 'role');
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.gone_access(jsonb) from public;
--! EndIncluded functions/app_private/gone_access.sql
--! Included functions/app_private/require_owner.sql
/*
 * require_owner(): the workspace that the caller acts in, when they own it; else TMPER. The one check between owners
 * and editors, who share a role of PostgreSQL.
 */
create or replace function app_private.require_owner() returns text as $$
declare
  v_workspace text := app_hidden.current_workspace();
begin
  if v_workspace is null or app_hidden.member_role()::text is distinct from 'owner' then
    raise exception 'Only an owner of the workspace may do this' using errcode = 'TMPER';
  end if;
  return v_workspace;
end;
$$ language plpgsql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.require_owner() from public;
--! EndIncluded functions/app_private/require_owner.sql
--! Included functions/app_private/accept_invite.sql
/*
 * accept_invite(secret, account_id): makes the account a member; returns the workspace. Called by the server (people who
 * are in no workspace yet) and by app_public.accept_invite. An invite that is unknown, used, expired or for another
 * address answers the same (TMLNK).
 */
create or replace function app_private.accept_invite(secret text, account_id bigint) returns text as $$
declare
  v_invite app_public.invites;
begin
  select i.* into v_invite
    from app_private.invite_secrets s join app_public.invites i on i.id = s.invite_id
   where s.token_hash = app_private.hash_secret(accept_invite.secret)
     and i.accepted_at is null and i.expires_at > now()
     and (i.email is null or exists (select from app_public.accounts a
                                      where a.id = accept_invite.account_id and lower(a.email) = lower(i.email)))
     for update of i;
  if not found then
    raise exception 'This invite is no longer good' using errcode = 'TMLNK', hint = 'Ask an owner of the workspace for a new one.';
  end if;
  -- Already a member: nobody becomes less, or more, by a link that was meant for a newcomer.
  insert into app_public.members (workspace, account_id, role) values (v_invite.workspace, accept_invite.account_id, v_invite.role)
  on conflict do nothing;
  update app_public.invites i set accepted_at = now(), accepted_by = accept_invite.account_id where i.id = v_invite.id;
  return v_invite.workspace;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.accept_invite(text, bigint) from public;
--! EndIncluded functions/app_private/accept_invite.sql
--! Included functions/app_private/drop_workspace.sql
/*
 * drop_workspace(id): the first of two transactions that drop a workspace: everything that the platform knows of it, its
 * schedules and jobs with it. From its commit on nobody can enter. The second is app_private.finish_drops (schema and
 * roles), for which a note is left: a server that dies in between leaves nothing behind. A new workspace of this id sees nothing of the old one; the audit log keeps what happened, for the operator.
 *
 * Called by the server as app_owner, after it has asked who may.
 */
create or replace function app_private.drop_workspace(id text) returns void as $$
begin
  perform from app_public.workspaces w where w.id = drop_workspace.id for update;
  if not found then raise exception 'There is no such workspace' using errcode = 'TMNOF'; end if;
  perform app_private.forget_matview(v.id) from app_public.matviews v where v.workspace = drop_workspace.id;   -- with their shadows
  delete from app_public.workspaces w where w.id = drop_workspace.id;
  insert into app_private.dropped_workspaces (id) values (drop_workspace.id) on conflict do nothing;
  delete from app_public.matview_refresh_changes c where c.workspace = drop_workspace.id;
  delete from app_public.matview_refresh_events e where e.workspace = drop_workspace.id;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.drop_workspace(text) from public;
--! EndIncluded functions/app_private/drop_workspace.sql
--! Included functions/app_private/finish_drops.sql
/*
 * finish_drops(): schemas and roles of the workspaces that drop_workspace noted. Called by the server right after it, at its
 * start, and once an hour (cron/finish_drops), so that a drop that was cut off ends all the same. Goes by the notes alone: a
 * schema without a row may be one that somebody is restoring.
 */
create or replace function app_private.finish_drops() returns setof text as $$
declare
  v_id text;
begin
  for v_id in select d.id from app_private.dropped_workspaces d for update skip locked loop
    if not exists (select from app_public.workspaces w where w.id = v_id) then
      perform app_private.drop_workspace_roles(v_id);
      return next v_id;
    end if;                                        -- else somebody has dropped the schema by hand, and the name is in use again
    delete from app_private.dropped_workspaces d where d.id = v_id;
  end loop;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.finish_drops() from public;
--! EndIncluded functions/app_private/finish_drops.sql
--! Included functions/app_private/allowed_builtins.sql
/*
 * allowed_builtins(): the names of PostgreSQL's own functions that a definition may use although they are not immutable.
 *
 * Immutable built-ins may all be used: by PostgreSQL's own promise they read nothing but their arguments. STABLE and
 * VOLATILE ones are listed, because among them are those that run SQL (query_to_xml), tell other people's names
 * (pg_get_viewdef), change settings (set_config) or wait (pg_sleep). A function that is in neither this list nor the one of
 * test/security/refused-builtins.ts fails that test: a new version of PostgreSQL brings new functions, and somebody has
 * to decide about each. Names of newer versions may stand here before those versions are used.
 *
 * Asked by app_private.definition_faults.
 */
create or replace function app_private.allowed_builtins() returns text[] as $$
  select array[
    -- time: what "now" is, and what depends on the session's time zone
    'now', 'statement_timestamp', 'transaction_timestamp', 'clock_timestamp', 'timeofday',
    'age', 'date', 'date_part', 'date_trunc', 'date_add', 'date_subtract', 'extract', 'make_timestamptz', 'overlaps', 'time',
    'timestamp', 'timestamptz', 'timetz', 'timezone', 'to_char', 'to_date', 'to_number', 'to_timestamp', 'generate_series',
    'interval_pl_timestamptz', 'in_range', 'timestamptz_pl_interval', 'timestamptz_mi_interval',
    'date_cmp_timestamptz', 'date_eq_timestamptz', 'date_ge_timestamptz', 'date_gt_timestamptz', 'date_le_timestamptz',
    'date_lt_timestamptz', 'date_ne_timestamptz', 'timestamp_cmp_timestamptz', 'timestamp_eq_timestamptz',
    'timestamp_ge_timestamptz', 'timestamp_gt_timestamptz', 'timestamp_le_timestamptz', 'timestamp_lt_timestamptz',
    'timestamp_ne_timestamptz', 'timestamptz_cmp_date', 'timestamptz_cmp_timestamp', 'timestamptz_eq_date',
    'timestamptz_eq_timestamp', 'timestamptz_ge_date', 'timestamptz_ge_timestamp', 'timestamptz_gt_date',
    'timestamptz_gt_timestamp', 'timestamptz_le_date', 'timestamptz_le_timestamp', 'timestamptz_lt_date',
    'timestamptz_lt_timestamp', 'timestamptz_ne_date', 'timestamptz_ne_timestamp',
    -- chance
    'random', 'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'array_sample', 'array_shuffle',
    -- text and arrays
    'concat', 'concat_ws', 'format', 'quote_literal', 'quote_nullable', 'anytextcat', 'textanycat', 'array_to_string',
    'convert', 'convert_from', 'convert_to', 'length', 'enum_first', 'enum_last', 'enum_range', 'money', 'numeric',
    'pg_column_size', 'pg_column_compression',
    -- json and xml
    'array_to_json', 'row_to_json', 'to_json', 'to_jsonb', 'json_agg', 'json_agg_strict', 'json_object_agg',
    'json_object_agg_strict', 'json_object_agg_unique', 'json_object_agg_unique_strict', 'json_build_array',
    'json_build_object', 'json_populate_record', 'json_populate_recordset', 'json_to_record', 'json_to_recordset',
    'jsonb_agg', 'jsonb_agg_strict', 'jsonb_object_agg', 'jsonb_object_agg_strict', 'jsonb_object_agg_unique',
    'jsonb_object_agg_unique_strict', 'jsonb_build_array', 'jsonb_build_object', 'jsonb_populate_record',
    'jsonb_populate_recordset', 'jsonb_to_record', 'jsonb_to_recordset', 'jsonb_path_exists_tz', 'jsonb_path_match_tz',
    'jsonb_path_query_tz', 'jsonb_path_query_array_tz', 'jsonb_path_query_first_tz', 'xml', 'xml_is_well_formed',
    -- text search
    'to_tsvector', 'to_tsquery', 'plainto_tsquery', 'phraseto_tsquery', 'websearch_to_tsquery', 'json_to_tsvector',
    'jsonb_to_tsvector', 'ts_headline', 'ts_match_tq', 'ts_match_tt'
  ];
$$ language sql immutable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.allowed_builtins() from public;
--! EndIncluded functions/app_private/allowed_builtins.sql
--! Included functions/app_private/definition_faults.sql
/*
 * definition_faults(relation): what a view or materialized view uses that people's SQL may not use; no row: nothing.
 *
 * Reads the server's own analysed tree (pg_rewrite.ev_action), so there is no second parser to disagree with, and works
 * before anything has run (create … with no data). pg_depend would not do: it does not record built-ins.
 *
 * A definition may read tables, materialized views and plain views of its own workspace. A plain view counts as what it
 * reads, so it is checked through, with the same rules.
 */
create or replace function app_private.definition_faults(relation oid) returns table (fault text) as $$
  with recursive trees (rel, tree, depth) as (
    select ev_class, ev_action::text, 0 from pg_rewrite where ev_class = definition_faults.relation
    union   -- not "all": each view once
    select r.ev_class, r.ev_action::text, t.depth + 1
      from trees t
      cross join lateral (select distinct m[1]::oid as oid from regexp_matches(t.tree, ':relid (\d+)', 'g') m) used
      join pg_class c on c.oid = used.oid and c.relkind = 'v' and c.relnamespace = (select relnamespace from pg_class where oid = definition_faults.relation)
      join pg_rewrite r on r.ev_class = c.oid and r.ev_class <> t.rel
     where t.depth < 16
  ),
  relations as (
    select distinct m[1]::oid as oid from trees, regexp_matches(tree, ':relid (\d+)', 'g') m where m[1] <> '0'
    except select rel from trees where depth = 0
  ),
  operators as (
    select distinct m[1]::oid as oid from trees, regexp_matches(tree, ':(?:opno|sortop|eqop) (\d+)', 'g') m where m[1] <> '0'
    union
    select distinct o::oid from trees, regexp_matches(tree, ':opnos \(o ([\d ]+)\)', 'g') m, regexp_split_to_table(btrim(m[1]), ' +') o
  ),
  functions as (
    select distinct m[1]::oid as oid
      from trees, regexp_matches(tree, ':(?:funcid|aggfnoid|winfnoid|opfuncid|hashfuncid|negfuncid|tsmhandler|startInRangeFunc|endInRangeFunc) (\d+)', 'g') m
     where m[1] <> '0'
    union
    select oprcode::oid from operators join pg_operator using (oid)
  ),
  types as (
    select distinct m[1]::oid as oid from trees, regexp_matches(tree, ':\w*[tT]ype(?:id)? (\d+)', 'g') m
    union
    select distinct o::oid from trees, regexp_matches(tree, ':\w*[tT]ypes \(o ([\d ]+)\)', 'g') m, regexp_split_to_table(btrim(m[1]), ' +') o
  )
  select 'read ' || c.relname
    from relations join pg_class c using (oid)
   where c.relkind not in ('r', 'm', 'p', 'v')
      or c.relnamespace <> (select relnamespace from pg_class where oid = definition_faults.relation)
  union all
  select 'call ' || p.proname || '()'
    from functions join pg_proc p using (oid)
   where p.oid >= 16384   -- not a built-in
      or p.provolatile <> 'i' and p.proname <> all (app_private.allowed_builtins())
      or p.provolatile <> 'i' and p.proname = 'length' and p.pronargs <> 2   -- the one that is not immutable takes an encoding
  union all
  select 'use the operator ' || o.oprname from operators join pg_operator o using (oid) where o.oid >= 16384
  union all
  -- 16450::regclass::text turns a number into somebody's name without any function in the tree
  select 'use the type ' || t.typname
    from types join pg_type t using (oid)
    left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
   where coalesce(e.typname, t.typname) in ('regclass', 'regcollation', 'regnamespace', 'regoper', 'regoperator', 'regproc',
           'regprocedure', 'regrole', 'regtype', 'aclitem', 'refcursor', 'pg_node_tree', 'pg_ddl_command', 'txid_snapshot', 'pg_snapshot')
      or t.typnamespace not in ('pg_catalog'::regnamespace, (select relnamespace from pg_class where oid = definition_faults.relation))
  union all
  select 'lock rows (FOR UPDATE, FOR SHARE)' where exists (select from trees where tree ~ ':rowMarks \(')
  union all
  select 'nest views deeper than 16' where exists (select from trees where depth >= 16);
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.definition_faults(oid) from public;
--! EndIncluded functions/app_private/definition_faults.sql
--! Included functions/app_private/check_definition.sql
/*
 * check_definition(relation): refuses (TMDEF) a view or materialized view of the caller's workspace that uses what
 * people's SQL may not use.
 *
 * Called by server/matviews/define.ts on a connection that logged in as ws_<id>, between `create … with no data` and
 * the first refresh, in one transaction: nothing of a refused definition has run, nothing of it stays. Writes nothing.
 *
 * Owner's rights, because the catalogs are closed to workspaces (setup/80-harden.sql). Somebody else's relation and one
 * that is not there answer alike.
 */
create or replace function app_private.check_definition(relation regclass) returns void as $$
declare
  v_faults text;
begin
  if not exists (select from pg_class where oid = check_definition.relation and relkind in ('m', 'v') and pg_get_userbyid(relowner) = session_user) then
    raise exception 'There is no such view' using errcode = 'TMNOF';
  end if;
  select string_agg(distinct f.fault, ', ') into v_faults from app_private.definition_faults(check_definition.relation) f;
  if v_faults is not null then
    raise exception 'A definition may not %', v_faults using errcode = 'TMDEF',
      hint = 'It is one SELECT over tables and views of its workspace, with functions that only compute.';
  end if;
end;
$$ language plpgsql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.check_definition(regclass) from public;
grant execute on function app_private.check_definition(regclass) to app_workspace;
--! EndIncluded functions/app_private/check_definition.sql
--! Included functions/app_public/rename_workspace.sql
/*
 * rename_workspace(name): the name that people see. The id, and with it schema and role, stays for ever.
 */
create or replace function app_public.rename_workspace(name text) returns app_public.workspaces as $$
declare
  v_id text := app_private.require_owner();
  v_workspace app_public.workspaces;
begin
  if coalesce(btrim(rename_workspace.name), '') = '' or length(rename_workspace.name) > 200 or rename_workspace.name ~ '[[:cntrl:]]' then
    raise exception 'A workspace''s name has 1 to 200 characters' using errcode = 'TMNAM';
  end if;
  update app_public.workspaces w set name = btrim(rename_workspace.name) where w.id = v_id returning * into v_workspace;
  return v_workspace;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.rename_workspace(text) is E'Change the name of your workspace. Owners only.';

revoke all on function app_public.rename_workspace(text) from public;
grant execute on function app_public.rename_workspace(text) to app_workspace;
--! EndIncluded functions/app_public/rename_workspace.sql
--! Included functions/app_public/retention_days.sql
/*
 * retention_days(): for how long this installation keeps events, their rows, runs and deliveries. The operator's setting
 * (app_private.settings.retention_days): one log for all workspaces, dropped by the day.
 */
create or replace function app_public.retention_days() returns int as $$
  select s.retention_days from app_private.settings s;
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.retention_days() is
  E'For how many days events, their rows, runs and deliveries are kept. The operator of this installation says so.';

revoke all on function app_public.retention_days() from public;
grant execute on function app_public.retention_days() to app_workspace, app_reader;
--! EndIncluded functions/app_public/retention_days.sql
--! Included functions/app_public/set_workspace_limits.sql
/*
 * set_workspace_limits(…): owners choose, up to what the operator allows (app_private.settings). What is not given stays.
 * The trigger of workspaces carries the new limits to the roles; they hold from the next connection on.
 */
create or replace function app_public.set_workspace_limits(
  refresh_timeout_ms int default null,
  connection_limit int default null,
  temp_file_limit_bytes bigint default null,
  storage_quota_bytes bigint default null,
  max_matview_rows bigint default null
) returns app_public.workspaces as $$
declare
  v_id text := app_private.require_owner();
  v_caps app_private.settings;
  v_workspace app_public.workspaces;
  v_over text;
begin
  select * into v_caps from app_private.settings;
  select string_agg(format('%s at most %s', what, cap), ', ') into v_over
    from (values ('refresh_timeout_ms', set_workspace_limits.refresh_timeout_ms::bigint, v_caps.max_refresh_timeout_ms::bigint),
                 ('connection_limit', set_workspace_limits.connection_limit, v_caps.max_connection_limit),
                 ('temp_file_limit_bytes', set_workspace_limits.temp_file_limit_bytes, v_caps.max_temp_file_limit_bytes),
                 ('storage_quota_bytes', set_workspace_limits.storage_quota_bytes, v_caps.max_storage_quota_bytes),
                 ('max_matview_rows', set_workspace_limits.max_matview_rows, v_caps.max_max_matview_rows)) l (what, wanted, cap)
   where wanted > cap;
  if v_over is not null then
    raise exception 'The operator allows less: %', v_over using errcode = 'TMARG', hint = 'Ask whoever runs this server for more.';
  end if;
  update app_public.workspaces w
     set refresh_timeout_ms = coalesce(set_workspace_limits.refresh_timeout_ms, w.refresh_timeout_ms),
         connection_limit = coalesce(set_workspace_limits.connection_limit, w.connection_limit),
         temp_file_limit_bytes = coalesce(set_workspace_limits.temp_file_limit_bytes, w.temp_file_limit_bytes),
         storage_quota_bytes = coalesce(set_workspace_limits.storage_quota_bytes, w.storage_quota_bytes),
         max_matview_rows = coalesce(set_workspace_limits.max_matview_rows, w.max_matview_rows)
   where w.id = v_id returning * into v_workspace;
  return v_workspace;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.set_workspace_limits(int, int, bigint, bigint, bigint) is
  E'Set the limits of your workspace, up to what the operator allows. What you leave out stays as it is. Owners only.';

revoke all on function app_public.set_workspace_limits(int, int, bigint, bigint, bigint) from public;
grant execute on function app_public.set_workspace_limits(int, int, bigint, bigint, bigint) to app_workspace;
--! EndIncluded functions/app_public/set_workspace_limits.sql
--! Included functions/app_public/archive_workspace.sql
/*
 * archive_workspace(): everybody becomes a reader and the schedules rest, until an owner restores it
 * (POST /auth/workspaces/<id>/restore: from inside, all are readers).
 */
create or replace function app_public.archive_workspace() returns app_public.workspaces as $$
declare
  v_id text := app_private.require_owner();
  v_workspace app_public.workspaces;
begin
  update app_public.workspaces w set archived_at = coalesce(w.archived_at, now()) where w.id = v_id returning * into v_workspace;
  return v_workspace;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.archive_workspace() is
  E'Put your workspace to rest: its data can be read, nothing can be changed, its schedules do not run. Owners only.';

revoke all on function app_public.archive_workspace() from public;
grant execute on function app_public.archive_workspace() to app_workspace;
--! EndIncluded functions/app_public/archive_workspace.sql
--! Included functions/app_public/create_api_token.sql
/*
 * create_api_token(name, role, expires_at): a token for programs, of this workspace and of at most the caller's role.
 *
 * A token cannot make tokens: a leaked one must not outlive its revocation. Returns the secret, the only time that
 * anybody sees it: tm_<prefix>_<43 characters>.
 */
create or replace function app_public.create_api_token(name text, role app_public.member_role default 'reader', expires_at timestamptz default null)
returns app_public.new_api_token as $$
declare
  v_account bigint := app_hidden.current_account_id();
  v_rank text[] := array['reader', 'editor', 'owner'];
  v_prefix text := substr(replace(gen_random_uuid()::text, '-', ''), 1, 8);
  v_new app_public.new_api_token;
begin
  if v_account is null or nullif(current_setting('app.token_id', true), '') is not null then
    raise exception 'Only a person who is signed in can make a token' using errcode = 'TMPER';
  end if;
  if array_position(v_rank, create_api_token.role::text) > array_position(v_rank, app_hidden.member_role()::text) then
    raise exception 'A token may not do more than you may' using errcode = 'TMPER', hint = format('You are %s here.', app_hidden.member_role());
  end if;
  if coalesce(btrim(create_api_token.name), '') = '' or length(create_api_token.name) > 200 then
    raise exception 'A token''s name has 1 to 200 characters' using errcode = 'TMNAM';
  end if;
  if create_api_token.expires_at <= now() then
    raise exception 'The token would have expired already' using errcode = 'TMARG';
  end if;

  insert into app_public.api_tokens (workspace, account_id, role, name, prefix, expires_at)
  values (app_hidden.current_workspace(), v_account, create_api_token.role, btrim(create_api_token.name), v_prefix, create_api_token.expires_at)
  returning api_tokens.id, api_tokens.name, api_tokens.role, api_tokens.expires_at into v_new.id, v_new.name, v_new.role, v_new.expires_at;
  v_new.secret := 'tm_' || v_prefix || '_' || app_private.make_secret();
  insert into app_private.api_token_secrets values (v_new.id, app_private.hash_secret(v_new.secret));
  return v_new;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.create_api_token(text, app_public.member_role, timestamptz) is
  E'Make an API token for this workspace. Its secret is shown this once.';

revoke all on function app_public.create_api_token(text, app_public.member_role, timestamptz) from public;
grant execute on function app_public.create_api_token(text, app_public.member_role, timestamptz) to app_workspace, app_reader;
--! EndIncluded functions/app_public/create_api_token.sql
--! Included functions/app_public/revoke_api_token.sql
/*
 * revoke_api_token(id): from now on the token is worth nothing, and its open sockets close. One's own, or as an owner
 * any of the workspace.
 */
create or replace function app_public.revoke_api_token(id uuid) returns boolean as $$
begin
  delete from app_public.api_tokens t
   where t.id = revoke_api_token.id and t.workspace = app_hidden.current_workspace()
     and (t.account_id = app_hidden.current_account_id() or app_hidden.member_role()::text = 'owner');
  if not found then raise exception 'There is no such token' using errcode = 'TMNOF'; end if;
  return true;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.revoke_api_token(uuid) is E'End an API token at once. Your own, or as an owner any of the workspace.';

revoke all on function app_public.revoke_api_token(uuid) from public;
grant execute on function app_public.revoke_api_token(uuid) to app_workspace, app_reader;
--! EndIncluded functions/app_public/revoke_api_token.sql
--! Included functions/app_public/invite_member.sql
/*
 * invite_member(role, email): a link that makes its first visitor a member. Good for 7 days, once. There is no mail
 * server: the owner sends the link.
 */
create or replace function app_public.invite_member(role app_public.member_role default 'reader', email text default null)
returns app_public.new_invite as $$
declare
  v_workspace text := app_private.require_owner();
  v_new app_public.new_invite;
begin
  if (select count(*) from app_public.invites i where i.workspace = v_workspace and i.accepted_at is null and i.expires_at > now()) >= 100 then
    raise exception 'A workspace has at most 100 open invites' using errcode = 'TMRAT', hint = 'Withdraw some first.';
  end if;
  if length(invite_member.email) > 254 or invite_member.email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
    raise exception 'This is not an e-mail address' using errcode = 'TMARG';
  end if;
  insert into app_public.invites (workspace, role, email, invited_by)
  values (v_workspace, invite_member.role, invite_member.email, app_hidden.current_account_id())
  returning invites.id, invites.role, invites.email, invites.expires_at into v_new.id, v_new.role, v_new.email, v_new.expires_at;
  v_new.secret := app_private.make_secret();
  v_new.path := '/invite/' || v_new.secret;
  insert into app_private.invite_secrets values (v_new.id, app_private.hash_secret(v_new.secret));
  return v_new;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.invite_member(app_public.member_role, text) is
  E'Make a link that lets one person into your workspace. Send it to them: `path` follows the address of this server. Owners only.';

revoke all on function app_public.invite_member(app_public.member_role, text) from public;
grant execute on function app_public.invite_member(app_public.member_role, text) to app_workspace;
--! EndIncluded functions/app_public/invite_member.sql
--! Included functions/app_public/revoke_invite.sql
/*
 * revoke_invite(id): the link is worth nothing from now on.
 */
create or replace function app_public.revoke_invite(id uuid) returns boolean as $$
declare
  v_workspace text := app_private.require_owner();
begin
  delete from app_public.invites i where i.id = revoke_invite.id and i.workspace = v_workspace and i.accepted_at is null;
  if not found then raise exception 'There is no such invite' using errcode = 'TMNOF'; end if;
  return true;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.revoke_invite(uuid) is E'Withdraw an invite that nobody has used. Owners only.';

revoke all on function app_public.revoke_invite(uuid) from public;
grant execute on function app_public.revoke_invite(uuid) to app_workspace;
--! EndIncluded functions/app_public/revoke_invite.sql
--! Included functions/app_public/accept_invite.sql
/*
 * accept_invite(secret): join the workspace that the invite leads to. Returns its id.
 */
create or replace function app_public.accept_invite(secret text) returns text as $$
begin
  if app_hidden.current_account_id() is null or nullif(current_setting('app.token_id', true), '') is not null then
    raise exception 'Only a person who is signed in can accept an invite' using errcode = 'TMPER';
  end if;
  return app_private.accept_invite(accept_invite.secret, app_hidden.current_account_id());
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.accept_invite(text) is E'Use an invite that somebody sent you. Returns the id of the workspace that you are a member of now.';

revoke all on function app_public.accept_invite(text) from public;
grant execute on function app_public.accept_invite(text) to app_workspace, app_reader;
--! EndIncluded functions/app_public/accept_invite.sql
--! Included functions/app_public/change_member_role.sql
/*
 * change_member_role(account_id, role): make a member more or less. The last owner stays one (TMOWN).
 */
create or replace function app_public.change_member_role(account_id bigint, role app_public.member_role) returns app_public.members as $$
declare
  v_workspace text := app_private.require_owner();
  v_member app_public.members;
begin
  update app_public.members m set role = change_member_role.role
   where m.workspace = v_workspace and m.account_id = change_member_role.account_id returning * into v_member;
  if not found then raise exception 'There is no such member' using errcode = 'TMNOF'; end if;
  return v_member;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.change_member_role(bigint, app_public.member_role) is
  E'Make a member of your workspace owner, editor or reader. Owners only.';

revoke all on function app_public.change_member_role(bigint, app_public.member_role) from public;
grant execute on function app_public.change_member_role(bigint, app_public.member_role) to app_workspace;
--! EndIncluded functions/app_public/change_member_role.sql
--! Included functions/app_public/remove_member.sql
/*
 * remove_member(account_id): they are out at once: their tokens of this workspace go too, their sockets close.
 */
create or replace function app_public.remove_member(account_id bigint) returns boolean as $$
declare
  v_workspace text := app_private.require_owner();
begin
  delete from app_public.members m where m.workspace = v_workspace and m.account_id = remove_member.account_id;
  if not found then raise exception 'There is no such member' using errcode = 'TMNOF'; end if;
  delete from app_public.api_tokens t where t.workspace = v_workspace and t.account_id = remove_member.account_id;
  return true;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.remove_member(bigint) is E'Put a member out of your workspace. Their API tokens end too. Owners only.';

revoke all on function app_public.remove_member(bigint) from public;
grant execute on function app_public.remove_member(bigint) to app_workspace;
--! EndIncluded functions/app_public/remove_member.sql
--! Included functions/app_public/leave_workspace.sql
/*
 * leave_workspace(): the caller is no member any more. The last owner cannot leave (TMOWN).
 */
create or replace function app_public.leave_workspace() returns boolean as $$
declare
  v_account bigint := app_hidden.current_account_id();
begin
  if v_account is null or nullif(current_setting('app.token_id', true), '') is not null then
    raise exception 'Only a person who is signed in can leave' using errcode = 'TMPER';
  end if;
  delete from app_public.members m where m.workspace = app_hidden.current_workspace() and m.account_id = v_account;
  delete from app_public.api_tokens t where t.workspace = app_hidden.current_workspace() and t.account_id = v_account;
  return true;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.leave_workspace() is E'Leave this workspace. Your API tokens for it end. The last owner hands over first.';

revoke all on function app_public.leave_workspace() from public;
grant execute on function app_public.leave_workspace() to app_workspace, app_reader;
--! EndIncluded functions/app_public/leave_workspace.sql
--! Included functions/app_public/hand_over_workspace.sql
/*
 * hand_over_workspace(account_id): that member becomes an owner, the caller an editor. In this order, so that there is
 * an owner at every moment.
 */
create or replace function app_public.hand_over_workspace(account_id bigint) returns boolean as $$
declare
  v_workspace text := app_private.require_owner();
  v_me bigint := app_hidden.current_account_id();
begin
  if v_me is null or v_me = hand_over_workspace.account_id then
    raise exception 'A workspace is handed over by one person to another' using errcode = 'TMARG';
  end if;
  update app_public.members m set role = 'owner' where m.workspace = v_workspace and m.account_id = hand_over_workspace.account_id;
  if not found then raise exception 'There is no such member' using errcode = 'TMNOF'; end if;
  update app_public.members m set role = 'editor' where m.workspace = v_workspace and m.account_id = v_me;
  return true;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.hand_over_workspace(bigint) is E'Make another member the owner; you become an editor. Owners only.';

revoke all on function app_public.hand_over_workspace(bigint) from public;
grant execute on function app_public.hand_over_workspace(bigint) to app_workspace;
--! EndIncluded functions/app_public/hand_over_workspace.sql
--! Included policies/accounts.sql
-- Accounts: everybody sees themselves and the members of the workspace that they act in; changes only their own name.
alter table app_public.accounts enable row level security;

drop policy if exists select_self on app_public.accounts;
create policy select_self on app_public.accounts for select using (id = app_hidden.current_account_id());
drop policy if exists select_fellow on app_public.accounts;
create policy select_fellow on app_public.accounts for select using (
  exists (select from app_public.members m where m.account_id = accounts.id and m.workspace = app_hidden.current_workspace()));
drop policy if exists update_self on app_public.accounts;
create policy update_self on app_public.accounts for update using (id = app_hidden.current_account_id());

grant select on app_public.accounts to app_workspace, app_reader;
grant update (name) on app_public.accounts to app_workspace, app_reader;
--! EndIncluded policies/accounts.sql
--! Included policies/api_tokens.sql
-- API tokens: one's own of this workspace; owners see all of it. Made and ended by functions only.
alter table app_public.api_tokens enable row level security;

drop policy if exists select_own on app_public.api_tokens;
create policy select_own on app_public.api_tokens for select using (
  workspace = app_hidden.current_workspace()
  and (account_id = app_hidden.current_account_id() or app_hidden.member_role()::text = 'owner'));

grant select on app_public.api_tokens to app_workspace, app_reader;
--! EndIncluded policies/api_tokens.sql
--! Included policies/invites.sql
-- Invites: owners see those of their workspace. Made, withdrawn and accepted by functions only.
alter table app_public.invites enable row level security;

drop policy if exists select_owner on app_public.invites;
create policy select_owner on app_public.invites for select using (
  workspace = app_hidden.current_workspace() and app_hidden.member_role()::text = 'owner');

grant select on app_public.invites to app_workspace;
--! EndIncluded policies/invites.sql
--! Included policies/audit_log.sql
-- The audit log: owners read what happened in their workspace, and the sign-ins of its members (which are of no workspace).
alter table app_public.audit_log enable row level security;

drop policy if exists select_owner on app_public.audit_log;
create policy select_owner on app_public.audit_log for select using (
  app_hidden.member_role()::text = 'owner'
  and (workspace = app_hidden.current_workspace()   -- since it was made: an earlier workspace of this name is nobody's business
         and exists (select from app_public.workspaces w where w.id = audit_log.workspace and w.created_at <= audit_log.at)
       or workspace is null and exists (
         select from app_public.members m where m.account_id = audit_log.account_id and m.workspace = app_hidden.current_workspace())));

grant select on app_public.audit_log to app_workspace;
--! EndIncluded policies/audit_log.sql
--! Included policies/direct.sql
-- Direct logins (psql, Metabase, Grafana) read what Tidemark records of their own workspace, so that a program elsewhere can
-- LISTEN and catch up. No function of the API is granted to them: they cannot act.
grant select on app_public.matviews, app_public.schedules, app_public.runs,
  app_public.matview_refresh_events, app_public.matview_refresh_changes to app_direct;
grant execute on function app_hidden.acting_role(), app_hidden.current_workspace(), app_hidden.current_account_id(), app_hidden.member_role() to app_direct;
--! EndIncluded policies/direct.sql
--! Included triggers/workspaces.sql
/*
 * The limits in the table are those of the role: statement_timeout, connections, temporary files. (The quota and the row
 * limit are looked up at every refresh.)
 */
create or replace function app_private.tg_workspaces__apply_limits() returns trigger as $$
begin
  perform app_private.apply_workspace_limits(NEW.id, NEW.refresh_timeout_ms, NEW.connection_limit, NEW.temp_file_limit_bytes);
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_workspaces__apply_limits() from public;

create or replace trigger _500_apply_limits
  after insert or update of refresh_timeout_ms, connection_limit, temp_file_limit_bytes on app_public.workspaces
  for each row execute function app_private.tg_workspaces__apply_limits();
--! EndIncluded triggers/workspaces.sql
--! Included triggers/members.sql
/*
 * A workspace always has an owner: the last one can neither leave nor be made less, only hand over.
 *
 * Locks the workspace's row first, so that two owners who leave at once do not each count the other. A workspace that
 * is being dropped takes its members with it.
 */
create or replace function app_private.tg_members__keep_an_owner() returns trigger as $$
begin
  perform from app_public.workspaces where id = OLD.workspace for update;
  if found and not exists (select from app_public.members m where m.workspace = OLD.workspace and m.role = 'owner') then
    raise exception 'A workspace needs an owner' using errcode = 'TMOWN', hint = 'Hand the workspace over first, or drop it.';
  end if;
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_members__keep_an_owner() from public;

create or replace trigger _200_keep_an_owner after delete or update of role, workspace on app_public.members
  for each row when (OLD.role = 'owner') execute function app_private.tg_members__keep_an_owner();
--! EndIncluded triggers/members.sql
--! Included triggers/audit.sql
-- What the audit log hears of by itself. Arguments: noun, the column that names the subject, the columns to note.
create or replace trigger _800_audit after insert or delete or update of name, archived_at on app_public.workspaces
  for each row execute function app_private.tg__audit('workspace', 'id', 'name', 'archived_at');

create or replace trigger _800_audit after insert or delete or update of role on app_public.members
  for each row execute function app_private.tg__audit('member', 'account_id', 'role');

create or replace trigger _800_audit after insert or delete on app_public.api_tokens
  for each row execute function app_private.tg__audit('token', 'name', 'role', 'prefix', 'expires_at');

create or replace trigger _800_audit after insert or delete or update of accepted_by on app_public.invites
  for each row execute function app_private.tg__audit('invite', 'email', 'role', 'accepted_by');

create or replace trigger _800_audit after insert or delete or update of name, definition, key, notify_when on app_public.matviews
  for each row execute function app_private.tg__audit('matview', 'name', 'name', 'definition', 'key', 'notify_when');

create or replace trigger _800_audit after insert or delete or update of schedule on app_public.schedules
  for each row execute function app_private.tg__audit('schedule', 'matview_id', 'schedule');
--! EndIncluded triggers/audit.sql
--! Included triggers/audit_log.sql
-- The audit log only grows.
create or replace function app_private.tg_audit_log__append_only() returns trigger as $$
begin
  raise exception 'The audit log is append-only' using errcode = 'TMPER';
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_audit_log__append_only() from public;

create or replace trigger _200_append_only before update or delete or truncate on app_public.audit_log
  for each statement execute function app_private.tg_audit_log__append_only();
--! EndIncluded triggers/audit_log.sql
--! Included triggers/access.sql
/*
 * What ends somebody's access wakes the servers, which then ask the tables anew and close the sockets of those whose
 * access is gone (server/auth/sockets.ts). The payload only says whom to ask about: anybody who can send statements
 * can send this NOTIFY, and it must be worth nothing to them.
 */
create or replace function app_private.tg__access_changed() returns trigger as $$
begin
  perform pg_notify('access_changed', '{}');
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg__access_changed() from public;

create or replace trigger _900_access after delete on app_private.sessions
  for each statement execute function app_private.tg__access_changed();
create or replace trigger _900_access after delete or update of role, expires_at on app_public.api_tokens
  for each statement execute function app_private.tg__access_changed();
create or replace trigger _900_access after delete or update of role on app_public.members
  for each statement execute function app_private.tg__access_changed();
create or replace trigger _900_access after delete or update of archived_at on app_public.workspaces
  for each statement execute function app_private.tg__access_changed();
--! EndIncluded triggers/access.sql
--! Included cron/forget_attempts.sql
-- Every hour at :41: attempts, links, invites and sessions that nothing asks for any more.
insert into app_private.upkeep_jobs (name, schedule, command)
values ('forget_attempts', '41 * * * *', 'select app_private.forget_attempts()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/forget_attempts.sql
--! Included cron/finish_drops.sql
-- Every hour at :23: what is left of workspaces whose drop was cut off (finish_drops).
insert into app_private.upkeep_jobs (name, schedule, command)
values ('finish_drops', '23 * * * *', 'select app_private.finish_drops()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/finish_drops.sql

--! split: 30-uploads.sql
-- Uploads: one row per file that came in, written while it comes (progress) and kept as its provenance.

create type app_public.upload_state as enum ('running', 'done', 'failed', 'cancelled');
comment on type app_public.upload_state is E'running: bytes are coming. done: committed. failed, cancelled: nothing of it is there.';

create table app_public.uploads (
  id bigint generated always as identity primary key,
  workspace text not null references app_public.workspaces (id) on delete cascade,
  account_id bigint,
  state app_public.upload_state not null default 'running',
  table_name text,
  file_name text,
  mode text not null,
  on_error text not null,
  -- of the file as it was sent, before decompression; total is null when the sender did not say
  bytes bigint not null default 0,
  bytes_total bigint,
  rows bigint not null default 0,
  rejected bigint not null default 0,
  repaired bigint not null default 0,
  sha256 text,
  -- an earlier upload of the same bytes into this workspace
  same_as bigint references app_public.uploads (id) on delete set null,
  dialect jsonb,
  columns jsonb,
  error_code text,
  error text,
  error_line bigint,
  error_column text,
  cancel_requested boolean not null default false,
  started_at timestamptz not null default now(),
  -- moves about twice a second while bytes come: what stands still is dead (app_private.fail_stale_uploads)
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  duration_ms int
);
create index uploads_workspace_id_idx on app_public.uploads (workspace, id desc);
create index uploads_workspace_sha256_idx on app_public.uploads (workspace, sha256) where state = 'done';
create index uploads_same_as_idx on app_public.uploads (same_as);
create index uploads_running_idx on app_public.uploads (updated_at) where state = 'running';

comment on table app_public.uploads is E'Every file that was sent to this workspace: its progress while it comes, afterwards where its rows come from.';
comment on column app_public.uploads.bytes is E'Bytes received so far, as they were sent (compressed, if they were).';
comment on column app_public.uploads.bytes_total is E'Bytes that the sender announced; null when it did not.';
comment on column app_public.uploads.rejected is E'Records that were not loaded; they lie in <table>_rejects.';
comment on column app_public.uploads.repaired is E'Records that were loaded after a repair (fields added or cut); listed in <table>_rejects as well.';
comment on column app_public.uploads.sha256 is E'SHA-256 of the file as it was sent.';
comment on column app_public.uploads.same_as is E'An earlier upload of the very same file, if there was one.';
comment on column app_public.uploads.dialect is E'How the file was read: delimiter, quote, escape, line end, encoding, header, lines skipped before it.';
comment on column app_public.uploads.columns is E'Names and types of the columns.';

--! Included functions/app_hidden/finish_upload.sql
/*
 * finish_upload(): the last statement of a load's transaction, in the caller's role: the row says "done" exactly when the
 * rows are there. Also notes an earlier upload of the same bytes. A definer function, because nobody may write uploads.
 */
create or replace function app_hidden.finish_upload(upload_id bigint, result jsonb) returns bigint as $$
declare
  v_same bigint;
begin
  select u.id into v_same
    from app_public.uploads u
   where u.workspace = app_hidden.current_workspace() and u.state = 'done' and u.sha256 = result ->> 'sha256' and u.id <> upload_id
   order by u.id desc limit 1;
  update app_public.uploads u
     set state = 'done', table_name = result ->> 'table', bytes = (result ->> 'bytes')::bigint, rows = (result ->> 'rows')::bigint,
         rejected = (result ->> 'rejected')::bigint, repaired = (result ->> 'repaired')::bigint, sha256 = result ->> 'sha256',
         dialect = result -> 'dialect', columns = result -> 'columns', same_as = v_same, updated_at = clock_timestamp(),
         finished_at = clock_timestamp(), duration_ms = (extract(epoch from clock_timestamp() - u.started_at) * 1000)::int
   where u.id = upload_id and u.workspace = app_hidden.current_workspace() and u.state = 'running';
  if not found then
    raise exception 'The upload was cancelled' using errcode = 'TMCAN';
  end if;
  return v_same;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.finish_upload(bigint, jsonb) from public;
grant execute on function app_hidden.finish_upload(bigint, jsonb) to app_workspace;
--! EndIncluded functions/app_hidden/finish_upload.sql
--! Included functions/app_public/cancel_upload.sql
/*
 * cancel_upload(upload_id): asks the server that is loading it to stop; it looks about twice a second. Editors and owners.
 */
create or replace function app_public.cancel_upload(upload_id bigint) returns app_public.uploads as $$
declare
  v_upload app_public.uploads;
begin
  update app_public.uploads u set cancel_requested = true
   where u.id = upload_id and u.workspace = app_hidden.current_workspace() and u.state = 'running'
  returning * into v_upload;
  if not found then
    raise exception 'There is no such upload under way' using errcode = 'TMNOF';
  end if;
  return v_upload;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.cancel_upload(bigint) is E'Stop an upload that is under way. Nothing of it remains.';

revoke all on function app_public.cancel_upload(bigint) from public;
grant execute on function app_public.cancel_upload(bigint) to app_workspace;
--! EndIncluded functions/app_public/cancel_upload.sql
--! Included functions/app_private/fail_stale_uploads.sql
/*
 * fail_stale_uploads(): uploads whose server died: "running", but not touched for a minute (a live server touches its own
 * twice a second). Called by the upload route when a server starts and every minute; another server's uploads are safe.
 */
create or replace function app_private.fail_stale_uploads(older_than interval default '1 minute') returns int as $$
declare
  v_count int;
begin
  update app_public.uploads u
     set state = 'failed', error_code = 'TMOOP', error = 'The server stopped while the file was coming; nothing of it is there', finished_at = now(),
         updated_at = now(), duration_ms = least(extract(epoch from now() - u.started_at) * 1000, 2147483647)::int
   where u.state = 'running' and u.updated_at < now() - fail_stale_uploads.older_than;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.fail_stale_uploads(interval) from public;
--! EndIncluded functions/app_private/fail_stale_uploads.sql
--! Included triggers/uploads.sql
-- Progress is live: whoever watches uploads hears of every step. One NOTIFY per statement, at most two a second per upload.
create or replace function app_private.tg_uploads__notify() returns trigger as $$
begin
  perform pg_notify('table_change_channel', '[{"r":"app_public.uploads"}]');
  return null;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_uploads__notify() from public;

create or replace trigger _900_notify after insert or update on app_public.uploads
  for each statement execute function app_private.tg_uploads__notify();
--! EndIncluded triggers/uploads.sql
--! Included policies/uploads.sql
-- Uploads: everybody of a workspace reads them. Written by the server (app_owner) and by finish_upload and cancel_upload only.
alter table app_public.uploads enable row level security;

create policy select_workspace on app_public.uploads for select using (workspace = app_hidden.current_workspace());

grant select on app_public.uploads to app_workspace, app_reader;
--! EndIncluded policies/uploads.sql

--! split: 40-live.sql
-- Live queries: who watches what, and the changes that the elected pump (server/live/pump.ts) collects. Triggers on people's
-- tables are made while somebody watches them and taken away afterwards, so this part makes nothing in a workspace.

create table app_private.live_watches (
  workspace text not null,
  rel text not null,
  server uuid not null,
  until timestamptz not null,
  primary key (workspace, rel, server)
);
create index live_watches_until_idx on app_private.live_watches (until);
alter table app_private.live_watches enable row level security;
comment on table app_private.live_watches is E'What the servers watch. A lease: a server that died stops renewing, and its watches end. `workspace` is the schema.';

-- Unlogged: after a crash it is empty, and so are the servers' memories of what they sent.
create unlogged table app_private.live_changes (
  rel text not null,
  op "char" not null,
  keys text[]
);
alter table app_private.live_changes enable row level security;
comment on table app_private.live_changes is E'Changes of our own tables while somebody watches them; those of a workspace lie in its _live_changes.';

--! Included functions/app_hidden/dependents_of.sql
/*
 * dependents_of(relation, column): the views, materialized views and foreign keys that need a relation of the caller's workspace
 * or one column of it, in the order in which they can be made again; with all that making them again takes. Called by
 * server/tables before it renames, retypes or drops.
 *
 * With owner's rights: a workspace may not read pg_get_viewdef and its like. It learns nothing but its own.
 */
create or replace function app_hidden.dependents_of(relation text, "column" text default null)
returns table (name text, kind text, definition text, grants text[], comment text, indexes text[], "constraint" text) as $$
  with recursive target as (
    select c.oid, a.attnum from pg_class c
      left join pg_attribute a on a.attrelid = c.oid and a.attname = dependents_of."column" and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = to_regnamespace('ws_' || app_hidden.current_workspace()) and c.relname = dependents_of.relation
  ),
  views (oid, level) as (
    select r.ev_class, 1 from target t
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.classid = 'pg_rewrite'::regclass
                      and (dependents_of."column" is null or d.refobjsubid = t.attnum)
      join pg_rewrite r on r.oid = d.objid and r.ev_class <> t.oid
    union
    select r.ev_class, v.level + 1 from views v
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite r on r.oid = d.objid and r.ev_class <> v.oid
  ),
  ordered as (select oid, max(level) as level from views group by oid)
  select c.relname::text, case c.relkind when 'm' then 'matview' else 'view' end,
         coalesce((select m.definition from app_public.matviews m where m.workspace = app_hidden.current_workspace() and m.name = c.relname and c.relkind = 'm'),
                  rtrim(pg_get_viewdef(c.oid), '; ')),
         array(select format('grant %s on %I.%I to %s', x.privilege_type, c.relnamespace::regnamespace::text, c.relname, coalesce(quote_ident(g.rolname), 'public'))
                 from aclexplode(c.relacl) x left join pg_roles g on g.oid = x.grantee where x.grantee <> c.relowner),
         obj_description(c.oid, 'pg_class'),
         array(select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class x on x.oid = i.indexrelid
                where i.indrelid = c.oid and x.relname not like 'tidemark\_key\_%'),
         null
    from (select * from ordered order by level, oid) o join pg_class c on c.oid = o.oid
  union all
  select format('%s.%s', r.relname, k.conname), 'foreign key', null, null, null, null, k.conname
    from target t join pg_constraint k on k.contype = 'f' and k.confrelid = t.oid and k.conrelid <> t.oid
                    and (dependents_of."column" is null or t.attnum = any (k.confkey))
    join pg_class r on r.oid = k.conrelid;
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.dependents_of(text, text) from public;
grant execute on function app_hidden.dependents_of(text, text) to app_workspace;
--! EndIncluded functions/app_hidden/dependents_of.sql
--! Included functions/app_hidden/keep_definition.sql
/*
 * keep_definition(name): after a rename PostgreSQL still knows what a materialized view reads, but its author's text no longer
 * says it. Then the text becomes what PostgreSQL makes of the view. Called by server/tables in the same transaction.
 */
create or replace function app_hidden.keep_definition(name text) returns void as $$
  update app_public.matviews m
     set definition = rtrim(pg_get_viewdef(format('%I.%I', 'ws_' || m.workspace, m.name)::regclass), '; ')
   where m.workspace = app_hidden.current_workspace() and m.name = keep_definition.name;
$$ language sql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.keep_definition(text) from public;
grant execute on function app_hidden.keep_definition(text) to app_workspace;
--! EndIncluded functions/app_hidden/keep_definition.sql
--! Included functions/app_private/live_key.sql
/*
 * live_key(relation): the columns that name a row in change hints and live windows, in order: the primary key of a table,
 * the unique index of a view's rows. Null when there is none, or when a type's text depends on settings (timestamps, floats): then
 * every change of the relation concerns every live query on it.
 */
create or replace function app_private.live_key(relation regclass) returns text[] as $$
  select case when bool_and(a.atttypid = any ('{int2,int4,int8,numeric,text,varchar,uuid,bool}'::regtype[])) then array_agg(a.attname::text order by k.n) end
    from (select i.indexrelid, i.indkey::int2[] as columns from pg_index i
           where i.indrelid = live_key.relation and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
             and (i.indisprimary or (select relkind from pg_class where oid = live_key.relation) = 'm')
           order by i.indisprimary desc, i.indexrelid limit 1) one,
         unnest(one.columns) with ordinality k (attnum, n)
    join pg_attribute a on a.attrelid = live_key.relation and a.attnum = k.attnum;
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.live_key(regclass) from public;
grant execute on function app_private.live_key(regclass) to app_scheduler;
--! EndIncluded functions/app_private/live_key.sql
--! Included functions/app_private/live_sources.sql
/*
 * live_sources(schema, name): what a live query on the relation must hear of. One row, none if there is no such relation.
 *
 * tables: tables and materialized views that it reads, through views over views and down to partitions.
 * timed: its content changes without a write that we hear of: time or chance in a view, a function that cannot be looked
 *   into, a foreign table, a materialized view that is not in Tidemark's care.
 * personal: it may show different rows to different people of one role: a policy or a view that asks who is asking. What asks only
   for the workspace or the role does not.
 */
create or replace function app_private.live_sources(schema text, name text)
returns table (tables text[], timed boolean, personal boolean) as $$
  with recursive root as (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = live_sources.schema and c.relname = live_sources.name
  ),
  reads (oid) as (
    select oid from root
    union
    select coalesce(inherits.inhrelid, dep.refobjid)
      from reads
      join pg_class c on c.oid = reads.oid
      left join pg_inherits inherits on inherits.inhparent = reads.oid
      left join pg_rewrite rule on rule.ev_class = reads.oid and c.relkind = 'v'
      left join pg_depend dep on dep.classid = 'pg_rewrite'::regclass and dep.objid = rule.oid
                             and dep.refclassid = 'pg_class'::regclass and dep.refobjid <> reads.oid
     where coalesce(inherits.inhrelid, dep.refobjid) is not null
  ),
  relations as (select c.*, n.nspname from reads join pg_class c on c.oid = reads.oid join pg_namespace n on n.oid = c.relnamespace),
  calls as (
    select p.* from relations r
      join pg_rewrite rule on rule.ev_class = r.oid and r.relkind = 'v'
      cross join lateral (select distinct m[1]::oid as oid from regexp_matches(rule.ev_action::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m) f
      join pg_proc p on p.oid = f.oid
  ),
  asks as (   -- current_date … are 0 to 8, current_role … the rest
    select distinct m[1]::int as op from relations r join pg_rewrite rule on rule.ev_class = r.oid and r.relkind = 'v'
      cross join lateral regexp_matches(rule.ev_action::text, 'SQLVALUEFUNCTION :op (\d+)', 'g') m
  )
  select coalesce((select array_agg(format('%s.%s', nspname, relname) order by 1) from relations where relkind in ('r', 'p', 'm')), '{}'),
         exists (select from calls where oid >= 16384 or provolatile = 'v'
                    or proname in ('now', 'transaction_timestamp', 'statement_timestamp', 'age'))
           or exists (select from asks where op <= 8)
           or exists (select from relations where relkind = 'f')
           or exists (select from relations r where r.relkind = 'm' and not exists (
                select from app_public.matviews m where m.name = r.relname and r.nspname = coalesce('ws_' || m.workspace, 'app_private'))),
         exists (select from relations r join pg_policy y on y.polrelid = r.oid
                  cross join lateral regexp_matches(pg_get_expr(y.polqual, y.polrelid), '([a-z_.]+)\s*\(', 'gi') m
                  where r.relrowsecurity and y.polcmd in ('r', '*')
                    and lower(m[1]) not in ('app_hidden.current_workspace', 'app_hidden.acting_role', 'and', 'or', 'not', 'in', 'any'))
           or exists (select from calls where oid >= 16384 or proname = 'current_setting')
           or exists (select from asks where op > 8)
    from root;
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.live_sources(text, text) from public;
--! EndIncluded functions/app_private/live_sources.sql
--! Included functions/app_private/write_counters.sql
/*
 * write_counters(relations): for each `schema.name` a text that differs after writes (PostgreSQL's own counters) and after
 * TRUNCATE or REFRESH (the file changes). What live queries compare now and then, in case that a hint was lost.
 */
create or replace function app_private.write_counters(relations text[]) returns table (r text, counter text) as $$
  select u.r, concat_ws(' ', c.relfilenode, pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid))
    from unnest(write_counters.relations) u (r)
    join pg_namespace n on n.nspname = split_part(u.r, '.', 1)
    join pg_class c on c.relnamespace = n.oid and c.relname = substr(u.r, strpos(u.r, '.') + 1);
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.write_counters(text[]) from public;
--! EndIncluded functions/app_private/write_counters.sql
--! Included functions/app_private/live_watched.sql
/*
 * live_watched(): the relations that some server watches now; forgets the leases that ran out. `bare`: a table of a workspace
 * that has no capture triggers, because it is new, or was dropped and made again under its name. Called by the pump.
 */
create or replace function app_private.live_watched() returns table (schema text, rel text, bare boolean) as $$
  delete from app_private.live_watches w where w.until < now();
  select w.workspace, w.rel,
         w.workspace <> 'app_public' and exists (
           select from pg_class c
            where c.relnamespace = (select n.oid from pg_namespace n where n.nspname = w.workspace) and c.relname = w.rel and c.relkind in ('r', 'p')
              and not exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = '_900_live_insert'))
    from (select distinct x.workspace, x.rel from app_private.live_watches x) w;
$$ language sql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.live_watched() from public;
grant execute on function app_private.live_watched() to app_scheduler;
--! EndIncluded functions/app_private/live_watched.sql
--! Included functions/app_private/take_platform_changes.sql
/*
 * take_platform_changes(): takes the collected changes of our own tables. Called by the pump, in the transaction that sends
 * them on.
 */
create or replace function app_private.take_platform_changes() returns table (rel text, op "char", keys text[], old_keys text[]) as $$
  delete from app_private.live_changes c returning c.rel, c.op, c.keys, null::text[];
$$ language sql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.take_platform_changes() from public;
grant execute on function app_private.take_platform_changes() to app_scheduler;
--! EndIncluded functions/app_private/take_platform_changes.sql
--! Included functions/app_private/has_platform_changes.sql
/*
 * has_platform_changes(): whether take_platform_changes() has anything to take. Called by the pump in each round.
 */
create or replace function app_private.has_platform_changes() returns boolean as $$
  select exists (select from app_private.live_changes);
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.has_platform_changes() from public;
grant execute on function app_private.has_platform_changes() to app_scheduler;
--! EndIncluded functions/app_private/has_platform_changes.sql
--! Included functions/app_private/attach_capture.sql
/*
 * attach_capture(relation): makes the triggers that write a table's changes into _live_changes of its schema. Called by the
 * pump as app_scheduler, which inherits the table's owner, when somebody begins to watch. Does nothing to what is not an
 * ordinary table, and nothing where they are already.
 *
 * CREATE TRIGGER waits for the writers that are at work, so whoever reads after the commit of this sees what was written
 * without the triggers, and misses nothing written with them. lock_timeout bounds how long new writers queue behind it.
 *
 * Four functions are generated per table, one per kind of statement, each of one fixed INSERT: no EXECUTE, no branches, no
 * aggregate, and plans that stay; an UPDATE's old and new keys are compared by the pump. It is half the cost of building jsonb here,
 * and every writer pays it. Keys are text: one column gives an array, more give an array of arrays; 51 of them are one more than is
 * sent. Where Citus is, the transition table is read in a statement of its own, since on a shard it may not meet a real table; the
 * table's name is written out because there the trigger sees the shard's.
 * They run with the rights of app_scheduler, so that whoever may write the table needs no right on _live_changes. They set no
 * search_path (a fifth of their cost) and need none: every name is qualified, but for the transition tables, which come before any
 * relation, and types are cast to pg_catalog.text by what pg_cast says. Keep it so.
 */
create or replace function app_private.attach_capture(relation regclass) returns boolean as $$
declare
  v_key text[] := app_private.live_key(attach_capture.relation);
  v_schema text;
  v_name text;
  v_function text;
  v_keys text;
  v_op text;
  v_letter text;
  v_new text;
  v_old text;
  v_citus constant boolean := exists (select from pg_extension where extname = 'citus');
begin
  select n.nspname, c.relname into v_schema, v_name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = attach_capture.relation and c.relkind in ('r', 'p');
  if not found or exists (select from pg_trigger where tgrelid = attach_capture.relation and tgname = '_900_live_insert') then
    return false;
  end if;
  v_function := format('%I._live_%s', v_schema, attach_capture.relation::oid);
  select case when count(*) = 1 then string_agg(x, '') else format('array[%s]', string_agg(x, ', ' order by n)) end into v_keys
    from (select format('t.%I::pg_catalog.text', k.x), k.n from unnest(v_key) with ordinality k (x, n)) z (x, n);
  for v_op, v_letter, v_new, v_old in
    values ('insert', 'i', 'new_rows', null), ('delete', 'd', 'old_rows', null), ('update', 'u', 'new_rows', 'old_rows'), ('truncate', 't', null, null)
  loop
    v_new := case when v_key is null or v_new is null then 'null' else format('array(select %s from %s t limit 51)', v_keys, v_new) end;
    v_old := case when v_key is null or v_old is null then 'null' else format('array(select %s from %s t limit 51)', v_keys, v_old) end;
    execute format(
      case when v_citus then $function$
        create or replace function %1$s_%2$s() returns trigger as $body$
        declare v_new pg_catalog.text[] := %6$s; v_old pg_catalog.text[] := %7$s;
        begin
          insert into %3$I._live_changes (rel, op, keys, old_keys) values (%4$L, %5$L, v_new, v_old);
          return null;
        end;
        $body$ language plpgsql volatile security definer$function$
      else $function$
        create or replace function %1$s_%2$s() returns trigger as $body$
        begin
          insert into %3$I._live_changes (rel, op, keys, old_keys) values (%4$L, %5$L, %6$s, %7$s);
          return null;
        end;
        $body$ language plpgsql volatile security definer$function$ end,
      v_function, v_op, v_schema, v_name, v_letter, v_new, v_old);
    execute format('revoke all on function %s_%s() from public', v_function, v_op);
  end loop;

  set local citus.enable_unsafe_triggers to on;            -- an accepted placeholder on plain PostgreSQL
  -- transition tables allow one event per trigger
  execute format('create trigger _900_live_insert after insert on %s referencing new table as new_rows for each statement execute function %s_insert()', relation, v_function);
  execute format('create trigger _900_live_update after update on %s referencing old table as old_rows new table as new_rows for each statement execute function %s_update()', relation, v_function);
  execute format('create trigger _900_live_delete after delete on %s referencing old table as old_rows for each statement execute function %s_delete()', relation, v_function);
  execute format('create trigger _900_live_truncate after truncate on %s for each statement execute function %s_truncate()', relation, v_function);
  return true;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.attach_capture(regclass) from public;
grant execute on function app_private.attach_capture(regclass) to app_scheduler;
--! EndIncluded functions/app_private/attach_capture.sql
--! Included functions/app_private/detach_capture.sql
/*
 * detach_capture(relation): takes the capture triggers away when nobody watches any more. DROP TRIGGER locks readers out
 * for a moment, so the pump calls it with a short lock_timeout, and again later if it could not.
 */
create or replace function app_private.detach_capture(relation regclass) returns void as $$
declare
  v_function text;
  v_op text;
begin
  select format('%I._live_%s', n.nspname, c.oid) into v_function
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = detach_capture.relation;
  set local citus.enable_unsafe_triggers to on;
  foreach v_op in array array['insert', 'update', 'delete', 'truncate'] loop
    execute format('drop trigger if exists %I on %s', '_900_live_' || v_op, relation);
    execute format('drop function if exists %s_%s()', v_function, v_op);
  end loop;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.detach_capture(regclass) from public;
grant execute on function app_private.detach_capture(regclass) to app_scheduler;
--! EndIncluded functions/app_private/detach_capture.sql
--! Included functions/app_private/tg__live_change.sql
/*
 * The trigger of our own tables (app_public): writes which rows changed, while a server watches the table. They are written
 * rarely, so their triggers stay; the name of a row is its column `id`, if it has one.
 */
create or replace function app_private.tg__live_change() returns trigger as $$
declare
  v_keys text[];
begin
  if not exists (select from app_private.live_watches where workspace = 'app_public' and rel = TG_ARGV[0]) then
    return null;
  end if;
  if TG_OP = 'INSERT' then
    v_keys := array(select to_jsonb(t) ->> 'id' from new_rows t limit 51);
  elsif TG_OP = 'UPDATE' then
    v_keys := array(select to_jsonb(t) ->> 'id' from new_rows t limit 51);
  else
    v_keys := array(select to_jsonb(t) ->> 'id' from old_rows t limit 51);
  end if;
  if v_keys <> '{}' then
    insert into app_private.live_changes (rel, op, keys)
    values (TG_ARGV[0], case TG_OP when 'INSERT' then 'i' when 'UPDATE' then 'u' else 'd' end, v_keys);
  end if;
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg__live_change() from public;
--! EndIncluded functions/app_private/tg__live_change.sql
--! Included functions/app_private/watch_platform_tables.sql
/*
 * watch_platform_tables(): gives every table of app_public its live triggers. Called by the pump when it is elected, so that
 * a table that a migration adds needs no word about it. Partitions are left to their parents.
 */
create or replace function app_private.watch_platform_tables() returns void as $$
declare
  v_table record;
begin
  for v_table in
    select c.oid::regclass as name, c.relname
      from pg_class c
     where c.relnamespace = 'app_public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = '_900_live_insert')
  loop
    execute format('create trigger _900_live_insert after insert on %s referencing new table as new_rows for each statement execute function app_private.tg__live_change(%L)', v_table.name, v_table.relname);
    execute format('create trigger _900_live_update after update on %s referencing new table as new_rows for each statement execute function app_private.tg__live_change(%L)', v_table.name, v_table.relname);
    execute format('create trigger _900_live_delete after delete on %s referencing old table as old_rows for each statement execute function app_private.tg__live_change(%L)', v_table.name, v_table.relname);
  end loop;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp set lock_timeout to '2s';

revoke all on function app_private.watch_platform_tables() from public;
grant execute on function app_private.watch_platform_tables() to app_scheduler;
--! EndIncluded functions/app_private/watch_platform_tables.sql
--! Included functions/app_private/tg_matview_refresh_events__live.sql
/*
 * Live queries on a materialized view hear of a refresh by the keys of its changed rows, in the transaction of the event.
 * A refresh that is not announced is told by refresh_matview itself.
 */
create or replace function app_private.tg_matview_refresh_events__live() returns trigger as $$
declare
  v_relation text := format('%s.%s', coalesce('ws_' || NEW.workspace, 'app_private'), NEW.matview_name);
  v_key text[];
  v_keys jsonb;
  v_hint jsonb := jsonb_build_object('r', v_relation);
begin
  if NEW.inserted + NEW.updated + NEW.deleted <= 50 then
    v_key := app_private.live_key(to_regclass(format('%I.%I', coalesce('ws_' || NEW.workspace, 'app_private'), NEW.matview_name)));
    select jsonb_agg((select jsonb_agg(c.key ->> x order by n) from unnest(v_key) with ordinality k (x, n)))
      into v_keys from app_public.matview_refresh_changes c where c.refresh_id = NEW.refresh_id and v_key <@ array(select jsonb_object_keys(c.key));
    if v_keys is not null and octet_length(v_keys::text) < 4000 then
      v_hint := v_hint || jsonb_build_object('k', v_keys, 'op', 'iud');
    end if;
  end if;
  perform pg_notify('table_change_channel', jsonb_build_array(v_hint)::text);
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_matview_refresh_events__live() from public;
--! EndIncluded functions/app_private/tg_matview_refresh_events__live.sql
--! Included functions/app_private/on_ddl.sql
/*
 * on_ddl(): NOTIFY schema_changed with the workspaces whose relations have changed, whoever changed them: the API, an upload,
 * psql. The function of an event trigger (setup/90-event-triggers.sql).
 *
 * GRANT and REVOKE report no schema: then it is the acting workspace's own, or ["*"] when the role is none. Our bookkeeping
 * (names that begin with _) and what the platform does inside functions of its own is nobody's news.
 */
create or replace function app_private.on_ddl() returns event_trigger as $$
declare
  v_role name := coalesce(nullif(current_setting('role'), 'none'), session_user);
  v_schemas jsonb;
begin
  if TG_TAG in ('GRANT', 'REVOKE') then
    if not exists (select from pg_event_trigger_ddl_commands() d where d.object_type in ('TABLE', 'COLUMN', 'FOREIGN TABLE')) then
      return;                                      -- on a schema, a function: the API shows nothing of it
    end if;
    v_schemas := case when v_role like 'ws\_%' then jsonb_build_array(v_role)
                      when v_role not in ('app_owner', 'app_roleadmin', 'app_scheduler') then '["*"]' end;
  else
    select jsonb_agg(distinct d.schema_name) into v_schemas
      from pg_event_trigger_ddl_commands() d
      left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
     where (d.schema_name like 'ws\_%' or d.schema_name = 'app_public') and coalesce(c.relname not like '\_%', true) and not coalesce(c.relispartition, false);
  end if;
  if v_schemas is not null then
    perform pg_notify('schema_changed', case when octet_length(v_schemas::text) < 7000 then jsonb_build_object('schemas', v_schemas) else '{"schemas": ["*"]}' end::text);
  end if;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.on_ddl() from public;
--! EndIncluded functions/app_private/on_ddl.sql
--! Included functions/app_private/on_ddl_drop.sql
/*
 * on_ddl_drop(): as on_ddl(), for what was dropped. Triggers and functions are no news: the API shows neither.
 */
create or replace function app_private.on_ddl_drop() returns event_trigger as $$
declare
  v_schemas jsonb;
begin
  select jsonb_agg(distinct schema_name) into v_schemas
    from pg_event_trigger_dropped_objects()
   where (schema_name like 'ws\_%' or schema_name = 'app_public')
     and object_type in ('table', 'view', 'materialized view', 'foreign table', 'table column', 'table constraint', 'index', 'type', 'schema')
     and coalesce(object_name not like '\_%', true) and not is_temporary;
  if v_schemas is not null then
    perform pg_notify('schema_changed', case when octet_length(v_schemas::text) < 7000 then jsonb_build_object('schemas', v_schemas) else '{"schemas": ["*"]}' end::text);
  end if;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.on_ddl_drop() from public;
--! EndIncluded functions/app_private/on_ddl_drop.sql
--! Included functions/app_private/schema_fingerprints.sql
/*
 * schema_fingerprints(schemas): for each schema a text that differs after DDL, comments and grants on its relations. The server
 * compares it after its LISTEN connection was lost, to keep the APIs that it has built; where event triggers cannot be made (no
 * superuser), every second. `told`: event triggers tell of DDL here.
 *
 * Of a relation by what it says and not by its row's xmin: each refresh and each watch writes that row.
 */
create or replace function app_private.schema_fingerprints(schemas text[], out told boolean, out seen jsonb) as $$
  select exists (select from pg_event_trigger where evtname = 'tidemark_ddl' and evtenabled <> 'D'),
    (select jsonb_object_agg(n.nspname, md5(concat_ws('|',
       (select string_agg(concat_ws(' ', c.oid, c.relname, c.relkind, c.relacl, c.relrowsecurity, c.reltype), ',' order by c.oid) from pg_class c
         where c.relnamespace = n.oid and c.relname not like '\_%' and c.relkind in ('r', 'v', 'm', 'p', 'f') and not c.relispartition),
       (select string_agg(concat_ws(' ', a.attrelid, a.attnum, a.xmin), ',' order by a.attrelid, a.attnum) from pg_attribute a
          join pg_class c on c.oid = a.attrelid
         where c.relnamespace = n.oid and c.relname not like '\_%' and a.attnum > 0 and c.relkind in ('r', 'v', 'm', 'p', 'f') and not c.relispartition),
       (select string_agg(concat_ws(' ', o.oid, o.xmin), ',' order by o.oid) from pg_constraint o join pg_class c on c.oid = o.conrelid
         where o.connamespace = n.oid and not c.relispartition),
       (select string_agg(concat_ws(' ', i.indexrelid, i.indisunique, i.indkey), ',' order by i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid
         where c.relnamespace = n.oid and c.relname not like '\_%' and not c.relispartition),
       (select string_agg(concat_ws(' ', f.oid, f.xmin), ',' order by f.oid) from pg_proc f where f.pronamespace = n.oid and f.proname not like '\_%'),
       (select string_agg(concat_ws(' ', t.oid, t.xmin), ',' order by t.oid) from pg_type t where t.typnamespace = n.oid and t.typtype in ('e', 'd', 'r')),
       (select string_agg(concat_ws(' ', d.objoid, d.objsubid, d.xmin), ',' order by d.objoid, d.objsubid) from pg_description d
          join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass where c.relnamespace = n.oid)))) from pg_namespace n where n.nspname = any (schemas));
$$ language sql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.schema_fingerprints(text[]) from public;
--! EndIncluded functions/app_private/schema_fingerprints.sql
--! Included triggers/live.sql
-- matview_refresh_events: what live queries on the view need to hear. Everybody else hears _900_notify (matview_refresh_events.sql).
create or replace trigger _910_live after insert on app_public.matview_refresh_events
  for each row when (NEW.status = 'new') execute function app_private.tg_matview_refresh_events__live();
--! EndIncluded triggers/live.sql

--! split: 50-webhooks.sql
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

--! Included functions/app_hidden/events_lost.sql
/*
 * events_lost(): the highest event id of the acting workspace that is not kept any more; 0 when all are. Whoever asks for
 * the events after a smaller id has missed some, and is told so (server/events/catch-up.ts); a program with a direct login asks
 * by itself.
 *
 * Exact per workspace for what roll_partitions has dropped, so that a quiet workspace's old cursor stays good while others
 * were busy. Partitions that somebody dropped by hand count for all: nobody knows whose events they held.
 */
create or replace function app_hidden.events_lost() returns bigint as $$
  select greatest(
      coalesce((select last_id from app_private.dropped_events where workspace = app_hidden.current_workspace()), 0),
      case when oldest - 1 > coalesce((select max(last_id) from app_private.dropped_events), 0) then oldest - 1 else 0 end)
    from (select coalesce((select min(id) from app_public.matview_refresh_events),
                          (select last_id + 1 from app_private.event_counter)) as oldest) kept;
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.events_lost() from public;
grant execute on function app_hidden.events_lost() to app_workspace, app_reader, app_direct;
--! EndIncluded functions/app_hidden/events_lost.sql
--! Included functions/app_hidden/last_event_id.sql
/*
 * last_event_id(): the id of the last event of the installation; 0 when there was none yet. A cursor beyond it comes from another
 * database, or from before a restore.
 */
create or replace function app_hidden.last_event_id() returns bigint as $$
  select last_id from app_private.event_counter;
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.last_event_id() from public;
grant execute on function app_hidden.last_event_id() to app_workspace, app_reader;
--! EndIncluded functions/app_hidden/last_event_id.sql
--! Included functions/app_private/check_webhook.sql
/*
 * check_webhook(workspace, url, matview): what can be known of a webhook before it is used, or an error. Whether the address
 * leads into a private network is known only when it is called: the server looks there (server/http/safe-post.ts).
 */
create or replace function app_private.check_webhook(workspace text, url text, matview text) returns void as $$
begin
  if check_webhook.url is null or length(check_webhook.url) > 2000
     or check_webhook.url !~* '^https?://[^[:space:][:cntrl:]/?#@\\]+([/?#][^[:space:][:cntrl:]]*)?$' then
    raise exception 'A webhook goes to an address that begins with https:// or http://'
      using errcode = 'TMURL', hint = 'No user or password in it, no spaces, at most 2,000 characters.';
  end if;
  if check_webhook.matview is not null
     and not exists (select from app_public.matviews m where m.workspace = check_webhook.workspace and m.name = check_webhook.matview) then
    raise exception 'There is no materialized view %', check_webhook.matview using errcode = 'TMNOF';
  end if;
end;
$$ language plpgsql stable set search_path to pg_catalog, pg_temp;

revoke all on function app_private.check_webhook(text, text, text) from public;
--! EndIncluded functions/app_private/check_webhook.sql
--! Included functions/app_private/make_webhook_secret.sql
/*
 * make_webhook_secret(): a secret as Standard Webhooks writes it: whsec_ and 32 bytes in base64, 244 bits of them random.
 */
create or replace function app_private.make_webhook_secret() returns text as $$
  select 'whsec_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64');
$$ language sql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.make_webhook_secret() from public;
--! EndIncluded functions/app_private/make_webhook_secret.sql
--! Included functions/app_private/own_webhook.sql
/*
 * own_webhook(id): the webhook, if it is of the acting workspace, locked until commit; else TMNOF.
 */
create or replace function app_private.own_webhook(id bigint) returns app_public.webhooks as $$
declare
  w app_public.webhooks;
begin
  select * into w from app_public.webhooks h where h.id = own_webhook.id and h.workspace = app_hidden.current_workspace() for no key update;
  if not found then
    raise exception 'There is no such webhook' using errcode = 'TMNOF';
  end if;
  return w;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.own_webhook(bigint) from public;
--! EndIncluded functions/app_private/own_webhook.sql
--! Included functions/app_private/queue_webhook.sql
/*
 * queue_webhook(webhook_ids, due, keep_due): for each webhook the job that sends what it has pending, in order, until nothing
 * is left. At most one waits per webhook (the key), and none runs beside another (the queue bears the same name). Called by
 * the trigger on events, in the event's transaction, and wherever a webhook may go on.
 *
 * keep_due: a job that waits for its time goes on waiting. The loop: when a worker takes the job in the very moment in
 * which add_jobs would change it, graphile-worker does neither change nor add one, and returns no row for it.
 */
create or replace function app_private.queue_webhook(webhook_ids bigint[], due timestamptz default now(), keep_due boolean default false) returns void as $$
declare
  v_left bigint[] := webhook_ids;
  v_done text[];
begin
  while cardinality(v_left) > 0 loop
    v_done := array(
      select key from graphile_worker.add_jobs(
        array(select ('deliver_webhook', json_build_object('webhook', id), 'webhook ' || id, due, 25, 'webhook ' || id, null, null)::graphile_worker.job_spec
                from unnest(v_left) id),
        keep_due));
    v_left := array(select id from unnest(v_left) id where 'webhook ' || id <> all (v_done));
  end loop;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.queue_webhook(bigint[], timestamptz, boolean) from public;
--! EndIncluded functions/app_private/queue_webhook.sql
--! Included functions/app_private/finish_delivery.sql
/*
 * finish_delivery(…): writes down an attempt and decides what follows. Called by the server's worker after every attempt.
 * Returns 'delivered', 'retry', 'failed' or 'disabled'.
 *
 * The webhook's way: working -> (failure) waiting: exp(attempt) seconds, at most an hour, or what Retry-After asks ->
 * (12 failures of one delivery: it is given up) circuit open: the next delivery is tried once, then one attempt an hour that
 * gives nothing up -> (success) working, or (5 days without any success, or 410, or a refused address) disabled.
 * So one delivery that the receiver cannot bear costs itself, and an outage of days costs at most one.
 */
create or replace function app_private.finish_delivery(
  delivery_id bigint, started_at timestamptz, duration_ms numeric, request_headers jsonb, request_body text,
  response_status int, response_body text, error text, refused boolean default false, retry_after_s int default 0
) returns text as $$
declare
  d app_public.deliveries;
  w app_public.webhooks;
  v_error text := finish_delivery.error;
  v_delivered boolean := coalesce(finish_delivery.response_status between 200 and 299, false);
  v_gone text := case when finish_delivery.refused then coalesce(finish_delivery.error, 'The address is not allowed')
                      when finish_delivery.response_status = 410 then 'The receiver answered 410: it is gone' end;
  v_by_hand boolean;
  v_give_up boolean;
  v_retry timestamptz;
begin
  select * into d from app_public.deliveries where id = finish_delivery.delivery_id for no key update;
  if not found then
    return 'failed';                                   -- the webhook was dropped while its message was on the way
  end if;
  select * into w from app_public.webhooks where id = d.webhook_id for no key update;
  v_by_hand := d.reason in ('again', 'test');
  v_give_up := v_by_hand or (not w.circuit_open and d.attempts + 1 >= 12);
  insert into app_public.delivery_attempts
  values (d.id, d.attempts + 1, d.workspace, finish_delivery.started_at, finish_delivery.duration_ms, finish_delivery.request_headers,
          finish_delivery.request_body, finish_delivery.response_status, finish_delivery.response_body, v_error);
  update app_public.deliveries u
     set attempts = d.attempts + 1, last_attempt_at = finish_delivery.started_at, duration_ms = finish_delivery.duration_ms,
         response_status = finish_delivery.response_status, error = v_error,
         status = case when v_delivered then 'delivered' when v_give_up then 'failed' else 'pending' end::app_public.delivery_status
   where u.id = d.id;

  if v_delivered then
    update app_public.webhooks u
       set failures = 0, failing_since = null, circuit_open = false, retry_at = null, last_delivered_at = clock_timestamp(),
           last_event_id = case when v_by_hand then w.last_event_id else greatest(w.last_event_id, d.event_id) end
     where u.id = w.id;
    if w.circuit_open then
      perform app_private.write_audit(w.workspace, 'webhook.recovered', w.name);
    end if;
    if w.failures > 0 and w.state = 'active' then
      perform app_private.queue_webhook(array[w.id]);
    end if;
    return 'delivered';
  end if;
  if v_gone is not null and w.state <> 'disabled' then
    update app_public.webhooks u set state = 'disabled', disabled_reason = v_gone, retry_at = null, updated_at = now() where u.id = w.id;
    return 'disabled';
  end if;
  if v_by_hand then
    return 'failed';
  end if;
  if w.failing_since < now() - interval '5 days' then
    update app_public.webhooks u
       set state = 'disabled', disabled_reason = 'No attempt has succeeded for 5 days', retry_at = null, updated_at = now() where u.id = w.id;
    return 'disabled';
  end if;
  v_retry := clock_timestamp() + case
    when v_give_up then interval '0'
    when w.circuit_open then interval '1 hour'
    else least(greatest(exp(least(d.attempts + 1, 10)), coalesce(finish_delivery.retry_after_s, 0)), 3600) * interval '1 second' end;
  update app_public.webhooks u
     set failures = w.failures + 1, failing_since = coalesce(w.failing_since, clock_timestamp()), retry_at = v_retry,
         circuit_open = w.circuit_open or v_give_up
   where u.id = w.id;
  if v_give_up then
    perform app_private.write_audit(w.workspace, 'webhook.circuit_opened', w.name,
      jsonb_build_object('failures', w.failures + 1, 'event', d.event_id, 'error', v_error));
  end if;
  perform app_private.queue_webhook(array[w.id], v_retry);
  return case when v_give_up then 'failed' else 'retry' end;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.finish_delivery(bigint, timestamptz, numeric, jsonb, text, int, text, text, boolean, int) from public;
--! EndIncluded functions/app_private/finish_delivery.sql
--! Included functions/app_private/wake_webhooks.sql
/*
 * wake_webhooks(): a job for every webhook that has something due and no job for it. Called by the worker at its start and
 * once a minute: whatever happened to a job, a delivery is never forgotten. Returns how many it woke.
 */
create or replace function app_private.wake_webhooks() returns int as $$
declare
  v_webhook bigint;
  v_woken int := 0;
begin
  for v_webhook in
    select w.id from app_public.webhooks w
     where w.state = 'active' and coalesce(w.retry_at, now()) <= now()
       and exists (select from app_public.deliveries d where d.webhook_id = w.id and d.status = 'pending' and d.reason in ('event', 'replay'))
       and not exists (select from graphile_worker.jobs j where j.queue_name = 'webhook ' || w.id and j.run_at <= now() and j.attempts < j.max_attempts)
  loop
    perform app_private.queue_webhook(array[v_webhook]);
    v_woken := v_woken + 1;
  end loop;
  return v_woken;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.wake_webhooks() from public;
--! EndIncluded functions/app_private/wake_webhooks.sql
--! Included functions/app_private/free_dead_workers.sql
/*
 * free_dead_workers(ids): of these servers those that still hold no lock are dead: their jobs are free at once, and their
 * rows go. Returns how many. Called by the worker with what it found dead a moment ago: a server whose connection was
 * cut takes its lock again within that moment.
 */
create or replace function app_private.free_dead_workers(ids int[]) returns int as $$
declare
  v_dead record;
  v_freed int := 0;
begin
  for v_dead in select w.id, w.pool_id from app_private.workers w where w.id = any (ids) loop
    if pg_try_advisory_xact_lock(7469, v_dead.id) then
      delete from app_private.workers w where w.id = v_dead.id;
      if found then
        perform graphile_worker.force_unlock_workers(array[v_dead.pool_id]);
        v_freed := v_freed + 1;
      end if;
    end if;
  end loop;
  if v_freed > 0 then
    perform pg_notify('jobs:insert', '{"count":10}');  -- graphile-worker's own sign to look for jobs
  end if;
  return v_freed;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.free_dead_workers(int[]) from public;
--! EndIncluded functions/app_private/free_dead_workers.sql
--! Included functions/app_private/purge_deliveries.sql
/*
 * purge_deliveries(): the delivery log is kept as long as the events. What is still pending by then goes too: its event is
 * gone. Also the secrets that a rotation has replaced.
 */
create or replace function app_private.purge_deliveries() returns void as $$
begin
  delete from app_public.deliveries where created_at < now() - (select retention_days from app_private.settings) * interval '1 day';
  delete from app_private.webhook_secrets where expires_at < now();
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

revoke all on function app_private.purge_deliveries() from public;
--! EndIncluded functions/app_private/purge_deliveries.sql
--! Included functions/app_public/create_webhook.sql
/*
 * create_webhook(url, name, matview, with_changes): from now on events are sent there. Returns the secret that signs them,
 * the only time that anybody sees it. For editors and owners.
 */
create or replace function app_public.create_webhook(url text, name text default null, matview text default null, with_changes boolean default false)
returns app_public.new_webhook as $$
declare
  v_workspace text := app_hidden.current_workspace();
  w app_public.webhooks;
  v_secret text := app_private.make_webhook_secret();
begin
  perform app_private.check_webhook(v_workspace, create_webhook.url, create_webhook.matview);
  if (select count(*) from app_public.webhooks h where h.workspace = v_workspace) >= 100 then
    raise exception 'A workspace has at most 100 webhooks' using errcode = 'TMLIM', hint = 'Drop one that is not needed.';
  end if;
  insert into app_public.webhooks (workspace, name, url, matview, with_changes)
  values (v_workspace, left(coalesce(nullif(btrim(create_webhook.name), ''), substring(create_webhook.url from '^https?://([^/?#]+)'), 'webhook'), 200),
          create_webhook.url, create_webhook.matview, coalesce(create_webhook.with_changes, false))
  returning * into w;
  insert into app_private.webhook_secrets (webhook_id, secret) values (w.id, v_secret);
  return row(w.id, w.name, w.url, w.matview, v_secret)::app_public.new_webhook;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.create_webhook(text, text, text, boolean) is
  E'Send every event of the workspace, or of one view, to an address. The secret that signs the messages is shown this once.';

revoke all on function app_public.create_webhook(text, text, text, boolean) from public;
grant execute on function app_public.create_webhook(text, text, text, boolean) to app_workspace;
--! EndIncluded functions/app_public/create_webhook.sql
--! Included functions/app_public/alter_webhook.sql
/*
 * alter_webhook(id, …): changes what is given and leaves the rest. `all_matviews` takes the restriction to one view away.
 * Another address begins anew: what counted against the old one is forgotten.
 */
create or replace function app_public.alter_webhook(
  id bigint, url text default null, name text default null, matview text default null, all_matviews boolean default false, with_changes boolean default null
) returns app_public.webhooks as $$
declare
  w app_public.webhooks := app_private.own_webhook(alter_webhook.id);
  v_moved boolean := alter_webhook.url is not null and alter_webhook.url <> w.url;
begin
  perform app_private.check_webhook(w.workspace, coalesce(alter_webhook.url, w.url), alter_webhook.matview);
  update app_public.webhooks h
     set url = coalesce(alter_webhook.url, w.url),
         name = left(coalesce(nullif(btrim(alter_webhook.name), ''), w.name), 200),
         matview = case when alter_webhook.all_matviews then null else coalesce(alter_webhook.matview, w.matview) end,
         with_changes = coalesce(alter_webhook.with_changes, w.with_changes),
         failures = case when v_moved then 0 else w.failures end,
         failing_since = case when not v_moved then w.failing_since end,
         circuit_open = w.circuit_open and not v_moved,
         retry_at = case when not v_moved then w.retry_at end,
         updated_at = now()
   where h.id = w.id returning * into w;
  if v_moved and w.state = 'active' then
    perform app_private.queue_webhook(array[w.id]);
  end if;
  return w;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.alter_webhook(bigint, text, text, text, boolean, boolean) is
  E'Change a webhook: what is not given stays.';

revoke all on function app_public.alter_webhook(bigint, text, text, text, boolean, boolean) from public;
grant execute on function app_public.alter_webhook(bigint, text, text, text, boolean, boolean) to app_workspace;
--! EndIncluded functions/app_public/alter_webhook.sql
--! Included functions/app_public/rotate_webhook_secret.sql
/*
 * rotate_webhook_secret(id, keep_old): a new secret. Messages are signed with both until the old one ends, so that the
 * receiver can change over without losing one. An older one still around ends now: two are active at most.
 */
create or replace function app_public.rotate_webhook_secret(id bigint, keep_old interval default interval '24 hours') returns app_public.new_webhook as $$
declare
  w app_public.webhooks := app_private.own_webhook(rotate_webhook_secret.id);
  v_secret text := app_private.make_webhook_secret();
begin
  delete from app_private.webhook_secrets s where s.webhook_id = w.id and s.expires_at is not null;
  update app_private.webhook_secrets s
     set expires_at = now() + least(greatest(coalesce(keep_old, interval '0'), interval '0'), interval '30 days') where s.webhook_id = w.id;
  insert into app_private.webhook_secrets (webhook_id, secret) values (w.id, v_secret);
  perform app_private.write_audit(w.workspace, 'webhook.secret_rotated', w.name);
  return row(w.id, w.name, w.url, w.matview, v_secret)::app_public.new_webhook;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.rotate_webhook_secret(bigint, interval) is
  E'Make a new secret, shown this once. The old one signs too for as long as keepOld says (24 hours), so that the receiver can change over.';

revoke all on function app_public.rotate_webhook_secret(bigint, interval) from public;
grant execute on function app_public.rotate_webhook_secret(bigint, interval) to app_workspace;
--! EndIncluded functions/app_public/rotate_webhook_secret.sql
--! Included functions/app_public/pause_webhook.sql
/*
 * pause_webhook(id): nothing is sent until enable_webhook. Events that come are kept for it, as long as retention keeps them.
 */
create or replace function app_public.pause_webhook(id bigint) returns app_public.webhooks as $$
declare
  w app_public.webhooks := app_private.own_webhook(pause_webhook.id);
begin
  update app_public.webhooks h set state = 'paused', disabled_reason = null, updated_at = now() where h.id = w.id returning * into w;
  return w;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.pause_webhook(bigint) is
  E'Hold a webhook: events are kept for it and sent when it is enabled again.';

revoke all on function app_public.pause_webhook(bigint) from public;
grant execute on function app_public.pause_webhook(bigint) to app_workspace;
--! EndIncluded functions/app_public/pause_webhook.sql
--! Included functions/app_public/enable_webhook.sql
/*
 * enable_webhook(id): goes on at once, after a pause, or after it was disabled; what is kept for it is sent. What came while
 * it was disabled is not kept: replay_webhook(id, last_event_id + 1) sends it.
 */
create or replace function app_public.enable_webhook(id bigint) returns app_public.webhooks as $$
declare
  w app_public.webhooks := app_private.own_webhook(enable_webhook.id);
begin
  update app_public.webhooks h
     set state = 'active', disabled_reason = null, failures = 0, failing_since = null, circuit_open = false, retry_at = null, updated_at = now()
   where h.id = w.id returning * into w;
  perform app_private.queue_webhook(array[w.id]);
  return w;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.enable_webhook(bigint) is
  E'Let a paused or disabled webhook go on. What came while it was disabled can be sent with replayWebhook.';

revoke all on function app_public.enable_webhook(bigint) from public;
grant execute on function app_public.enable_webhook(bigint) to app_workspace;
--! EndIncluded functions/app_public/enable_webhook.sql
--! Included functions/app_public/drop_webhook.sql
/*
 * drop_webhook(id): the webhook, its secrets and its log are gone; a message on its way is not stopped.
 */
create or replace function app_public.drop_webhook(id bigint) returns boolean as $$
declare
  w app_public.webhooks := app_private.own_webhook(drop_webhook.id);
begin
  delete from app_public.webhooks h where h.id = w.id;
  perform graphile_worker.remove_job('webhook ' || w.id);
  return true;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.drop_webhook(bigint) is
  E'Drop a webhook with its secrets and its log.';

revoke all on function app_public.drop_webhook(bigint) from public;
grant execute on function app_public.drop_webhook(bigint) to app_workspace;
--! EndIncluded functions/app_public/drop_webhook.sql
--! Included functions/app_public/test_webhook.sql
/*
 * test_webhook(id): sends a message of type webhook.test, once and at once, whatever state the webhook is in. Watch the
 * delivery's status. A success also ends an open circuit.
 */
create or replace function app_public.test_webhook(id bigint) returns app_public.deliveries as $$
declare
  w app_public.webhooks := app_private.own_webhook(test_webhook.id);
  d app_public.deliveries;
begin
  insert into app_public.deliveries (workspace, webhook_id, message_id, reason)
  values (w.workspace, w.id, 'test_' || gen_random_uuid(), 'test') returning * into d;
  perform graphile_worker.add_job('deliver_webhook', json_build_object('delivery', d.id), max_attempts := 3);
  return d;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.test_webhook(bigint) is
  E'Send a test message now, once. The delivery says how it went.';

revoke all on function app_public.test_webhook(bigint) from public;
grant execute on function app_public.test_webhook(bigint) to app_workspace;
--! EndIncluded functions/app_public/test_webhook.sql
--! Included functions/app_public/resend_delivery.sql
/*
 * resend_delivery(id): sends a delivery again, once and at once, with the same message id. For tests too.
 */
create or replace function app_public.resend_delivery(id bigint) returns app_public.deliveries as $$
declare
  d app_public.deliveries;
begin
  insert into app_public.deliveries (workspace, webhook_id, event_id, message_id, reason)
  select o.workspace, o.webhook_id, o.event_id, o.message_id, case o.reason when 'test' then 'test' else 'again' end
    from app_public.deliveries o where o.id = resend_delivery.id and o.workspace = app_hidden.current_workspace()
  returning * into d;
  if not found then
    raise exception 'There is no such delivery' using errcode = 'TMNOF', hint = 'The log is kept as long as the events.';
  end if;
  perform graphile_worker.add_job('deliver_webhook', json_build_object('delivery', d.id), max_attempts := 3);
  return d;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.resend_delivery(bigint) is
  E'Send a delivery again now, once, with the same message id.';

revoke all on function app_public.resend_delivery(bigint) from public;
grant execute on function app_public.resend_delivery(bigint) to app_workspace;
--! EndIncluded functions/app_public/resend_delivery.sql
--! Included functions/app_public/replay_webhook.sql
/*
 * replay_webhook(id, from_event_id): queues every kept event from that id on, in order, behind what is queued already. They carry the
 * message ids that they had, so that a receiver can tell what it has seen.
 */
create or replace function app_public.replay_webhook(id bigint, from_event_id bigint) returns app_public.webhook_replay as $$
declare
  w app_public.webhooks := app_private.own_webhook(replay_webhook.id);
  r app_public.webhook_replay;
begin
  if w.state = 'disabled' then
    raise exception 'The webhook is disabled' using errcode = 'TMARG', detail = w.disabled_reason, hint = 'Enable it first (enableWebhook).';
  end if;
  if coalesce(replay_webhook.from_event_id, -1) < 0 then
    raise exception 'A replay begins at the id of an event' using errcode = 'TMARG';
  end if;
  with queued as (
    insert into app_public.deliveries (workspace, webhook_id, event_id, message_id, reason)
    select w.workspace, w.id, e.id, format('evt_%s_%s', e.id, w.id), 'replay'
      from app_public.matview_refresh_events e
     where e.workspace = w.workspace and e.id >= replay_webhook.from_event_id and (w.matview is null or e.matview_name = w.matview)
     order by e.id
    returning event_id)
  select count(*), min(event_id), max(event_id), app_hidden.events_lost() < greatest(replay_webhook.from_event_id, 1) into r from queued;
  perform app_private.write_audit(w.workspace, 'webhook.replayed', w.name, to_jsonb(r));
  perform app_private.queue_webhook(array[w.id], greatest(now(), w.retry_at));
  return r;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

comment on function app_public.replay_webhook(bigint, bigint) is
  E'Send every kept event from this id on again, in order.';

revoke all on function app_public.replay_webhook(bigint, bigint) from public;
grant execute on function app_public.replay_webhook(bigint, bigint) to app_workspace;
--! EndIncluded functions/app_public/replay_webhook.sql
--! Included functions/app_public/webhooks_problem.sql
/*
 * webhooks_problem(webhook): in one sentence what is wrong with it; null when it works. A field of the API.
 */
create or replace function app_public.webhooks_problem(webhook app_public.webhooks) returns text as $$
  select case
    when webhook.state = 'disabled' then 'Disabled: ' || coalesce(webhook.disabled_reason, 'no reason given') || '.'
    when webhook.circuit_open then format('%s attempts in a row have failed since %s: only one an hour is made. Next one %s.', webhook.failures,
      to_char(webhook.failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), to_char(webhook.retry_at at time zone 'UTC', 'HH24:MI "UTC"'))
    when webhook.failures > 0 then format('%s attempts in a row have failed. Next one %s.', webhook.failures,
      coalesce(to_char(webhook.retry_at at time zone 'UTC', 'HH24:MI:SS "UTC"'), 'now'))
  end;
$$ language sql stable set search_path to pg_catalog, pg_temp;

comment on function app_public.webhooks_problem(app_public.webhooks) is E'In one sentence what is wrong with the webhook; null when it works.';

revoke all on function app_public.webhooks_problem(app_public.webhooks) from public;
grant execute on function app_public.webhooks_problem(app_public.webhooks) to app_workspace;
--! EndIncluded functions/app_public/webhooks_problem.sql
--! Included triggers/webhooks.sql
/*
 * What an event does for webhooks, in its own transaction: one delivery and one job for each that wants it. A disabled
 * webhook gets nothing; a paused one a delivery that waits.
 *
 * `for key share skip locked`: a webhook that is being dropped at this moment is passed over; without it the foreign key
 * would fail, and the refresh with it.
 */
create or replace function app_private.tg_matview_refresh_events__webhooks() returns trigger as $$
declare
  v_ids bigint[];
begin
  with hook as materialized (
    select w.id from app_public.webhooks w
     where w.workspace = NEW.workspace and w.state in ('active', 'paused') and (w.matview is null or w.matview = NEW.matview_name)
       for key share skip locked),
  made as (
    insert into app_public.deliveries (workspace, webhook_id, event_id, message_id, reason)
    select NEW.workspace, id, NEW.id, format('evt_%s_%s', NEW.id, id), 'event' from hook returning webhook_id)
  select array_agg(webhook_id) into v_ids from made;
  perform app_private.queue_webhook(v_ids, keep_due := true);
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_matview_refresh_events__webhooks() from public;

create or replace trigger _800_webhooks after insert on app_public.matview_refresh_events
  for each row execute function app_private.tg_matview_refresh_events__webhooks();

-- A webhook follows its view to a new name.
create or replace function app_private.tg_matviews__rename_webhooks() returns trigger as $$
begin
  update app_public.webhooks set matview = NEW.name, updated_at = now() where workspace = NEW.workspace and matview = OLD.name;
  return null;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.tg_matviews__rename_webhooks() from public;

create or replace trigger _500_rename_webhooks after update of name on app_public.matviews
  for each row when (OLD.name is distinct from NEW.name) execute function app_private.tg_matviews__rename_webhooks();

create or replace trigger _800_audit after insert or delete or update of name, url, matview, with_changes, state on app_public.webhooks
  for each row execute function app_private.tg__audit('webhook', 'name', 'name', 'url', 'matview', 'with_changes', 'state', 'disabled_reason');
--! EndIncluded triggers/webhooks.sql
--! Included policies/webhooks.sql
-- webhooks: editors and owners see those of the workspace that they act in. Not readers: an address may be a secret in itself.
alter table app_public.webhooks enable row level security;

drop policy if exists select_editor on app_public.webhooks;
create policy select_editor on app_public.webhooks for select using (workspace = app_hidden.current_workspace());

grant select on app_public.webhooks to app_workspace;
-- no insert, update, delete for anybody: the functions write, after their checks.
--! EndIncluded policies/webhooks.sql
--! Included policies/deliveries.sql
-- deliveries and their attempts: editors and owners see those of the workspace that they act in.
alter table app_public.deliveries enable row level security;
alter table app_public.delivery_attempts enable row level security;

drop policy if exists select_editor on app_public.deliveries;
create policy select_editor on app_public.deliveries for select using (workspace = app_hidden.current_workspace());
drop policy if exists select_editor on app_public.delivery_attempts;
create policy select_editor on app_public.delivery_attempts for select using (workspace = app_hidden.current_workspace());

grant select on app_public.deliveries, app_public.delivery_attempts to app_workspace;
-- no insert, update, delete for anybody: the trigger and the server's worker write.
--! EndIncluded policies/deliveries.sql
--! Included cron/purge_deliveries.sql
-- Every hour at :37: the delivery log is trimmed as the events are.
insert into app_private.upkeep_jobs (name, schedule, command)
values ('purge_deliveries', '37 * * * *', 'select app_private.purge_deliveries()')
on conflict (name) do update set schedule = excluded.schedule, command = excluded.command;
--! EndIncluded cron/purge_deliveries.sql

--! split: 60-saved-views.sql
-- Saved views: how a person wants to see a relation (columns, order, widths, formats, sort, filter).
-- And what the web app, or any client, does to rows by hand: edits compared with what one saw, inserts, deletes.

create table app_public.saved_views (
  id bigint generated always as identity primary key,
  workspace text not null default app_hidden.current_workspace() references app_public.workspaces (id) on delete cascade,
  account_id bigint not null default app_hidden.current_account_id() references app_public.accounts (id) on delete cascade,
  relation text not null check (length(relation) between 1 and 63),
  -- '' is the view without a name: what a person last arranged, kept by itself.
  name text not null default '' check (length(name) <= 100),
  shared boolean not null default false,
  is_default boolean not null default false,
  config jsonb not null default '{}' check (jsonb_typeof(config) = 'object' and octet_length(config::text) <= 65536),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace, account_id, relation, name),
  check (name <> '' or not shared)
);
create index saved_views_workspace_relation_idx on app_public.saved_views (workspace, relation);
create index saved_views_account_id_idx on app_public.saved_views (account_id);
create unique index saved_views_one_default_idx on app_public.saved_views (workspace, account_id, relation) where is_default;
comment on table app_public.saved_views is E'How a person wants to see a relation. You see your own and those that others of the workspace share.';
comment on column app_public.saved_views.relation is E'The name of the table, view or materialized view.';
comment on column app_public.saved_views.name is E'Empty: what the person last arranged without giving it a name.';
comment on column app_public.saved_views.shared is E'Others of the workspace see it too; only its owner changes it.';
comment on column app_public.saved_views.is_default is E'The owner''s first view of this relation.';
comment on column app_public.saved_views.config is E'{ cols: [{ name, title, w, hidden, pin, fmt: { kind, opt } }], sort, filter, density }';

--! Included policies/saved_views.sql
/*
 * Who may do what with app_public.saved_views: everybody of a workspace reads their own and the shared ones, and
 * changes their own, readers too: how one looks at rows is no change of them.
 */
alter table app_public.saved_views enable row level security;

drop policy if exists select_own_or_shared on app_public.saved_views;
create policy select_own_or_shared on app_public.saved_views for select
  using (workspace = (select app_hidden.current_workspace()) and (shared or account_id = (select app_hidden.current_account_id())));

drop policy if exists insert_own on app_public.saved_views;
create policy insert_own on app_public.saved_views for insert
  with check (workspace = (select app_hidden.current_workspace()) and account_id = (select app_hidden.current_account_id()));

drop policy if exists update_own on app_public.saved_views;
create policy update_own on app_public.saved_views for update
  using (workspace = (select app_hidden.current_workspace()) and account_id = (select app_hidden.current_account_id()))
  with check (workspace = (select app_hidden.current_workspace()) and account_id = (select app_hidden.current_account_id()));

drop policy if exists delete_own on app_public.saved_views;
create policy delete_own on app_public.saved_views for delete
  using (workspace = (select app_hidden.current_workspace()) and account_id = (select app_hidden.current_account_id()));

grant select, delete on app_public.saved_views to app_workspace, app_reader;
grant insert (relation, name, shared, is_default, config) on app_public.saved_views to app_workspace, app_reader;
grant update (relation, name, shared, is_default, config, updated_at) on app_public.saved_views to app_workspace, app_reader;
--! EndIncluded policies/saved_views.sql
--! Included functions/app_public/save_view.sql
/*
 * save_view: keeps how a person wants to see a relation; a view of the same name is replaced.
 *
 * Called by the web app (saveView), as the person. Writes app_public.saved_views through its policies.
 */
create or replace function app_public.save_view(
  relation text,
  name text default '',
  config jsonb default '{}',
  shared boolean default false,
  is_default boolean default false
) returns app_public.saved_views as $$
declare
  v_saved app_public.saved_views;
begin
  if app_hidden.current_account_id() is null then
    raise exception 'A view belongs to a person, and this token belongs to none' using errcode = 'TMPER', hint = 'Sign in, or use a token of your own.';
  end if;
  if save_view.is_default then
    update app_public.saved_views v set is_default = false
     where v.workspace = app_hidden.current_workspace() and v.account_id = app_hidden.current_account_id()
       and v.relation = save_view.relation and v.is_default and v.name <> save_view.name;
  end if;
  insert into app_public.saved_views as v (relation, name, config, shared, is_default)
  values (save_view.relation, save_view.name, save_view.config, save_view.shared, save_view.is_default)
  on conflict on constraint saved_views_workspace_account_id_relation_name_key do update
    set config = excluded.config, shared = excluded.shared, is_default = excluded.is_default, updated_at = now()
  returning v.* into v_saved;
  return v_saved;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

comment on function app_public.save_view(text, text, jsonb, boolean, boolean) is
  E'Keeps how you want to see a relation. A view of yours with the same name is replaced; the empty name is what you last arranged.';
revoke all on function app_public.save_view(text, text, jsonb, boolean, boolean) from public;
grant execute on function app_public.save_view(text, text, jsonb, boolean, boolean) to app_workspace, app_reader;
--! EndIncluded functions/app_public/save_view.sql
--! Included views/relations.sql
/*
 * app_public.relations: every table, view and materialized view of the caller's workspace, with its columns.
 *
 * Read by the web app (navigation, grids, completion) and by programs that want the catalog. A view over pg_catalog:
 * information_schema knows nothing of materialized views. Bookkeeping (names that begin with _) is left out, as is what
 * the caller may not read. Workspaces' roles may not read pg_catalog themselves (setup/80-harden.sql): the view does it as its
 * owner, and functions that read catalogs in their caller's name (obj_description) would fail in it.
 */
create or replace view app_public.relations as
select
  c.relname::text as name,
  case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'matview' else 'foreign' end as kind,
  (select d.description from pg_description d where d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0) as comment,
  greatest(c.reltuples, -1)::bigint as estimated_rows,
  -- Partitions are counted with their parent; a view has no bytes.
  case when c.relkind in ('r', 'm') then pg_total_relation_size(c.oid) end as size_bytes,
  has_table_privilege(c.oid, 'insert') and c.relkind in ('r', 'p') as can_insert,
  has_table_privilege(c.oid, 'update') and c.relkind in ('r', 'p') as can_update,
  has_table_privilege(c.oid, 'delete') and c.relkind in ('r', 'p') as can_delete,
  -- The primary key; of a materialized view its first plain unique index.
  (select array_agg(a.attname::text order by k.ord)
     from (select i.indkey
             from pg_index i
            where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null
              and (i.indisprimary or c.relkind = 'm')
            order by i.indisprimary desc, i.indexrelid
            limit 1) one
     cross join lateral unnest(one.indkey::int2[]) with ordinality k (attnum, ord)
     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum) as key,
  (select jsonb_agg(jsonb_build_object(
            'name', a.attname,
            'number', a.attnum,
            'type', format_type(a.atttypid, a.atttypmod),
            'base', case when t.typtype = 'd' then format_type(t.typbasetype, null) else format_type(a.atttypid, null) end,
            'category', t.typcategory,
            'nullable', not a.attnotnull,
            'default', a.atthasdef or a.attidentity <> '',
            'generated', a.attgenerated <> '' or a.attidentity = 'a',
            'comment', (select d.description from pg_description d where d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum),
            'values', case when t.typtype = 'e' then (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) end
          ) order by a.attnum)
     from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select jsonb_agg(jsonb_build_object(
            'relation', f.relname,
            'columns', (select jsonb_agg(a.attname order by k.ord) from unnest(o.conkey) with ordinality k (attnum, ord)
                          join pg_attribute a on a.attrelid = o.conrelid and a.attnum = k.attnum),
            'to', (select jsonb_agg(a.attname order by k.ord) from unnest(o.confkey) with ordinality k (attnum, ord)
                     join pg_attribute a on a.attrelid = o.confrelid and a.attnum = k.attnum)
          ) order by o.oid)
     from pg_constraint o join pg_class f on f.oid = o.confrelid
    where o.conrelid = c.oid and o.contype = 'f' and f.relnamespace = c.relnamespace) as links,
  (select array_agg(distinct f.relname::text order by f.relname::text)
     from pg_rewrite w
     join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
     join pg_class f on f.oid = d.refobjid
    where w.ev_class = c.oid and f.oid <> c.oid and f.relnamespace = c.relnamespace) as reads
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'ws_' || app_hidden.current_workspace()
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not c.relispartition
  and left(c.relname, 1) <> '_'
  and has_table_privilege(c.oid, 'select');

comment on view app_public.relations is E'The tables, views and materialized views of your workspace, with their columns, keys and links.';
comment on column app_public.relations.kind is E'table, view, matview or foreign.';
comment on column app_public.relations.estimated_rows is E'PostgreSQL''s own estimate; -1 while it has none.';
comment on column app_public.relations.key is E'The columns that tell rows apart; null when nothing does.';
comment on column app_public.relations.columns is E'[{ name, number, type, base, category, nullable, default, generated, comment, values }]';
comment on column app_public.relations.links is E'Foreign keys: [{ columns, relation, to }]';
comment on column app_public.relations.reads is E'The tables and views that a view reads itself; null for a table.';
grant select on app_public.relations to app_workspace, app_reader;
--! EndIncluded views/relations.sql
--! Included functions/app_hidden/editable_columns.sql
/*
 * editable_columns(relation): the columns of a table of the caller's workspace, with what dynamic SQL needs of them.
 *
 * Called by edit_cells, insert_rows and delete_rows. Definer, since workspaces' roles may not read pg_catalog; it tells of the
 * caller's workspace only, and TMNOF where there is no such table: what one may not read answers as what is not there.
 */
create or replace function app_hidden.editable_columns(relation text)
returns table (name text, type text, in_key boolean, compared_as text) as $$
declare
  v_oid oid;
  v_kind "char";
begin
  select c.oid, c.relkind into v_oid, v_kind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'ws_' || app_hidden.current_workspace() and c.relname = editable_columns.relation
     and left(c.relname, 1) <> '_' and has_table_privilege(app_hidden.acting_role()::name, c.oid, 'select');
  if v_oid is null then
    raise exception 'There is no table %', editable_columns.relation using errcode = 'TMNOF', hint = 'Check the name and the workspace.';
  end if;
  if v_kind not in ('r', 'p', 'f') then
    raise exception '% is a view: its rows are made of other tables'' rows', editable_columns.relation
      using errcode = 'TMARG', hint = 'Edit the rows of the table that it reads.';
  end if;
  return query
    select a.attname::text,
           format_type(a.atttypid, a.atttypmod),
           coalesce(a.attnum = any (i.indkey::int2[]), false),
           -- json, xml, points and the like have no equality: they are compared as jsonb or as text
           case when t.oid = 'json'::regtype then 'jsonb'
                when t.typtype in ('e', 'd', 'r', 'm') or t.typcategory in ('A', 'S')
                  or exists (select from pg_operator o where o.oprname = '=' and o.oprleft = t.oid and o.oprright = t.oid) then 'itself'
                else 'text' end
      from pg_attribute a
      join pg_type t on t.oid = a.atttypid
      left join pg_index i on i.indrelid = v_oid and i.indisprimary
     where a.attrelid = v_oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     order by a.attnum;
end;
$$ language plpgsql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.editable_columns(text) from public;
grant execute on function app_hidden.editable_columns(text) to app_workspace;
--! EndIncluded functions/app_hidden/editable_columns.sql
--! Included functions/app_public/edit_cells.sql
/*
 * edit_cells(relation, edits): changes cells, each only if it still holds what the person saw (compare-and-set).
 *
 * Called by the web app (editCells: typing, a pasted block, undo), as the person. One transaction; a cell that changed
 * meanwhile, a row that is gone and a value that PostgreSQL refuses are answered one by one and do not stop the others.
 * Two people in different columns of one row never meet: there is no row version on purpose.
 */
create or replace function app_public.edit_cells(relation text, edits jsonb) returns jsonb as $$
declare
  v_schema text := 'ws_' || app_hidden.current_workspace();
  v_types jsonb;
  v_compared jsonb;
  v_key text;
  v_edit jsonb;
  v_index int := -1;
  v_column text;
  v_current text;
  v_count bigint;
  v_applied int := 0;
  v_problems jsonb := '[]';
begin
  select jsonb_object_agg(c.name, c.type), jsonb_object_agg(c.name, c.compared_as),
         -- the key's values are read from the edit itself: ($1 ->> 'id')::bigint
         string_agg(format('%I = ($1 ->> %L)::%s', c.name, c.name, c.type), ' and ') filter (where c.in_key)
    into v_types, v_compared, v_key
    from app_hidden.editable_columns(edit_cells.relation) c;
  if v_key is null then
    raise exception '% has no primary key, so its rows cannot be told apart', edit_cells.relation
      using errcode = 'TMKEY', hint = 'Add one: alter table … add primary key (…).';
  end if;
  if jsonb_typeof(edit_cells.edits) is distinct from 'array' or jsonb_array_length(edit_cells.edits) > 5000 then
    raise exception 'edits is an array of at most 5,000 { key, column, old, new }' using errcode = 'TMARG';
  end if;

  for v_edit in select e from jsonb_array_elements(edit_cells.edits) e loop
    v_index := v_index + 1;
    v_column := v_edit ->> 'column';
    if not v_types ? coalesce(v_column, '') then
      raise exception '% has no column %', edit_cells.relation, coalesce(v_column, '(none given)') using errcode = 'TMNOF', hint = 'Check the name of the column.';
    end if;
    begin
      execute format(
        case v_compared ->> v_column
          when 'itself' then 'update %1$I.%2$I set %3$I = $2::%4$s where %5$s and %3$I is not distinct from $3::%4$s'
          when 'jsonb' then 'update %1$I.%2$I set %3$I = $2::%4$s where %5$s and %3$I::jsonb is not distinct from $3::jsonb'
          else 'update %1$I.%2$I set %3$I = $2::%4$s where %5$s and %3$I::text is not distinct from $3' end,
        v_schema, edit_cells.relation, v_column, v_types ->> v_column, v_key)
        using v_edit -> 'key', v_edit ->> 'new', v_edit ->> 'old';
      get diagnostics v_count = row_count;
      if v_count > 0 then
        v_applied := v_applied + 1;
        continue;
      end if;
      execute format('select %I::text from %I.%I where %s', v_column, v_schema, edit_cells.relation, v_key)
        into v_current using v_edit -> 'key';
      get diagnostics v_count = row_count;
      v_problems := v_problems || jsonb_build_object('index', v_index, 'kind', case when v_count = 0 then 'gone' else 'conflict' end, 'current', v_current);
    exception when data_exception or integrity_constraint_violation then
      v_problems := v_problems || jsonb_build_object('index', v_index, 'kind', 'refused', 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;
  return jsonb_build_object('applied', v_applied, 'problems', v_problems);
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

comment on function app_public.edit_cells(text, jsonb) is
  E'Changes cells of a table, each only if it still holds `old`. edits: [{ key: { column: value }, column, old, new }], values as text or null. Answers { applied, problems: [{ index, kind: conflict | gone | refused, current, code, message }] }.';
revoke all on function app_public.edit_cells(text, jsonb) from public;
grant execute on function app_public.edit_cells(text, jsonb) to app_workspace;
--! EndIncluded functions/app_public/edit_cells.sql
--! Included functions/app_public/insert_rows.sql
/*
 * insert_rows(relation, rows): adds rows; what a row leaves out gets the column's default.
 *
 * Called by the web app (insertRows: a new row, a pasted block, undo of a delete), as the person. All or nothing.
 */
create or replace function app_public.insert_rows(relation text, rows jsonb) returns jsonb as $$
declare
  v_schema text := 'ws_' || app_hidden.current_workspace();
  v_types jsonb;
  v_returning text;
  v_row jsonb;
  v_columns text;
  v_values text;
  v_key jsonb;
  v_keys jsonb := '[]';
begin
  select jsonb_object_agg(c.name, c.type),
         coalesce('jsonb_build_object(' || string_agg(format('%L, %I::text', c.name, c.name), ', ') filter (where c.in_key) || ')', 'null::jsonb')
    into v_types, v_returning
    from app_hidden.editable_columns(insert_rows.relation) c;
  if jsonb_typeof(insert_rows.rows) is distinct from 'array' or jsonb_array_length(insert_rows.rows) > 5000 then
    raise exception 'rows is an array of at most 5,000 objects' using errcode = 'TMARG';
  end if;

  for v_row in select r from jsonb_array_elements(insert_rows.rows) r loop
    select string_agg(format('%I', k), ', '), string_agg(format('($1 ->> %L)::%s', k, v_types ->> k), ', ')
      into v_columns, v_values
      from jsonb_object_keys(v_row) k
     where v_types ? k;
    execute format(
      case when v_columns is null then 'insert into %1$I.%2$I default values returning %5$s'
        else 'insert into %1$I.%2$I (%3$s) overriding system value values (%4$s) returning %5$s' end,
      v_schema, insert_rows.relation, v_columns, v_values, v_returning)
      into v_key using v_row;
    v_keys := v_keys || coalesce(v_key, 'null');
  end loop;
  return jsonb_build_object('inserted', jsonb_array_length(v_keys), 'keys', v_keys);
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

comment on function app_public.insert_rows(text, jsonb) is
  E'Adds rows to a table. rows: [{ column: value }], values as text or null; a column left out gets its default. Answers { inserted, keys }.';
revoke all on function app_public.insert_rows(text, jsonb) from public;
grant execute on function app_public.insert_rows(text, jsonb) to app_workspace;
--! EndIncluded functions/app_public/insert_rows.sql
--! Included functions/app_public/delete_rows.sql
/*
 * delete_rows(relation, keys): deletes rows by their keys and answers with what they were, so that it can be undone.
 *
 * Called by the web app (deleteRows), as the person. A row that is gone already is not an error. All or nothing.
 */
create or replace function app_public.delete_rows(relation text, keys jsonb) returns jsonb as $$
declare
  v_schema text := 'ws_' || app_hidden.current_workspace();
  v_key text;
  v_whole text;
  v_rows jsonb;
begin
  select string_agg(format('t.%I = (k.key ->> %L)::%s', c.name, c.name, c.type), ' and ') filter (where c.in_key),
         string_agg(format('%L, t.%I::text', c.name, c.name), ', ')
    into v_key, v_whole
    from app_hidden.editable_columns(delete_rows.relation) c;
  if v_key is null then
    raise exception '% has no primary key, so its rows cannot be told apart', delete_rows.relation
      using errcode = 'TMKEY', hint = 'Add one: alter table … add primary key (…).';
  end if;
  if jsonb_typeof(delete_rows.keys) is distinct from 'array' or jsonb_array_length(delete_rows.keys) > 5000 then
    raise exception 'keys is an array of at most 5,000 objects' using errcode = 'TMARG';
  end if;

  execute format(
    'with gone as (delete from %I.%I t using jsonb_array_elements($1) k (key) where %s returning jsonb_build_object(%s) as was) '
    'select coalesce(jsonb_agg(was), ''[]'') from gone',
    v_schema, delete_rows.relation, v_key, v_whole)
    into v_rows using delete_rows.keys;
  return jsonb_build_object('deleted', jsonb_array_length(v_rows), 'rows', v_rows);
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;

comment on function app_public.delete_rows(text, jsonb) is
  E'Deletes rows of a table by their keys: [{ column: value }]. Answers { deleted, rows }: what they were, as text, fit for insertRows.';
revoke all on function app_public.delete_rows(text, jsonb) from public;
grant execute on function app_public.delete_rows(text, jsonb) to app_workspace;
--! EndIncluded functions/app_public/delete_rows.sql
--! Included functions/app_hidden/readable_column.sql
/*
 * readable_column(relation, "column"): kind and size of a relation of the caller's workspace, type of one of its columns.
 *
 * Called by column_distribution. Definer, since workspaces' roles may not read pg_catalog; no row for what is not there or may
 * not be read.
 */
create or replace function app_hidden.readable_column(relation text, "column" text)
returns table (kind "char", estimated_rows real, category "char", type oid) as $$
  select c.relkind, c.reltuples, t.typcategory, t.oid
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
   where n.nspname = 'ws_' || app_hidden.current_workspace() and c.relname = readable_column.relation and left(c.relname, 1) <> '_'
     and a.attname = readable_column."column" and has_table_privilege(app_hidden.acting_role()::name, c.oid, 'select');
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_hidden.readable_column(text, text) from public;
grant execute on function app_hidden.readable_column(text, text) to app_workspace, app_reader;
--! EndIncluded functions/app_hidden/readable_column.sql
--! Included functions/app_public/column_distribution.sql
/*
 * column_distribution(relation, "column"): what values a column holds, for the small picture in its header menu.
 *
 * Called by the web app (columnDistribution), as the person. Reads at most about 100,000 rows: of a large table or
 * materialized view a sample of its pages, of a view the first ones. Writes nothing.
 */
create or replace function app_public.column_distribution(relation text, "column" text) returns jsonb as $$
declare
  v_schema text := 'ws_' || app_hidden.current_workspace();
  v_kind "char";
  v_estimate real;
  v_category "char";
  v_type oid;
  v_from text;
  v_number text;
  v_sampled boolean;
  v_facts jsonb;
  v_top jsonb;
  v_bins jsonb;
begin
  select c.kind, c.estimated_rows, c.category, c.type into v_kind, v_estimate, v_category, v_type
    from app_hidden.readable_column(column_distribution.relation, column_distribution."column") c;
  if v_type is null then
    raise exception 'There is no column % in %', column_distribution."column", column_distribution.relation using errcode = 'TMNOF', hint = 'Check the name.';
  end if;

  v_sampled := v_kind in ('r', 'm') and v_estimate > 100000;
  v_from := format('(select %I as v from %I.%I %s limit 100000) s', column_distribution."column", v_schema, column_distribution.relation,
    case when v_sampled then format('tablesample system (%s)', round((100.0 * 100000 / v_estimate)::numeric, 4)) else '' end);
  -- Dates are counted as seconds since 1970.
  v_number := case when v_category = 'N' then 'v::float8' when v_type in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) then 'extract(epoch from v)::float8' end;

  execute format('select jsonb_build_object(''rows'', count(*), ''nulls'', count(*) - count(v), ''distinct'', count(distinct v::text), ''min'', %s, ''max'', %s) from %s',
    coalesce('min(' || v_number || ')', 'null'), coalesce('max(' || v_number || ')', 'null'), v_from) into v_facts;
  execute format('select coalesce(jsonb_agg(jsonb_build_object(''value'', left(value, 200), ''count'', n) order by n desc, value), ''[]'')'
    ' from (select v::text as value, count(*) as n from %s where v is not null group by 1 order by 2 desc, 1 limit 8) t', v_from) into v_top;
  if v_number is not null and (v_facts ->> 'max')::float8 > (v_facts ->> 'min')::float8 and (v_facts ->> 'max') not in ('Infinity', 'NaN') then
    execute format('select jsonb_agg(coalesce(n, 0) order by bin) from generate_series(1, 20) bin left join'
      ' (select least(width_bucket(%s, $1, $2, 20), 20) as bin, count(*) as n from %s where v is not null group by 1) t using (bin)', v_number, v_from)
      into v_bins using (v_facts ->> 'min')::float8, (v_facts ->> 'max')::float8;
  end if;
  return v_facts || jsonb_build_object('sampled', v_sampled, 'top', v_top, 'bins', v_bins, 'dates', v_number like 'extract%');
end;
$$ language plpgsql stable set search_path to pg_catalog, pg_temp;

comment on function app_public.column_distribution(text, text) is
  E'What values a column holds: { rows, nulls, distinct, min, max, sampled, top: [{ value, count }], bins: 20 counts from min to max, dates }. Of large relations a sample.';
revoke all on function app_public.column_distribution(text, text) from public;
grant execute on function app_public.column_distribution(text, text) to app_workspace, app_reader;
--! EndIncluded functions/app_public/column_distribution.sql
--! Included functions/app_public/row_history.sql
/*
 * row_history(matview, key): what refreshes did to one row of a materialized view, newest first.
 *
 * Called by the web app's record page (rowHistory), as the person: the policies of the changes hold. Looks at the last 500
 * events of the view. Writes nothing.
 */
create or replace function app_public.row_history(matview text, key jsonb) returns setof app_public.matview_refresh_changes as $$
  select c.*
    from (select e.refresh_id
            from app_public.matview_refresh_events e
           where e.matview_name = row_history.matview and e.workspace = app_hidden.current_workspace()
           order by e.id desc
           limit 500) e
    join app_public.matview_refresh_changes c on c.refresh_id = e.refresh_id
   where c.key = row_history.key
   order by c.refresh_id desc, c.seq
   limit 100;
$$ language sql stable set search_path to pg_catalog, pg_temp;

comment on function app_public.row_history(text, jsonb) is E'What refreshes did to one row of a materialized view, newest first. key: { column: value } of its key.';
revoke all on function app_public.row_history(text, jsonb) from public;
grant execute on function app_public.row_history(text, jsonb) to app_workspace, app_reader;
--! EndIncluded functions/app_public/row_history.sql
