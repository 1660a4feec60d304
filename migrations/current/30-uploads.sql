-- Uploads: one row per file that came in, written while it comes (progress) and kept as its provenance.

create type app_public.upload_state as enum ('running', 'done', 'failed', 'cancelled');
comment on type app_public.upload_state is E'running: bytes are coming. done: committed. failed, cancelled: nothing of it is there.';

create table app_public.uploads (
  id bigint generated always as identity primary key,
  workspace text not null references app_public.workspaces (id) on delete cascade,
  account_id bigint,
  state app_public.upload_state not null default 'running',
  table_name text,
  file_name text,
  mode text not null,
  on_error text not null,
  -- of the file as it was sent, before decompression; total is null when the sender did not say
  bytes bigint not null default 0,
  bytes_total bigint,
  rows bigint not null default 0,
  rejected bigint not null default 0,
  repaired bigint not null default 0,
  sha256 text,
  -- an earlier upload of the same bytes into this workspace
  same_as bigint references app_public.uploads (id) on delete set null,
  dialect jsonb,
  columns jsonb,
  error_code text,
  error text,
  error_line bigint,
  error_column text,
  cancel_requested boolean not null default false,
  started_at timestamptz not null default now(),
  -- moves about twice a second while bytes come: what stands still is dead (app_private.fail_stale_uploads)
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  duration_ms int
);
create index uploads_workspace_id_idx on app_public.uploads (workspace, id desc);
create index uploads_workspace_sha256_idx on app_public.uploads (workspace, sha256) where state = 'done';
create index uploads_same_as_idx on app_public.uploads (same_as);
create index uploads_running_idx on app_public.uploads (updated_at) where state = 'running';

comment on table app_public.uploads is E'Every file that was sent to this workspace: its progress while it comes, afterwards where its rows come from.';
comment on column app_public.uploads.bytes is E'Bytes received so far, as they were sent (compressed, if they were).';
comment on column app_public.uploads.bytes_total is E'Bytes that the sender announced; null when it did not.';
comment on column app_public.uploads.rejected is E'Records that were not loaded; they lie in <table>_rejects.';
comment on column app_public.uploads.repaired is E'Records that were loaded after a repair (fields added or cut); listed in <table>_rejects as well.';
comment on column app_public.uploads.sha256 is E'SHA-256 of the file as it was sent.';
comment on column app_public.uploads.same_as is E'An earlier upload of the very same file, if there was one.';
comment on column app_public.uploads.dialect is E'How the file was read: delimiter, quote, escape, line end, encoding, header, lines skipped before it.';
comment on column app_public.uploads.columns is E'Names and types of the columns.';

--!include functions/app_hidden/finish_upload.sql
--!include functions/app_public/cancel_upload.sql
--!include functions/app_private/fail_stale_uploads.sql
--!include triggers/uploads.sql
--!include policies/uploads.sql
