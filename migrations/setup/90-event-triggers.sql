/*
 * Event triggers: DDL of whoever, also by psql, reaches the API within half a second, and a materialized view that goes
 * with its table leaves its event. Run by scripts/migrate.ts as the administrator after the migrations, at every start:
 * idempotent. Their functions are fixtures of app_private.
 *
 * Only a superuser can make event triggers. Where there is none (a managed server) a notice says so, and the server looks for
 * changes itself once a second (app_private.schema_fingerprints).
 */
do $triggers$
begin
  if to_regprocedure('app_private.on_ddl()') is not null then
    drop event trigger if exists tidemark_ddl;
    create event trigger tidemark_ddl on ddl_command_end
      when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW',
                   'CREATE VIEW', 'ALTER VIEW', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE INDEX', 'CREATE TYPE', 'ALTER TYPE',
                   'CREATE DOMAIN', 'ALTER DOMAIN', 'COMMENT', 'GRANT', 'REVOKE')
      execute function app_private.on_ddl();
    drop event trigger if exists tidemark_ddl_drop;
    create event trigger tidemark_ddl_drop on sql_drop execute function app_private.on_ddl_drop();
  end if;
  if to_regprocedure('app_private.on_matview_drop()') is not null then
    drop event trigger if exists tidemark_matview_drop;
    create event trigger tidemark_matview_drop on sql_drop execute function app_private.on_matview_drop();
  end if;
exception when insufficient_privilege then
  raise notice 'event triggers need a superuser: the server looks for DDL once a second instead';
end
$triggers$;
