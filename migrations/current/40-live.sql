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
  keys jsonb
);
alter table app_private.live_changes enable row level security;
comment on table app_private.live_changes is E'Changes of our own tables while somebody watches them; those of a workspace lie in its _live_changes.';

--!include functions/app_hidden/dependents_of.sql
--!include functions/app_hidden/keep_definition.sql
--!include functions/app_private/live_key.sql
--!include functions/app_private/live_sources.sql
--!include functions/app_private/write_counters.sql
--!include functions/app_private/live_watched.sql
--!include functions/app_private/take_platform_changes.sql
--!include functions/app_private/attach_capture.sql
--!include functions/app_private/detach_capture.sql
--!include functions/app_private/tg__live_change.sql
--!include functions/app_private/watch_platform_tables.sql
--!include functions/app_private/tg_matview_refresh_events__live.sql
--!include functions/app_private/on_ddl.sql
--!include functions/app_private/on_ddl_drop.sql
--!include functions/app_private/schema_fingerprints.sql
--!include triggers/live.sql
