/*
 * What the maker of roles does: a workspace's roles and schema, its limits, direct logins, dropping. Owned by app_roleadmin and
 * not by the migrations, so that nobody who can become app_owner can rewrite what runs with the right to make roles. Callable
 * by app_owner alone. Each takes the workspace's id, builds the names itself, and touches no table of ours: a trigger or
 * policy that app_owner put there would run with that right too.
 *
 * One at a time (lock_roles): two that change the same role or schema fail with "tuple concurrently updated" instead of waiting.
 */
do $group$
begin
  if not exists (select from pg_roles where rolname = 'app_direct') then
    create role app_direct;
  end if;
exception when duplicate_object or unique_violation then
  null;                                                  -- another database of this cluster is being set up
end
$group$;

-- The group of all direct logins (psql, Metabase, Grafana): may enter the database and read the platform's record of its
-- own workspace, no more. What it may do to the data is granted by the workspace itself.
alter role app_direct nologin;
do $connect$ begin execute format('grant connect on database %I to app_direct', current_database()); end $connect$;
grant usage on schema app_public, app_hidden to app_direct;

-- lock_roles: until the end of the transaction. Also taken around what a workspace grants (server/auth/provision.ts).
create or replace function app_private.lock_roles() returns void as $$
  select pg_advisory_xact_lock(7470);
$$ language sql volatile set search_path to pg_catalog, pg_temp;
revoke all on function app_private.lock_roles() from public;
grant execute on function app_private.lock_roles() to app_owner, app_roleadmin;

-- make_workspace_roles: both roles and the schema; what they may do comes from groups. Called by app_private.create_workspace.
create or replace function app_private.make_workspace_roles(id text, password text) returns void as $$
declare
  v_role text := 'ws_' || make_workspace_roles.id;
  v_reader text := 'ws_' || make_workspace_roles.id || '_reader';
  v_one text;
begin
  if coalesce(make_workspace_roles.id !~ '^[a-z][a-z0-9]{0,30}$', true) then raise exception 'bad workspace id' using errcode = 'TMNAM'; end if;
  perform app_private.lock_roles();
  if to_regnamespace(v_role) is not null then
    raise exception 'There is a workspace % already', make_workspace_roles.id using errcode = 'TMEXI';
  end if;
  foreach v_one in array array[v_role, v_reader] loop
    -- roles belong to the cluster: another database of it may have a workspace of this name
    if not exists (select from pg_roles r where r.rolname = v_one) then
      execute format('create role %I login inherit', v_one);
    end if;
    if make_workspace_roles.password is not null then
      execute format('alter role %I password %L', v_one, make_workspace_roles.password);
    end if;
    execute format('grant %I to app_authenticator', v_one);
  end loop;
  execute format('grant app_workspace to %I', v_role);
  execute format('grant app_reader to %I', v_reader);
  execute format('grant %I to app_scheduler, app_roleadmin', v_role);
  execute format('alter role %I connection limit 2', v_reader);
  set local citus.enable_schema_based_sharding to on;      -- an accepted placeholder on plain PostgreSQL
  execute format('create schema %I authorization %I', v_role, v_role);
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

-- apply_workspace_limits: in force from the next login on. temp_file_limit is the one that a role cannot lift by itself.
create or replace function app_private.apply_workspace_limits(id text, statement_timeout_ms int, connections int, temp_bytes bigint)
returns void as $$
declare
  v_role text := 'ws_' || apply_workspace_limits.id;
  v_one text;
begin
  if apply_workspace_limits.id !~ '^[a-z][a-z0-9]{0,30}$' then raise exception 'bad workspace id' using errcode = 'TMNAM'; end if;
  perform app_private.lock_roles();
  foreach v_one in array array[v_role, v_role || '_direct', v_role || '_direct_ro'] loop
    continue when not exists (select from pg_roles where rolname = v_one);
    execute format('alter role %I connection limit %s', v_one, connections);
    execute format('alter role %I set statement_timeout = %L', v_one, statement_timeout_ms || 'ms');
    execute format('alter role %I set lock_timeout = %L', v_one, '3s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', v_one, '30s');
    execute format('alter role %I set work_mem = %L', v_one, '16MB');
    execute format('alter role %I set max_parallel_workers_per_gather = 0', v_one);
    execute format('alter role %I set search_path = %I', v_one, v_role);
    begin
      execute format('alter role %I set temp_file_limit = %L', v_one, greatest(temp_bytes / 1024, 1024) || 'kB');
    exception when insufficient_privilege then
      null;                                              -- a server before 15, or one that does not let us: its own limit stays
    end;
  end loop;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

