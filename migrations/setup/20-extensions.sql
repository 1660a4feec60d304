/*
 * pg_cron, only where it can exist: preloaded, and in the one database that it works for. Elsewhere (tests, shadow,
 * managed servers without it) the server's ticker runs the same commands; app_private.scheduler_kind() tells.
 */
do $cron$
begin
  if current_setting('cron.database_name', true) is not distinct from current_database()::text
     and exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
  end if;
exception when insufficient_privilege or feature_not_supported or undefined_file or object_not_in_prerequisite_state then
  raise notice 'pg_cron is not enabled here (%): the server''s ticker will run the schedules', sqlerrm;
end
$cron$;
