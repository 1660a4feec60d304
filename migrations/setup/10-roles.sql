/*
 * The fixed roles, the schemas, and what PUBLIC loses. Run by scripts/migrate.ts as the administrator (a superuser, or
 * a role with CREATEROLE that owns the database) before the migrations, at every start: idempotent.
 *
 * Who may do what:
 *   app_owner          owns the app_* schemas; migrations, jobs, upkeep. Never serves a request.
 *   app_authenticator  the API's login. Can do nothing itself but become the role of the caller, per transaction.
 *   app_scheduler      inherits every workspace: the pump of changes logs in as it, and app_owner refreshes through it.
 *   app_roleadmin      makes and drops the roles of workspaces, inside the functions of 40-workspace-roles.sql; nobody can log
 *                      in as it or become it (on PostgreSQL 15 CREATEROLE is as good as superuser).
 *   app_workspace      group of all ws_<id>          (grants to "every editor")
 *   app_reader         group of all ws_<id>_reader   (grants to "every reader")
 *   app_anonymous      nobody is signed in: may do nothing that is not granted to it by name.
 */
do $roles$
declare
  v_role text;
begin
  foreach v_role in array array['app_owner', 'app_authenticator', 'app_scheduler', 'app_roleadmin', 'app_workspace', 'app_reader', 'app_anonymous'] loop
    if not exists (select from pg_roles where rolname = v_role) then
      begin
        execute format('create role %I', v_role);
      exception when duplicate_object or unique_violation then
        null;                                      -- another database of this cluster was being set up at this moment
      end;
    end if;
  end loop;
end
$roles$;

alter role app_owner login inherit;
alter role app_authenticator login noinherit;
alter role app_scheduler login inherit;
alter role app_roleadmin nologin inherit createrole;
alter role app_workspace nologin;
alter role app_reader nologin;
alter role app_anonymous nologin;
alter role app_authenticator connection limit 200;

-- Who is no superuser must be a member of the roles that own what it makes.
do $admin$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant app_owner, app_roleadmin to %I', current_user);
  end if;
end
$admin$;

grant app_scheduler to app_owner;
grant app_anonymous to app_authenticator;
-- from 16 on who makes a role's member must hold that role with the admin option
grant app_workspace, app_reader to app_roleadmin with admin option;

-- Where the administrator may not grant these (a managed server), the settings of pg_cron stay hidden and the server's
-- ticker runs the schedules; temp_file_limit then stays the server's.
do $powers$
begin
  execute 'grant pg_read_all_settings to app_owner';
  if current_setting('server_version_num')::int >= 150000 then
    execute 'grant set on parameter temp_file_limit to app_roleadmin';
  end if;
exception when insufficient_privilege then
  raise notice 'app_owner may not read all settings here: schedules are run by the server itself';
end
$powers$;

do $database$
declare
  v_database text := current_database();
begin
  execute format('revoke all on database %I from public', v_database);
  execute format('grant connect on database %I to app_owner, app_authenticator, app_scheduler, app_workspace, app_reader', v_database);
  execute format('grant create, temporary on database %I to app_owner', v_database);
  execute format('grant temporary on database %I to app_workspace', v_database);   -- REFRESH CONCURRENTLY needs it
  execute format('grant connect, create on database %I to app_roleadmin', v_database);
end
$database$;

revoke all on schema public from public;
grant all on schema public to app_owner;

create schema if not exists app_public authorization app_owner;
create schema if not exists app_hidden authorization app_owner;
create schema if not exists app_private authorization app_owner;
create schema if not exists app_shadow authorization app_owner;
grant usage on schema app_public, app_hidden to app_workspace, app_reader, app_anonymous, app_authenticator, app_scheduler;
-- The commands of schedules and the definition check lie here; each function is granted by name.
grant usage on schema app_private to app_workspace, app_authenticator, app_scheduler;
grant usage, create on schema app_private to app_roleadmin;

alter default privileges revoke execute on functions from public;
alter default privileges for role app_owner revoke execute on functions from public;
alter default privileges for role app_roleadmin revoke execute on functions from public;