-- set_direct_login: a login of its own, never ws_<id>, whose password everybody who can send statements could change.
-- Takes a SCRAM verifier, so that the password is in no statement and no log.
create or replace function app_private.set_direct_login(id text, read_only boolean, verifier text) returns text as $$
declare
  v_role text := 'ws_' || set_direct_login.id || case when read_only then '_direct_ro' else '_direct' end;
begin
  if set_direct_login.id !~ '^[a-z][a-z0-9]{0,30}$' then raise exception 'bad workspace id' using errcode = 'TMNAM'; end if;
  if verifier !~ '^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' then
    raise exception 'not a SCRAM verifier' using errcode = 'TMARG';
  end if;
  perform app_private.lock_roles();
  if not exists (select from pg_roles where rolname = v_role) then
    execute format('create role %I', v_role);
  end if;
  execute format('alter role %I login inherit connection limit 4 password %L', v_role, verifier);
  execute format('grant app_direct to %I', v_role);
  return v_role;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

-- drop_direct_login: ends its connections first, or it would live on until they close.
create or replace function app_private.drop_direct_login(id text, read_only boolean) returns boolean as $$
declare
  v_role text := 'ws_' || drop_direct_login.id || case when read_only then '_direct_ro' else '_direct' end;
begin
  if drop_direct_login.id !~ '^[a-z][a-z0-9]{0,30}$' then return false; end if;
  perform app_private.lock_roles();
  if not exists (select from pg_roles where rolname = v_role) then return false; end if;
  execute format('alter role %I nologin', v_role);
  execute format('grant %I to app_roleadmin', v_role);
  perform pg_terminate_backend(pid) from pg_stat_activity where usename = v_role and datname = current_database();
  execute format('drop owned by %I cascade', v_role);
  execute format('drop role %I', v_role);
  return true;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

-- drop_workspace_roles: the second transaction of dropping a workspace: its schema with everything in it, its roles, its
-- connections. Called by app_private.finish_drop, which knows that the workspace is gone; repeating it does no harm.
create or replace function app_private.drop_workspace_roles(id text) returns void as $$
declare
  v_role text := 'ws_' || drop_workspace_roles.id;
  v_one text;
begin
  if drop_workspace_roles.id !~ '^[a-z][a-z0-9]{0,30}$' then raise exception 'bad workspace id' using errcode = 'TMNAM'; end if;
  perform app_private.lock_roles();
  perform app_private.drop_direct_login(drop_workspace_roles.id, true), app_private.drop_direct_login(drop_workspace_roles.id, false);
  foreach v_one in array array[v_role, v_role || '_reader'] loop
    continue when not exists (select from pg_roles where rolname = v_one);
    execute format('alter role %I nologin', v_one);
    execute format('grant %I to app_roleadmin', v_one);
    perform pg_terminate_backend(pid) from pg_stat_activity where usename = v_one and datname = current_database() and pid <> pg_backend_pid();
  end loop;
  execute format('drop schema if exists %I cascade', v_role);
  foreach v_one in array array[v_role || '_reader', v_role] loop
    continue when not exists (select from pg_roles where rolname = v_one);
    execute format('drop owned by %I cascade', v_one);
    begin
      execute format('drop role %I', v_one);
    exception when dependent_objects_still_exist then
      execute format('alter role %I login', v_one);      -- another database of this cluster has a workspace of this name
    end;
  end loop;
end;
$$ language plpgsql volatile strict security definer set search_path to pg_catalog, pg_temp;

do $own$
declare
  v_signature text;
begin
  foreach v_signature in array array[
    'app_private.make_workspace_roles(text, text)', 'app_private.apply_workspace_limits(text, int, int, bigint)', 'app_private.set_direct_login(text, boolean, text)',
    'app_private.drop_direct_login(text, boolean)', 'app_private.drop_workspace_roles(text)'] loop
    execute format('revoke all on function %s from public', v_signature);
    execute format('alter function %s owner to app_roleadmin', v_signature);
    execute format('grant execute on function %s to app_owner', v_signature);
  end loop;
end
$own$;
