/**
 * The table of attacks: what people's SQL could try against a server without defences, and what becomes of it here.
 * attacks.test.ts sends every row through every door of doors.ts. A new attack is a row; a new door is an entry there.
 *
 * `alone`: what a login that may send any statement is told (a workspace's own, which only the server has, and the direct
 * login). 'harmless': it works there, and what it can do is said in SECURITY.md. Through every other door all are refused.
 */
export interface Attack {
  what: string
  sql: string
  alone: 'refused' | 'slow' | 'harmless'
}

/** Stand in for the neighbour's id, so that the same attack can be tried on a workspace that does not exist. */
export const NEIGHBOUR = 'NEIGHBOUR'

const rows = (alone: Attack['alone'], ...all: [string, string][]): Attack[] => all.map(([what, sql]) => ({ what, sql, alone }))

export const ATTACKS: Attack[] = [
  ...rows(
    'refused',
    // What belongs to others
    ['another workspace’s table', `select * from ws_${NEIGHBOUR}.plans`],
    ['another workspace’s table, by its row type', `select (null::ws_${NEIGHBOUR}.plans).*`],
    ['another workspace’s table, in a join', `select * from (values (1)) v (x) left join ws_${NEIGHBOUR}.plans p on true`],
    ['another workspace’s table, in a CTE', `with x as (select * from ws_${NEIGHBOUR}.plans) select count(*) from x`],
    ['sessions', 'select * from app_private.sessions'],
    ['password hashes', 'select password_hash from app_private.account_secrets'],
    ['secrets of tokens', 'select * from app_private.api_token_secrets'],
    ['the shadows of views', 'select * from app_shadow.mv_1'],
    ['roles with passwords', 'select rolname, rolpassword from pg_authid'],
    ['statistics with other people’s values', 'select * from pg_statistic'],
    ['jobs of pg_cron', 'select * from cron.job'],
    ['jobs of the worker', 'select * from graphile_worker.jobs'],
    // Files and programs
    ['a file', `select pg_read_file('/etc/passwd')`],
    ['a folder', `select pg_ls_dir('/')`],
    ['a file as large object', `select lo_import('/etc/passwd')`],
    ['a large object', `select lo_from_bytea(0, 'x')`],
    ['COPY from a program', `copy base from program 'id'`],
    ['COPY to a file', `copy base to '/tmp/tidemark-attack'`],
    // Becoming somebody else
    ['an extension', 'create extension dblink'],
    ['a schema', 'create schema mine'],
    ['a role', 'create role mine superuser'],
    ['SET ROLE', `set role ws_${NEIGHBOUR}`],
    ['SET ROLE to the platform', 'set role app_owner'],
    ['SET SESSION AUTHORIZATION', 'set session authorization postgres'],
    ['role by set_config', `select set_config('role', 'ws_${NEIGHBOUR}', true)`],
    ['a claim by set_config', `select set_config('app.member_role', 'owner', false)`],
    ['a timeout by set_config', `select set_config('statement_timeout', '0', false)`],
    ['security definer function of one’s own', 'create function f() returns int language sql security definer as $$ select 1 $$'],
    ['plpgsql', 'do $$ begin perform 1; end $$'],
    ['an event trigger', 'create event trigger t on ddl_command_end execute function app_private.tg__audit()'],
    // SQL in strings
    ['SQL by query_to_xml', `select query_to_xml('select * from app_private.sessions', true, true, '')`],
    ['SQL by ts_stat', `select * from ts_stat('select to_tsvector(email) from app_public.accounts')`],
    ['SQL by ts_rewrite', `select ts_rewrite('a'::tsquery, 'select t, s from base')`],
    ['a whole database by database_to_xml', `select database_to_xml(true, true, '')`],
    // Others at work
    ['what others run', 'select * from pg_stat_activity'],
    ['who is there', 'select rolname from pg_roles'],
    ['which databases there are', 'select datname from pg_database'],
    ['all tables', 'select relname from pg_class'],
    ['all views with their text', 'select * from pg_views'],
    ['all matviews with their text', 'select * from pg_matviews'],
    ['row types of all tables', 'select typname from pg_type'],
    ['all constraints', 'select conname from pg_constraint'],
    ['all statistics by table', 'select * from pg_stat_user_tables'],
    ['all settings', 'select * from pg_settings'],
    ['text of a view by number', 'select pg_get_viewdef(16450)'],
    ['ending others', 'select pg_terminate_backend(1)'],
    ['waking others', `select pg_notify('access_changed', '{}')`],
    ['a lock that holds up refreshes', 'select pg_advisory_lock(7466, 1)'],
    ['an exported snapshot', 'select pg_export_snapshot()'],
    ['the WAL', `select pg_logical_emit_message(true, 'x', 'y')`],
    ['functions of the platform', 'select app_private.make_secret()'],
    ['making a workspace', `select app_private.create_workspace('mine', 'Mine')`],
    ['dropping one', `select app_private.drop_workspace('${NEIGHBOUR}')`],
    ['definitions of others checked', `select app_private.definition_faults(1)`],
    ['a direct login for the neighbour', `select app_private.set_direct_login('${NEIGHBOUR}', true, 'x')`],
  ),
  ...rows(
    'slow',
    ['a cross join', 'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'],
    ['a trillion numbers', 'select count(*) from generate_series(1, 1000000000000)'],
    ['a recursion without end', 'with recursive r (n) as (select 1 union all select n + 1 from r) select count(*) from r'],
    ['a sort that fills the disk', 'select a from generate_series(1, 30000000) a order by md5(a::text)'],
    ['a regular expression that never ends', `select repeat('a', 5000) ~ '^(((a+)+)+)+b$', count(*) from generate_series(1, 100000000)`],
  ),
  // A login that may send statements can do these to itself: rules A, B and F of the design. No login of a person is ws_<id>.
  ...rows(
    'harmless',
    ['NOTIFY', `notify matview_refresh_channel, '1'`],
    ['LISTEN', 'listen matview_refresh_channel'],
    ['a claim by SET', `set app.member_role = 'owner'`],
    ['a number made a name', 'select 16450::regclass::text as name'],
  ),
]

