-- The security model, checked in the database as it is: each row is a broken rule; no rows: all hold.
--
-- Run in CI (test/security/lint.test.ts, which also plants every fault) and by every server at its start, as app_owner
-- (server/http/boot-check.ts). Ours are the schemas app_*; people's are ws_*.
with ours as (select oid, nspname from pg_namespace where nspname in ('app_public', 'app_hidden', 'app_private', 'app_shadow')),
people as (select oid, nspname from pg_namespace where nspname ~ '^ws_[a-z][a-z0-9]*$'),
logins as (select oid, rolname from pg_roles where rolname ~ '^ws_[a-z][a-z0-9]*(_reader|_direct|_direct_ro)?$')

select 'definer function without search_path' as finding, p.oid::regprocedure::text as object
  from pg_proc p join ours on ours.oid = p.pronamespace
 where p.prosecdef and not exists (select from unnest(coalesce(p.proconfig, '{}')) c where c like 'search\_path=%')
union all
select 'definer function with a search_path that others can write to', p.oid::regprocedure::text
  from pg_proc p join ours on ours.oid = p.pronamespace, unnest(coalesce(p.proconfig, '{}')) c
 where p.prosecdef and c like 'search\_path=%' and c ~ '(\$user|ws_|public)'
union all
select 'function that PUBLIC may call', p.oid::regprocedure::text
  from pg_proc p join ours on ours.oid = p.pronamespace
 where has_function_privilege('public', p.oid, 'execute')
union all
select 'table without row-level security', c.oid::regclass::text
  from pg_class c join ours on ours.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not c.relispartition and not c.relrowsecurity and ours.nspname in ('app_public', 'app_private')
union all
select 'private table that an API role may read', c.oid::regclass || ' by ' || r.rolname
  from pg_class c join ours on ours.oid = c.relnamespace
 cross join pg_roles r
 where ours.nspname in ('app_private', 'app_shadow') and c.relkind in ('r', 'p', 'v', 'm')
   and r.rolname in ('app_workspace', 'app_reader', 'app_anonymous', 'app_direct')
   and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')
union all
select 'API role may write a table of the platform as a whole', c.oid::regclass || ' by ' || r.rolname
  from pg_class c join ours on ours.oid = c.relnamespace cross join pg_roles r
 where ours.nspname = 'app_public' and c.relkind in ('r', 'p') and r.rolname in ('app_workspace', 'app_reader', 'app_anonymous', 'app_direct')
   and has_table_privilege(r.oid, c.oid, 'insert, update, truncate, trigger, references')
union all
select 'role of a workspace may do more than a workspace', r.rolname
  from pg_roles r join logins using (oid)
 where r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls or r.rolconnlimit < 0
union all
select 'role of a workspace is member of', m.roleid::regrole || ' <- ' || m.member::regrole
  from pg_auth_members m join logins l on l.oid = m.member
 where m.roleid::regrole::text <> case
   when l.rolname ~ '_reader$' then 'app_reader' when l.rolname ~ '_direct(_ro)?$' then 'app_direct' else 'app_workspace' end
union all
select 'role that may make roles can be reached by', m.member::regrole::text
  from pg_auth_members m
 where m.roleid = 'app_roleadmin'::regrole
   and not exists (select from pg_roles r where r.oid = m.member and r.rolsuper)
union all
select 'reader may write', c.oid::regclass || ' by ' || r.rolname
  from pg_class c join people on people.oid = c.relnamespace
  join pg_roles r on r.rolname in (people.nspname || '_reader', people.nspname || '_direct_ro')
 where c.relkind in ('r', 'p', 'v', 'm') and has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, trigger')
union all
select 'workspace may enter another', people.nspname || ' by ' || l.rolname
  from people join logins l on l.rolname !~ ('^' || people.nspname || '(_|$)')
 where has_schema_privilege(l.oid, people.oid, 'usage')
union all
select 'PUBLIC may enter a schema', nspname from pg_namespace
 where (oid in (select oid from ours) or oid in (select oid from people)) and has_schema_privilege('public', oid, 'usage')
union all
select 'relation not owned by its workspace', c.oid::regclass::text
  from pg_class c join people on people.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S') and pg_get_userbyid(c.relowner) <> people.nspname
   and not (c.relname = '_live_changes' and pg_get_userbyid(c.relowner) = 'app_scheduler')   -- the pump's, once somebody watches
union all
select 'function in a workspace', p.oid::regprocedure::text
  from pg_proc p join people on people.oid = p.pronamespace where pg_get_userbyid(p.proowner) = people.nspname
union all
select 'dangerous built-in that a workspace may call', p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = 'pg_catalog'::regnamespace
   and p.proname in ('set_config', 'pg_notify', 'query_to_xml', 'table_to_xml', 'database_to_xml', 'cursor_to_xml', 'pg_advisory_lock', 'pg_sleep',
     'lo_create', 'lo_from_bytea', 'lo_import', 'ts_stat', 'pg_read_file', 'pg_ls_dir', 'pg_terminate_backend', 'pg_get_viewdef', 'pg_stat_get_activity')
   and has_function_privilege('app_workspace', p.oid, 'execute')
union all
select 'catalog that PUBLIC may read', c.oid::regclass::text
  from pg_class c
 where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and has_table_privilege('public', c.oid, 'select')
union all
select 'language that a workspace may write functions in', lanname from pg_language
 where lanname <> 'c' and lanname <> 'internal' and has_language_privilege('app_workspace', oid, 'usage')
union all
select 'PUBLIC may create in schema', nspname from pg_namespace where has_schema_privilege('public', oid, 'create')
union all
select 'PUBLIC has a privilege on the database', datname from pg_database
 where datname = current_database() and (has_database_privilege('public', oid, 'connect') or has_database_privilege('public', oid, 'temp'))
union all
-- Citus: accepted silently by CREATE TABLE, unusable later
select 'foreign key crosses a workspace''s border', k.conrelid::regclass || ' -> ' || k.confrelid::regclass
  from pg_constraint k join pg_class a on a.oid = k.conrelid join pg_class b on b.oid = k.confrelid
 where k.contype = 'f' and a.relnamespace <> b.relnamespace
   and (a.relnamespace in (select oid from people) or b.relnamespace in (select oid from people))
union all
select 'partition or inheritance crosses a workspace''s border', a.oid::regclass || ' -> ' || b.oid::regclass
  from pg_inherits i join pg_class a on a.oid = i.inhrelid join pg_class b on b.oid = i.inhparent
 where a.relnamespace <> b.relnamespace and a.relkind in ('r', 'p')
   and (a.relnamespace in (select oid from people) or b.relnamespace in (select oid from people))
union all
select 'identity column in a workspace', a.attrelid::regclass || '.' || a.attname
  from pg_attribute a join pg_class c on c.oid = a.attrelid
 where a.attidentity <> '' and c.relnamespace in (select oid from people);
