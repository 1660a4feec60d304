/*
 * The only doors to pg_cron, owned by the administrator because pg_cron lets nobody else schedule for another role.
 * Callable by app_owner alone: the trigger of schedules and the upkeep jobs. The command is always fixed text with a
 * number in it, never anybody's SQL. Bodies bind late: they compile where schema cron is absent.
 */
create or replace function app_private.cron_schedule(job text, schedule text, command text, username text) returns void as $$
begin
  perform app_private.cron_unschedule(job);
  perform cron.schedule_in_database(job, schedule, command, current_database()::text, username);
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

create or replace function app_private.cron_unschedule(job text) returns void as $$
begin
  -- by id: cron.unschedule(name) looks only among the jobs of the current user
  perform cron.unschedule(j.jobid) from cron.job j where j.jobname = job and j.database = current_database()::text;
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

-- pg_cron keeps the log of its runs for ever, and shows each role only its own.
create or replace function app_private.cron_purge() returns void as $$
begin
  delete from cron.job_run_details d
   where d.database = current_database()::text
     -- a run that could not log in has no time at all
     and (d.end_time < now() - interval '2 days' or d.end_time is null and d.runid < (select max(r.runid) - 10000 from cron.job_run_details r));
end;
$$ language plpgsql volatile security definer set search_path to pg_catalog, pg_temp;

-- Others' processes are hidden from app_owner; for /healthz this one may be seen.
create or replace function app_private.cron_is_running() returns boolean as $$
  select exists (select from pg_stat_activity where backend_type = 'pg_cron launcher');
$$ language sql stable security definer set search_path to pg_catalog, pg_temp;

-- pg_cron logs in like any client (cron.host), without a password: pg_hba.conf may refuse it, and it tells nobody but this table.
create or replace function app_private.cron_cannot_log_in() returns boolean as $$
begin
  return exists (
    select from (
      select distinct on (d.jobid) d.return_message
        from (select * from cron.job_run_details where database = current_database()::text order by runid desc limit 100) as d
       where d.status in ('failed', 'succeeded') order by d.jobid, d.runid desc) as last
     where last.return_message = 'connection failed');
exception when undefined_table or insufficient_privilege then
  return false;
end;
$$ language plpgsql stable security definer set search_path to pg_catalog, pg_temp;

revoke all on function app_private.cron_cannot_log_in() from public;
grant execute on function app_private.cron_cannot_log_in() to app_owner;
revoke all on function app_private.cron_is_running() from public;
grant execute on function app_private.cron_is_running() to app_owner;
revoke all on function app_private.cron_schedule(text, text, text, text) from public;
revoke all on function app_private.cron_unschedule(text) from public;
grant execute on function app_private.cron_schedule(text, text, text, text) to app_owner;
revoke all on function app_private.cron_purge() from public;
grant execute on function app_private.cron_unschedule(text) to app_owner;
grant execute on function app_private.cron_purge() to app_owner;

-- pg_cron stores where to connect per job: follow a cluster whose port or socket directory has changed.
do $follow$
begin
  if exists (select from pg_extension where extname = 'pg_cron') then
    update cron.job set nodename = current_setting('cron.host'), nodeport = current_setting('port')::int
     where database = current_database()::text and (nodename, nodeport) is distinct from (current_setting('cron.host'), current_setting('port')::int);
  end if;
exception when insufficient_privilege then
  raise notice 'the jobs of pg_cron may not be changed here';
end
$follow$;
