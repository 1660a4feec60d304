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

--!include functions/app_private/make_secret.sql
--!include functions/app_private/hash_secret.sql
--!include functions/app_private/write_audit.sql
--!include functions/app_private/tg__audit.sql
--!include functions/app_private/find_session.sql
--!include functions/app_private/find_token.sql
--!include functions/app_private/count_attempt.sql
--!include functions/app_private/forget_attempts.sql
--!include functions/app_private/gone_access.sql
--!include functions/app_private/require_owner.sql
--!include functions/app_private/accept_invite.sql
--!include functions/app_private/drop_workspace.sql
--!include functions/app_private/allowed_builtins.sql
--!include functions/app_private/definition_faults.sql
--!include functions/app_private/check_definition.sql
--!include functions/app_public/rename_workspace.sql
--!include functions/app_public/set_workspace_limits.sql
--!include functions/app_public/archive_workspace.sql
--!include functions/app_public/create_api_token.sql
--!include functions/app_public/revoke_api_token.sql
--!include functions/app_public/invite_member.sql
--!include functions/app_public/revoke_invite.sql
--!include functions/app_public/accept_invite.sql
--!include functions/app_public/change_member_role.sql
--!include functions/app_public/remove_member.sql
--!include functions/app_public/leave_workspace.sql
--!include functions/app_public/hand_over_workspace.sql
--!include policies/accounts.sql
--!include policies/api_tokens.sql
--!include policies/invites.sql
--!include policies/audit_log.sql
--!include policies/direct.sql
--!include triggers/workspaces.sql
--!include triggers/members.sql
--!include triggers/audit.sql
--!include triggers/audit_log.sql
--!include triggers/access.sql
--!include cron/forget_attempts.sql
