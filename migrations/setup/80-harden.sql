-- The second wall behind the definition check: takes dangerous built-ins and everybody's metadata from PUBLIC, and gives
-- back to the product's own roles what they use. After it a workspace's role can neither call set_config, query_to_xml,
-- pg_sleep, advisory locks … nor read who and what else is in this database; information_schema still shows it its own.
--
-- Needs a superuser: where there is none a notice says so, nothing of it is done, and the server refuses SQL of people
-- (server/http/boot-check.ts). Per database (roles are the cluster's, grants on built-ins are the database's); idempotent; run at
-- every start, so that a new version of PostgreSQL is hardened the first time it is used. pg_dump carries it.
-- What it means for code that runs as a workspace (SET ROLE or login): no set_config (SET LOCAL does), no advisory locks,
-- no setval or currval, no catalogs. Such work belongs in a SECURITY DEFINER function.

do $$
declare
  c_ours constant text := 'app_owner, app_authenticator, app_scheduler, app_roleadmin';
  v record;
begin
  for v in
    select p.oid::regprocedure as signature,
           -- what the product's own roles call
           p.proname in ('set_config', 'pg_notify', 'setval', 'currval', 'lastval', 'txid_current', 'pg_current_xact_id',
             'pg_get_viewdef', 'pg_get_functiondef', 'pg_get_function_sqlbody', 'pg_get_ruledef', 'pg_get_triggerdef', 'pg_get_indexdef',
             'pg_get_partkeydef', 'pg_get_statisticsobjdef', 'pg_describe_object', 'pg_identify_object', 'pg_lock_status',
             'pg_show_all_settings', 'pg_stat_get_activity', 'pg_database_size', 'pg_terminate_backend', 'pg_cancel_backend', 'pg_sleep')
           or p.proname like 'pg\_advisory%' or p.proname like 'pg\_try\_advisory%' as ours
      from pg_proc p
     where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < 16384
       and (p.proname in (
              -- run SQL that comes as text, change settings, wake or hold up others
              'set_config', 'pg_notify', 'ts_stat', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'setval', 'currval', 'lastval',
              'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'table_to_xml', 'table_to_xmlschema',
              'table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xmlschema', 'schema_to_xml_and_xmlschema',
              'database_to_xml', 'database_to_xmlschema', 'database_to_xml_and_xmlschema', 'cursor_to_xml', 'cursor_to_xmlschema',
              'pg_export_snapshot', 'pg_terminate_backend', 'pg_cancel_backend', 'pg_logical_emit_message',
              'txid_current', 'pg_current_xact_id',
              -- tell what others have
              'pg_get_functiondef', 'pg_get_function_sqlbody', 'pg_get_viewdef', 'pg_get_ruledef', 'pg_get_triggerdef', 'pg_get_indexdef',
              'pg_get_partkeydef', 'pg_get_statisticsobjdef', 'pg_get_statisticsobjdef_columns', 'pg_get_statisticsobjdef_expressions',
              'pg_describe_object', 'pg_identify_object', 'pg_identify_object_as_address', 'pg_lock_status', 'pg_prepared_xact',
              'pg_show_all_settings', 'pg_stat_get_activity', 'pg_stat_get_backend_activity', 'pg_get_replication_slots',
              'pg_stat_get_wal_senders', 'pg_stat_get_subscription', 'pg_show_replication_origin_status', 'pg_database_size', 'pg_tablespace_size',
              'pg_ls_dir', 'pg_read_file', 'pg_read_binary_file', 'pg_stat_file')
            or p.proname = 'ts_rewrite' and p.pronargs = 2   -- the one that runs a query
            or p.proname like 'pg\_advisory%' or p.proname like 'pg\_try\_advisory%'
            or p.proname ~ '^(lo_|loread$|lowrite$)' or p.proname like 'binary\_upgrade%'
            or p.proname like 'pg\_logical\_slot%' or p.proname like 'pg\_create\_%slot' or p.proname like 'pg\_copy\_%slot'
            or p.proname like 'pg\_stat\_get\_backend%')
       and (has_function_privilege('public', p.oid, 'execute') or not has_function_privilege('app_owner', p.oid, 'execute'))
  loop
    execute format('revoke execute on function %s from public', v.signature);
    if v.ours then execute format('grant execute on function %s to %s', v.signature, c_ours); end if;
  end loop;

  -- Every catalog, not a list of them: the row type of another workspace's table is in pg_type, its name in pg_constraint …
  for v in
    select c.oid::regclass as name from pg_class c
     where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and has_table_privilege('public', c.oid, 'select')
  loop
    execute format('revoke select on %s from public', v.name);
    execute format('grant select on %s to %s', v.name, c_ours);
  end loop;
exception when insufficient_privilege then
  raise notice 'not hardened, which needs a superuser: the server refuses SQL of people';
end $$;

-- A workspace makes no functions: what generated triggers call belongs to the platform.
revoke all on language plpgsql, sql from public;
grant usage on language plpgsql, sql to app_owner, app_scheduler, app_roleadmin;

-- The operator's choice, off unless called: `select app_private.open_catalogs_to_direct_logins(true)` as the administrator.
-- psql's \d and Metabase's list of tables read pg_class and its like, which show the names (never the rows) of every workspace's
-- relations. On a server of one team that harms nobody; between strangers it does.
create or replace function app_private.open_catalogs_to_direct_logins(allowed boolean) returns void as $$
declare
  v_name regclass;
begin
  for v_name in select c.oid from pg_class c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
                   and has_table_privilege('app_owner', c.oid, 'select') loop
    if allowed then
      execute format('grant select on %s to app_direct', v_name);
    else
      execute format('revoke select on %s from app_direct', v_name);
    end if;
  end loop;
end;
$$ language plpgsql volatile set search_path to pg_catalog, pg_temp;
revoke all on function app_private.open_catalogs_to_direct_logins(boolean) from public;