/** More that only a definition can try: what follows, precedes or surrounds the one SELECT. All refused. */
export const DEFINITIONS: string[] = [
  'select 1 as a; drop table base',
  'select 1 as a; commit; drop table base',
  'select 1 as a) with no data; drop table base; select (1',
  'select 1 as a with data --',
  'select 1 as a /*',
  ') as x; select (',
  'select 1 as a into other',
  'insert into base values (1) returning *',
  'with gone as (delete from base returning *) select * from gone',
  'execute prepared',
  'explain analyze select 1 as a',
  'select $1 as a',
  'select * from base for update',
  'select * from base for share',
  'select * from base tablesample system (1)',
  `select current_setting('app.account_id') as a`,
  'select pg_sleep(1) is null as a',
  'select 1 as a from (values (1)) v, lateral (select pg_sleep(1)) s',
  'select 1 as a order by pg_backend_pid()',
  'select 1 as a limit pg_backend_pid()',
  'values (pg_backend_pid())',
  'select a from base group by a having pg_backend_pid() > 0',
  'select count(*) filter (where pg_backend_pid() > 0) from base',
  'select sum(1) over (partition by pg_backend_pid()) from base',
  'select case when pg_backend_pid() > 0 then 1 end as a',
  'select array[pg_backend_pid()] as a',
  'select (select pg_backend_pid()) as a',
  'select exists (select pg_backend_pid()) as a',
  `select has_table_privilege('base', 'select') as a`,
  `select nextval('base_a_seq')`,
  `select to_regclass('base')::text as a`,
  `select 'pg_class'::regclass::oid as a`,
  'select pg_typeof(1)::text as a',
  `select txid_current() as a`,
  'select version() as a',
  `select inet_server_addr() as a`,
  `select pg_relation_filepath('base') as a`,
  'select * from information_schema.tables',
  'select * from pg_catalog.pg_tables',
  'select * from pg_timezone_names',
  'select * from app_public.matviews',
  'select * from app_public.accounts',
  'select * from peeks', // a view that calls what a definition may not
  `select ${Array.from({ length: 1700 }, (_, i) => `${i} as c${i}`).join(', ')}`,
  'select 1 as a, 2 as a',
  `select ${'('.repeat(20_000)}1${')'.repeat(20_000)} as a`,
  `select 1 as a -- ${'x'.repeat(70_000)}`,
  'select 1 as a\0; drop table base',
  `select 1 as "a\u202eb"`,
  `select 1 as "a\nb"`,
  'select a from base where a = any (select relnamespace::int from pg_class)',
  'table pg_roles',
  '',
  ';',
  '-- nothing',
  '\ufeff',
  'drop table base',
  'select pg_catalog.set_config($$role$$, $$postgres$$, false)',
  "select \"set_config\"('a.b', 'c', true)",
  'select 1 operator(pg_catalog.+) pg_backend_pid() as a',
  'select cursor_to_xml(null, 1, true, true, null)',
  `select xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')::text ~ 'root' as a, pg_backend_pid()`,
]

/** What people do need: accepted, or the wall is in the wrong place. */
export const WELCOME: string[] = [
  'select * from base',
  'select * from base;',
  'table base',
  `values (1, 'a'), (2, 'b')`,
  'select * from plain', // a plain view, checked through
  'select * from stored', // another matview
  'select a, count(*), sum(b), avg(b)::numeric(10, 2) from base group by a having count(*) > 0 order by 2 desc limit 10',
  'with x as (select * from base) select x.a, y.b from x join base y using (a)',
  'select *, rank() over (partition by t order by b), lag(b) over w from base window w as (order by a)',
  'select now() as at, current_date as d, clock_timestamp() as c, random() as r, gen_random_uuid() as u',
  `select date_trunc('hour', at) as h, to_char(at, 'YYYY-MM') as m, at at time zone 'Europe/Berlin' as l, extract(dow from at) as w, age(at) from base`,
  `select * from base where at > now() - interval '1 day' and t ~* 'x|y' and a % 10 = extract(second from now())::int % 10`,
  `select jsonb_build_object('a', a, 'l', json_agg(t)) as j, to_jsonb(array_agg(b)) as k from base group by a`,
  `select x from base, jsonb_array_elements_text('["a"]'::jsonb) x, unnest(string_to_array(t, ',')) u, generate_series(at, at + '1 day', '1 hour') g`,
  `select a from base group by cube (a), grouping sets ((a), ())`,
  `select percentile_cont(0.5) within group (order by b) as median, string_agg(distinct t, ', ') as ts, mode() within group (order by a) from base`,
  `select to_tsvector('english', t) @@ to_tsquery('english', 'x') as hit, md5(t), encode(sha256(t::bytea), 'hex') as h, regexp_replace(t, 'a', 'b', 'g') as r from base`,
  `with recursive r (n) as (select 1 union all select n + 1 from r where n < 10) select n from r`,
  `select a as "Größe in m²", b as "select" from base -- a remark`,
  `select coalesce(t, '-') as t, nullif(a, 0) as n, greatest(a, 1) as g, case when a > 1 then 'x' else 'y' end as c, a::text || t as j from base union all select 'z', 1, 2, 'w', 'v'`,
  `select format('%s-%s', a, t) as f, concat_ws(' ', a, t) as c, left(t, 1) as l, width_bucket(b, 0, 10, 5) as w from base order by random()`,
  "select sum(b) over (order by at range between interval '1 hour' preceding and current row) as s from base",
]
